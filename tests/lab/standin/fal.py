"""fal.ai's side of its webhooks: a key set, signed deliveries.

The signature covers request id, user id, timestamp and the body's SHA-256, one a line, by Ed25519
(docs.fal.ai, "Webhooks").
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

USER_ID = "user_standin"
# fal.ai waits this long for its first attempt.
ATTEMPT_S = 15.0
MAX_BODY_SHOWN = 10_000


def _jwk(key: Ed25519PrivateKey, kid: str, *, padded: bool) -> dict[str, str]:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).decode()
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": kid,
        "x": x if padded else x.rstrip("="),
    }


class Fal:
    """Keys made at start, and deliveries signed with them."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._stranger = Ed25519PrivateKey.generate()
        self._retired = Ed25519PrivateKey.generate()

    def jwks(self) -> dict[str, Any]:
        """The key set: a retired key first, whose `x` is padded, so that verifiers must try them all."""
        return {
            "keys": [
                _jwk(self._retired, "standin-retired", padded=True),
                _jwk(self._key, "standin", padded=False),
            ]
        }

    def body(self, wanted: dict[str, Any], request_id: str) -> bytes:
        """The body to deliver: the given one as it is, or made from status and payload.

        Raises ValueError when they make no sense.
        """
        if wanted.get("body") is not None:
            raw = wanted["body"]
            return (raw if isinstance(raw, str) else json.dumps(raw)).encode()
        status = wanted.get("status") or "OK"
        if status not in {"OK", "ERROR"}:
            raise ValueError("status is OK or ERROR")
        message: dict[str, Any] = {
            "request_id": request_id,
            "gateway_request_id": request_id,
            "status": status,
            "payload": wanted.get("payload", {}),
        }
        if message["payload"] is None:
            message["payload_error"] = "Response payload is not JSON serializable"
        if status == "ERROR":
            message["error"] = wanted.get("error", "Invalid status code: 422")
        return json.dumps(message).encode()

    def headers(
        self, body: bytes, request_id: str, *, sign: bool | str = True, age_s: float = 0
    ) -> dict[str, str]:
        """The headers of a delivery that was signed `age_s` seconds ago.

        With sign False there is no signature, with "wrong" another key has made it.
        """
        headers = {"Content-Type": "application/json", "User-Agent": "fal-standin"}
        if sign is False:
            return headers
        timestamp = str(int(time.time() - age_s))
        message = "\n".join([request_id, USER_ID, timestamp, hashlib.sha256(body).hexdigest()])
        key = self._stranger if sign == "wrong" else self._key
        return headers | {
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": USER_ID,
            "X-Fal-Webhook-Timestamp": timestamp,
            "X-Fal-Webhook-Signature": key.sign(message.encode()).hex(),
        }

    def signed(self, wanted: dict[str, Any]) -> tuple[str, bytes, dict[str, str]]:
        """Request id, body and headers of the delivery that the control API's JSON asks for.

        Raises ValueError when it makes no sense.
        """
        sign = wanted.get("sign", True)
        if sign not in (True, False, "wrong"):
            raise ValueError('sign is true, false or "wrong"')
        request_id = str(wanted.get("request_id") or uuid.uuid4())
        body = self.body(wanted, request_id)
        headers = self.headers(body, request_id, sign=sign, age_s=float(wanted.get("age_s", 0)))
        return request_id, body, headers

    def signed_as_json(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The same for a load generator to send. Raises ValueError when it makes no sense."""
        request_id, body, headers = self.signed(wanted)
        return {"request_id": request_id, "body": body.decode(), "headers": headers}

    async def deliver(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Posts one delivery, once, on a connection of its own as from anywhere in a cloud.

        Returns status_code (None when there was no answer: see error), body, request_id, elapsed_s.
        Raises ValueError when what is wanted makes no sense.
        """
        url = wanted.get("url")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise ValueError("url is where to deliver, http:// or https://")
        request_id, body, headers = self.signed(wanted)
        answer: dict[str, Any] = {"status_code": None, "body": "", "request_id": request_id}
        started = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=float(wanted.get("timeout_s", ATTEMPT_S)))
        verify = bool(wanted.get("verify_tls", False))
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=body, headers=headers, ssl=verify) as response,
            ):
                answer["status_code"] = response.status
                answer["body"] = (await response.text(errors="replace"))[:MAX_BODY_SHOWN]
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            answer["error"] = str(error) or type(error).__name__
        return answer | {"elapsed_s": round(time.monotonic() - started, 6)}
