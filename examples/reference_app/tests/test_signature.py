"""Which webhooks are fal.ai's."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app import signature
from app.signature import HEADERS, KeySet, KeysUnavailable, Refused

BODY = b'{"request_id": "r-1", "status": "OK"}'
NOW = 1_700_000_000


def jwk(key: Ed25519PrivateKey, *, padded: bool = False) -> dict[str, Any]:
    x = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x if padded else x.rstrip("=")}


class Published:
    """A JWKS that counts how often it is fetched."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys: list[Any] = list(keys)
        self.fetched = 0
        self.down = False

    async def __call__(self) -> dict[str, Any]:
        self.fetched += 1
        if self.down:
            raise TimeoutError
        return {"keys": self.keys}


KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()


def signed(body: bytes = BODY, key: Ed25519PrivateKey = KEY, at: int = NOW) -> dict[str, str]:
    values = ["r-1", "user-1", str(at)]
    message = "\n".join([*values, hashlib.sha256(body).hexdigest()])
    return dict(zip(HEADERS, [*values, key.sign(message.encode()).hex()], strict=True))


def changed(**values: str) -> dict[str, str]:
    return signed() | {f"X-Fal-Webhook-{name.replace('_', '-')}": value for name, value in values.items()}


@pytest.mark.parametrize(
    "headers", [signed(), signed(at=NOW - 300), signed(at=NOW + 300)], ids=["now", "-300", "+300"]
)
@pytest.mark.parametrize(
    "keys",
    [
        [jwk(KEY)],
        [jwk(KEY, padded=True)],
        [jwk(OTHER), jwk(KEY)],
        [{"kty": "RSA", "n": "x"}, {"x": "not base64!"}, "nonsense", jwk(KEY)],
    ],
    ids=["plain", "padded", "second", "among-others"],
)
async def test_accepts(headers: dict[str, str], keys: list[Any]) -> None:
    await signature.verify(headers, BODY, KeySet(Published(*keys)), NOW)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        *(({k: v for k, v in signed().items() if k != name}, f"missing header {name}") for name in HEADERS),
        (changed(Signature=""), "missing header"),
        (changed(Request_Id="r-2"), "matches no published key"),
        (changed(User_Id="user-2"), "matches no published key"),
        (changed(Timestamp=str(NOW + 1)), "matches no published key"),
        (signed(body=BODY + b" "), "matches no published key"),
        (signed(key=OTHER), "matches no published key"),
        (changed(Signature="00" * 64), "matches no published key"),
        (changed(Signature="00"), "matches no published key"),
        (changed(Signature="xyz"), "not hexadecimal"),
        (signed(at=NOW - 301), "more than 300 s off"),
        (signed(at=NOW + 301), "more than 300 s off"),
        (changed(Timestamp="yesterday"), "not a number"),
        (changed(Timestamp="-1"), "not a number"),
        (changed(Timestamp="٣"), "not a number"),
    ],
)
async def test_refuses(headers: dict[str, str], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        await signature.verify(headers, BODY, KeySet(Published(jwk(KEY))), NOW)


async def test_keys_are_fetched_once() -> None:
    published = Published(jwk(KEY))
    keys = KeySet(published)
    for _ in range(5):
        await signature.verify(signed(), BODY, keys, NOW)
    assert published.fetched == 1


async def test_a_new_key_is_found() -> None:
    published = Published(jwk(OTHER))
    keys = KeySet(published, pause=0)
    await keys.get()
    published.keys = [jwk(KEY)]
    await signature.verify(signed(), BODY, keys, NOW)
    assert published.fetched == 2


async def test_forged_requests_dont_cause_fetches() -> None:
    published = Published(jwk(KEY))
    keys = KeySet(published, pause=60)
    for _ in range(20):
        with pytest.raises(Refused):
            await signature.verify(signed(key=OTHER), BODY, keys, NOW)
    assert published.fetched == 1


async def test_without_keys_nothing_is_decided() -> None:
    published = Published(jwk(KEY))
    published.down = True
    keys = KeySet(published, pause=0)
    with pytest.raises(KeysUnavailable):
        await signature.verify(signed(), BODY, keys, NOW)
    published.down = False
    await signature.verify(signed(), BODY, keys, NOW)


@pytest.mark.parametrize(("age", "usable"), [(11 * 3600, True), (23 * 3600, True), (25 * 3600, False)])
async def test_keys_age(monkeypatch: pytest.MonkeyPatch, age: float, usable: bool) -> None:
    published = Published(jwk(KEY))
    keys = KeySet(published)
    await keys.get()
    published.down = True
    clock: Callable[[], float] = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: clock() + age)
    if usable:
        assert await keys.get()
    else:
        with pytest.raises(KeysUnavailable):
            await keys.get()
