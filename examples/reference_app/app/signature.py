"""fal.ai's webhook signature: Ed25519 over ``request id, user id, timestamp, sha256 of the raw body``,
checked against the keys that fal.ai publishes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import aiohttp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

log = logging.getLogger(__name__)

HEADERS: Final = tuple(f"X-Fal-Webhook-{n}" for n in ("Request-Id", "User-Id", "Timestamp", "Signature"))
TOLERANCE: Final = 300  # seconds, either way
MAX_AGE: Final = 24 * 3600.0
REFRESH_AGE: Final = MAX_AGE / 2  # from here on keys are fetched anew; the old ones do if that fails
REFETCH_PAUSE: Final = 5.0

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]


class Refused(Exception):
    """The request isn't fal.ai's, or not of now; the text says why."""


class KeysUnavailable(Exception):
    """Nothing can be verified, because there are no keys to verify with."""


def parse_keys(jwks: Mapping[str, Any]) -> list[Ed25519PublicKey]:
    """The Ed25519 keys of a JWKS; other and malformed ones are left out."""
    keys = []
    for jwk in jwks.get("keys") or ():
        x = jwk.get("x") if isinstance(jwk, Mapping) else None
        if not isinstance(x, str):
            continue
        try:
            raw = base64.urlsafe_b64decode(x.rstrip("=") + "=" * (-len(x.rstrip("=")) % 4))
            keys.append(Ed25519PublicKey.from_public_bytes(raw))
        except (binascii.Error, ValueError):
            log.warning("a key of the JWKS is no Ed25519 key", extra={"kid": jwk.get("kid")})
    return keys


class KeySet:
    """The published keys, fetched when needed and kept for a day at most.

    A signature that no key matches may be made with a new key, so the keys are fetched once more; forged
    requests can't make that happen more often than every few seconds.
    """

    def __init__(self, fetch: Fetch, *, pause: float = REFETCH_PAUSE) -> None:
        self._fetch = fetch
        self._pause = pause
        self._keys: Sequence[Ed25519PublicKey] = ()
        self._fetched_at = float("-inf")
        self._not_before = float("-inf")
        self._lock = asyncio.Lock()

    def _age(self) -> float:
        return time.monotonic() - self._fetched_at

    async def _refresh(self, older_than: float) -> bool:
        """Fetch unless someone else has just done so; true if there are keys that the caller hasn't seen."""
        before = self._fetched_at
        async with self._lock:
            if self._fetched_at > before:
                return True
            if self._age() < older_than or time.monotonic() < self._not_before:
                return False
            try:
                keys = parse_keys(await self._fetch())
                if not keys:
                    raise ValueError("no Ed25519 key in it")
            except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError) as error:
                log.warning("the JWKS can't be fetched: %s: %s", type(error).__name__, error)
                self._not_before = time.monotonic() + min(self._pause, 1.0)
                return False
            self._keys, self._fetched_at = keys, time.monotonic()
            self._not_before = self._fetched_at + self._pause
            return True

    async def get(self) -> Sequence[Ed25519PublicKey]:
        """Keys that are at most a day old.

        Raises:
            KeysUnavailable: there are none.
        """
        if self._age() > REFRESH_AGE:
            await self._refresh(REFRESH_AGE)
        if self._age() > MAX_AGE:
            raise KeysUnavailable("the keys to verify signatures with can't be fetched")
        return self._keys

    async def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether one of the keys made the signature."""
        if _made_by(await self.get(), signature, message):
            return True
        return await self._refresh(0) and _made_by(self._keys, signature, message)


def _made_by(keys: Sequence[Ed25519PublicKey], signature: bytes, message: bytes) -> bool:
    for key in keys:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            continue
        return True
    return False


async def verify(headers: Mapping[str, str], body: bytes, keys: KeySet, now: float | None = None) -> None:
    """Check a request's headers against its raw body.

    Args:
        headers: looked up by names as fal.ai writes them, so the mapping must ignore case.
        now: epoch seconds.

    Raises:
        Refused: a header is missing or malformed, the time is too far off, or no key made the signature.
        KeysUnavailable: it can't be decided now.
    """
    for name in HEADERS:
        if not headers.get(name):
            raise Refused(f"missing header {name}")
    request_id, user_id, timestamp, signature = (headers[name] for name in HEADERS)
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Refused(f"{HEADERS[2]} is not a number of seconds")
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE:
        raise Refused(f"{HEADERS[2]} is more than {TOLERANCE} s off")
    try:
        raw = bytes.fromhex(signature)
    except ValueError:
        raise Refused(f"{HEADERS[3]} is not hexadecimal") from None
    message = "\n".join((request_id, user_id, timestamp, hashlib.sha256(body).hexdigest()))
    if not await keys.verify(raw, message.encode()):
        raise Refused("the signature matches no published key")


def fetcher(session: aiohttp.ClientSession, url: str) -> Fetch:
    """Fetch the JWKS over HTTP within 3 s."""

    async def fetch() -> Mapping[str, Any]:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=3)) as response:
            response.raise_for_status()
            body = await response.json(content_type=None)
        if not isinstance(body, Mapping):
            raise ValueError("not a JWKS")
        return body

    return fetch
