"""fal.ai's signatures as a verifier checks them, and how a delivery fares."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Standin = Any
TOLERANCE_S = 300


class Receiver:
    """A webhook that keeps what it gets."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.received.append((dict(request.headers), await request.read()))
        if self.status == 0:
            await asyncio.sleep(30)
        return web.json_response({"accepted": True}, status=self.status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    target = Receiver()
    app = web.Application()
    app.router.add_post("/api/v1/avatar/status_update", target.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    target.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/avatar/status_update"
    yield target
    await runner.cleanup()


def is_good(keys: list[dict[str, str]], headers: dict[str, str], body: bytes) -> bool:
    """The verification that fal.ai's documentation prescribes."""
    names = ["Request-Id", "User-Id", "Timestamp", "Signature"]
    if any(f"X-Fal-Webhook-{name}" not in headers for name in names):
        return False
    request_id, user_id, timestamp, signature = (headers[f"X-Fal-Webhook-{name}"] for name in names)
    if abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    message = "\n".join([request_id, user_id, timestamp, hashlib.sha256(body).hexdigest()]).encode()
    for key in keys:
        raw = base64.urlsafe_b64decode(key["x"].rstrip("=") + "=" * (-len(key["x"].rstrip("=")) % 4))
        try:
            Ed25519PublicKey.from_public_bytes(raw).verify(bytes.fromhex(signature), message)
        except InvalidSignature:
            continue
        return True
    return False


@pytest.mark.parametrize(
    ("wanted", "good"),
    [
        ({}, True),
        ({"age_s": 250}, True),
        ({"age_s": 400}, False),
        ({"age_s": -400}, False),
        ({"sign": False}, False),
        ({"sign": "wrong"}, False),
    ],
)
async def test_signature(standin: Standin, receiver: Receiver, wanted: dict[str, Any], good: bool) -> None:
    keys = (await standin.control("GET", "/.well-known/jwks.json"))["keys"]
    assert all((key["kty"], key["crv"]) == ("OKP", "Ed25519") for key in keys)
    answer = await standin.control(
        "POST", "/control/fal/deliver", url=receiver.url, payload={"chat_id": 7}, **wanted
    )
    ((headers, body),) = receiver.received
    assert is_good(keys, headers, body) is good
    assert answer["status_code"] == 200
    assert json.loads(answer["body"]) == {"accepted": True}
    assert answer["elapsed_s"] > 0
    message = json.loads(body)
    assert message == {
        "request_id": answer["request_id"],
        "gateway_request_id": answer["request_id"],
        "status": "OK",
        "payload": {"chat_id": 7},
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"status": "ERROR"}, {"status": "ERROR", "error": "Invalid status code: 422", "payload": {}}),
        (
            {"payload": None},
            {"status": "OK", "payload": None, "payload_error": "Response payload is not JSON serializable"},
        ),
        ({"body": {"any": "thing"}}, {"any": "thing"}),
        ({"body": '{"as": "is"}'}, {"as": "is"}),
    ],
)
async def test_bodies(
    standin: Standin, receiver: Receiver, wanted: dict[str, Any], expected: dict[str, Any]
) -> None:
    request = {"url": receiver.url, "request_id": "the-same"} | wanted
    for _ in range(2):
        answer = await standin.control("POST", "/control/fal/deliver", **request)
        assert answer["request_id"] == "the-same"
    bodies = [json.loads(body) for _, body in receiver.received]
    assert len(bodies) == 2
    assert expected.items() <= bodies[0].items()
    assert all(headers["X-Fal-Webhook-Request-Id"] == "the-same" for headers, _ in receiver.received)


async def test_refused_unreachable_and_slow(standin: Standin, receiver: Receiver) -> None:
    receiver.status = 401
    answer = await standin.control("POST", "/control/fal/deliver", url=receiver.url)
    assert answer["status_code"] == 401
    receiver.status = 0
    answer = await standin.control("POST", "/control/fal/deliver", url=receiver.url, timeout_s=0.2)
    assert answer["status_code"] is None
    assert answer["error"]
    answer = await standin.control("POST", "/control/fal/deliver", url="http://127.0.0.1:1/")
    assert answer["status_code"] is None
    assert "127.0.0.1" in answer["error"]


async def test_signed_for_others_to_send(standin: Standin) -> None:
    keys = (await standin.control("GET", "/.well-known/jwks.json"))["keys"]
    signed = await standin.control("POST", "/control/fal/sign", payload={"chat_id": 7}, request_id="r1")
    assert signed["request_id"] == "r1"
    assert is_good(keys, signed["headers"], signed["body"].encode())


async def test_many_signed_at_once(standin: Standin) -> None:
    keys = (await standin.control("GET", "/.well-known/jwks.json"))["keys"]
    wanted = [{"request_id": f"r{number}", "payload": {"chat_id": number}} for number in range(3)]
    signed = (await standin.control("POST", "/control/fal/sign", deliveries=wanted))["deliveries"]
    assert [one["request_id"] for one in signed] == ["r0", "r1", "r2"]
    assert [json.loads(one["body"])["payload"] for one in signed] == [{"chat_id": n} for n in range(3)]
    assert all(is_good(keys, one["headers"], one["body"].encode()) for one in signed)
