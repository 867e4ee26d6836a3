"""The way to Telegram; and sendMessage, for the worker: aiogram would cost it over a hundred megabytes.

What matters after a failure is whether the user may have got the message, so there is an error for each case.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError

from app.settings import Settings

TEXT_LIMIT: Final = 4096
NOT_CONNECTED: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
)
"""After these, nothing was sent."""


class NotSent(Exception):
    """The message wasn't sent; it may be sent again after ``retry_after`` seconds."""

    def __init__(self, reason: str, retry_after: float = 1.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Undeliverable(Exception):
    """Telegram will not take this message, now or later (the user blocked the bot, there is no such chat)."""


class Unknown(Exception):
    """The request was made but its answer got lost: sending again might tell the user twice."""


class _SocksConnector(ProxyConnector):
    """To aiohttp a failure at the proxy is a failed connection: nothing was sent."""

    async def connect(self, req: aiohttp.ClientRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().connect(req, *args, **kwargs)
        except (ProxyConnectionError, ProxyError, ProxyTimeoutError) as error:
            raise aiohttp.ClientConnectorError(req.connection_key, OSError(str(error))) from None


def connect(settings: Settings) -> aiohttp.ClientSession:
    """A session for the Bot API, through the proxy where there is one; the User-Agent names the instance."""
    headers = {"User-Agent": f"reference-app ({settings.instance_id})"}
    proxy = settings.telegram_proxy
    scheme = urlsplit(proxy).scheme
    if scheme.startswith("socks5"):
        # socks5h: the proxy resolves names. The library knows the scheme without the letter only.
        connector = _SocksConnector.from_url(proxy.replace("socks5h", "socks5", 1), rdns=scheme == "socks5h")
        return aiohttp.ClientSession(connector=connector, headers=headers)
    return aiohttp.ClientSession(proxy=proxy or None, headers=headers)


class Telegram:
    """A client of the Bot API with one method."""

    def __init__(self, session: aiohttp.ClientSession, settings: Settings) -> None:
        self._session = session
        self._url = f"{settings.telegram_api_url}/bot{settings.telegram_token}/sendMessage"

    async def send(self, chat_id: int, text: str) -> None:
        """Send a text.

        Raises:
            NotSent, Undeliverable, Unknown: it failed; see there.
        """
        try:
            async with self._session.post(
                self._url,
                json={"chat_id": chat_id, "text": text[:TEXT_LIMIT]},
                timeout=aiohttp.ClientTimeout(total=30, sock_connect=5),
            ) as response:
                status = response.status
                answer = await response.json(content_type=None)
        except NOT_CONNECTED as error:
            raise NotSent(f"no connection: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unknown(type(error).__name__) from None
        if isinstance(answer, dict) and answer.get("ok"):
            return
        body = answer if isinstance(answer, dict) else {}
        reason = f"{status} {body.get('description', '')}".strip()
        if status == 429:
            parameters = body.get("parameters") or {}
            raise NotSent(reason, float(parameters.get("retry_after", 1)))
        if status in (400, 403):
            raise Undeliverable(reason)
        raise NotSent(reason, 2.0)
