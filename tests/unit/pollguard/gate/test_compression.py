"""Response bodies that arrive compressed."""

from __future__ import annotations

import gzip
import zlib

import pytest
from pollguard.gate import compression
from pollguard.gate.compression import decompress

TEXT = b'{"ok":true}' * 100


def raw_deflate(body: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(body) + deflater.flush()


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (TEXT, "", TEXT),
        (TEXT, "identity", TEXT),
        (gzip.compress(TEXT), "gzip", TEXT),
        (gzip.compress(TEXT), "X-GZIP", TEXT),
        (gzip.compress(TEXT) + gzip.compress(b"more"), "gzip", TEXT + b"more"),
        (zlib.compress(TEXT), "deflate", TEXT),
        (raw_deflate(TEXT), "deflate", TEXT),
        (gzip.compress(zlib.compress(TEXT)), "deflate, gzip", TEXT),
        # No body comes of HEAD, and of some errors.
        (b"", "gzip", b""),
    ],
)
def test_bodies(body: bytes, encoding: str, expected: bytes) -> None:
    assert decompress(body, encoding) == expected


@pytest.mark.parametrize(
    ("body", "encoding", "error"),
    [
        (b"x", "br", "Content-Encoding br isn't supported"),
        (b"\xff" * 9, "gzip", "its compressed body is broken"),
        (gzip.compress(b"x"), "zstd, gzip", "Content-Encoding zstd isn't supported"),
        (b"\x1f\x8bnot really", "gzip", "its compressed body is broken"),
        (gzip.compress(TEXT)[:-12], "gzip", "its compressed body is cut short"),
        (b"", "br", None),
    ],
)
def test_broken_bodies(body: bytes, encoding: str, error: str | None) -> None:
    if error is None:
        assert decompress(body, encoding) == b""
        return
    with pytest.raises(ValueError, match=error):
        decompress(body, encoding)


def test_a_body_that_grows_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_LARGEST", 1000)
    assert decompress(gzip.compress(b"x" * 1000), "gzip") == b"x" * 1000
    with pytest.raises(ValueError, match="its body is too large"):
        decompress(gzip.compress(b"x" * 1001), "gzip")
