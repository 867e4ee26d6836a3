"""Response bodies that arrive compressed. Pure."""

from __future__ import annotations

import zlib

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_RAW = -zlib.MAX_WBITS
_LARGEST = 64 * 1024 * 1024


def decompress(body: bytes, encoding: str) -> bytes:
    """Return a body without its `Content-Encoding`; raises ValueError if that can't be undone."""
    for name in reversed(encoding.lower().replace(" ", "").split(",")):
        if name in ("", "identity") or not body:
            continue
        if name not in ("gzip", "x-gzip", "deflate"):
            raise ValueError(f"Content-Encoding {name[:20]} isn't supported")
        try:
            body = _inflate(body, _GZIP_OR_ZLIB)
        except zlib.error:
            # Some servers send deflate without the header of zlib.
            body = _raw(body)
    return body


def _raw(body: bytes) -> bytes:
    try:
        return _inflate(body, _RAW)
    except zlib.error:
        raise ValueError("its compressed body is broken") from None


def _inflate(body: bytes, bits: int) -> bytes:
    found = b""
    while body:
        inflater = zlib.decompressobj(bits)
        found += inflater.decompress(body, _LARGEST + 1 - len(found))
        if len(found) > _LARGEST:
            raise ValueError("its body is too large")
        if not inflater.eof:
            raise ValueError("its compressed body is cut short")
        # A gzip file may have several members.
        body = inflater.unused_data if bits != _RAW else b""
    return found
