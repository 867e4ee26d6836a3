"""Telegram's end of the gate: one pool of connections for polls, probes and everything that passes."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse
from yarl import URL

from ..lease.redis_client import ca_bundle
from ..proxy import Proxy
from .compression import decompress
from .http import send_continue

log = logging.getLogger("pollguard.api")

_CONNECT_TIMEOUT = 10.0
_KEEP_ALIVE = 55.0
_LOGIN_REQUIRED = 407
_REDIRECTED = 300
# A response that is compressed in spite of that is decompressed: the token must be found in it.
_UNCOMPRESSED = {"Accept-Encoding": "identity"}
# What is smaller is passed on in one piece, which is quicker than a stream.
_SMALL = 64 * 1024
_CHUNK = 256 * 1024
# They belong to one connection, not to the message; the length is set anew.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
    }
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)


class UnreachableError(Exception):
    """Telegram couldn't be reached, or broke off; the text is free of secrets."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What Telegram answered."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Upstream:
    """Requests to the Bot API at `api_url`, directly or through `proxy`."""

    def __init__(self, api_url: str, agent: str, proxy: Proxy | None = None) -> None:
        self.host = URL(api_url).host or api_url
        self._base = api_url.rstrip("/")
        self._agent = agent
        self._proxy = proxy
        if proxy is not None:
            log.info("%s is reached through %s (%s)", self.host, proxy, proxy.variable)
        is_tls = api_url.startswith("https:") or (proxy is not None and proxy.scheme == "https")
        context = ssl.create_default_context(cafile=ca_bundle({})) if is_tls else True
        self._failures: tuple[type[Exception], ...] = (aiohttp.ClientError, OSError)
        connector: aiohttp.TCPConnector
        if proxy is not None and proxy.is_socks:
            # Only here, as it costs memory.
            from . import socks

            connector = socks.connector(proxy, limit=0, keepalive_timeout=_KEEP_ALIVE, ssl=context)
            self._failures += socks.FAILURES
        else:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE, ssl=context)
        self._session = aiohttp.ClientSession(
            connector=connector,
            proxy=proxy.url if proxy is not None and not proxy.is_socks else None,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            # A proxy that has been reached may be silent, too.
            timeout=aiohttp.ClientTimeout(
                total=None, connect=_CONNECT_TIMEOUT if proxy else None, sock_connect=_CONNECT_TIMEOUT
            ),
            max_line_size=16384,
            max_field_size=16384,
        )

    async def call(self, path: str, parameters: Mapping[str, str], limit: float) -> Reply:
        """One call of the guard's own; raises UnreachableError, at the latest after `limit` seconds."""
        headers = {"User-Agent": self._agent, "Content-Type": "application/x-www-form-urlencoded"}
        headers |= _UNCOMPRESSED
        timeout = aiohttp.ClientTimeout(total=limit, sock_connect=min(limit, _CONNECT_TIMEOUT))
        try:
            async with self._session.post(
                self._url(path), data=parameters, headers=headers, timeout=timeout
            ) as answer:
                self._check(answer)
                return Reply(answer.status, await self._read(answer), answer.content_type)
        except self._failures as error:
            raise UnreachableError(self._say(error, limit)) from None

    async def forward(
        self, request: BaseRequest, target: str, redact: Callable[[bytes], bytes], *, is_method: bool
    ) -> StreamResponse:
        """Pass a request on to `target`, and its answer back: all of it through `redact`, but for what a file
        holds, which may be large and is the user's.

        Raises UnreachableError before anything has come back, ConnectionError once the client has left."""
        headers = {n: v for n, v in request.headers.items() if n.lower() not in _HOP_BY_HOP}
        if is_method:
            headers = {n: v for n, v in headers.items() if n.lower() != "accept-encoding"} | _UNCOMPRESSED
        data: bytes | aiohttp.StreamReader | None = None
        if request.can_read_body:
            length = request.content_length
            if length is not None:
                headers["Content-Length"] = str(length)
            send_continue(request)
            small = length is not None and length <= _SMALL
            data = await request.content.readexactly(length) if small and length else request.content
        try:
            answer = await self._session.request(
                request.method, self._url(target), headers=headers, data=data, allow_redirects=False
            )
        except self._failures as error:
            raise UnreachableError(self._say(error, _CONNECT_TIMEOUT)) from None
        async with answer:
            self._check(answer)
            headers_back = [
                (n, redact(v.encode(errors="surrogateescape")).decode(errors="surrogateescape"))
                for n, v in answer.headers.items()
                if n.lower() not in _HOP_BY_HOP
            ]
            if is_method or answer.status >= _REDIRECTED:
                return await self._pass_back_redacted(answer, headers_back, redact)
            return await self._pass_back(request, answer, headers_back)

    async def close(self) -> None:
        """Drop all connections."""
        await self._session.close()

    async def _pass_back_redacted(
        self, answer: aiohttp.ClientResponse, headers: list[tuple[str, str]], redact: Callable[[bytes], bytes]
    ) -> Response:
        body = redact(await self._read(answer))
        kept = [(n, v) for n, v in headers if n.lower() != "content-encoding"]
        return Response(status=answer.status, reason=answer.reason, headers=kept, body=body)

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        """The whole body, decompressed; raises UnreachableError."""
        try:
            return decompress(await answer.read(), answer.headers.get("Content-Encoding", ""))
        except self._failures as error:
            raise UnreachableError(self._say(error, _CONNECT_TIMEOUT)) from None
        except ValueError as error:
            raise UnreachableError(f"{self.host} gave a response that can't be read: {error}") from None

    async def _pass_back(
        self, request: BaseRequest, answer: aiohttp.ClientResponse, headers: list[tuple[str, str]]
    ) -> StreamResponse:
        length = answer.content_length
        if length is not None and length <= _SMALL:
            try:
                body = await answer.read()
            except self._failures as error:
                raise UnreachableError(self._say(error, _CONNECT_TIMEOUT)) from None
            return Response(status=answer.status, reason=answer.reason, headers=headers, body=body)
        response = StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
        response.content_length = length
        await response.prepare(request)
        try:
            async for chunk in answer.content.iter_chunked(_CHUNK):
                await response.write(chunk)
        except ConnectionError:
            raise
        except aiohttp.ClientError as error:
            log.warning("an answer was cut short: %s", self._say(error, _CONNECT_TIMEOUT))
            # Lacking its length, or its last chunk, it tells the client that this wasn't all.
            if request.transport is not None:
                request.transport.abort()
            return response
        await response.write_eof()
        return response

    def _url(self, raw_path: str) -> URL:
        return URL(self._base + raw_path, encoded=True)

    def _check(self, answer: aiohttp.ClientResponse) -> None:
        """An answer of the proxy's own isn't Telegram's."""
        if self._proxy is not None and answer.status == _LOGIN_REQUIRED:
            raise UnreachableError(self._refused(_LOGIN_REQUIRED))

    def _refused(self, status: int) -> str:
        what = "user and password" if status == _LOGIN_REQUIRED else f"a connection to {self.host}"
        return f"the proxy {self._proxy} refuses {what} ({status})"

    def _say(self, error: BaseException, limit: float) -> str:
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return self._refused(error.status)
        if isinstance(error, TimeoutError):
            through = f" through the proxy {self._proxy}" if self._proxy else ""
            return f"{self.host} gave no answer within {limit:g} s{through}"
        if isinstance(error, aiohttp.ClientProxyConnectionError):
            return f"the proxy {self._proxy} can't be reached: {_reason(error.os_error)}"
        if isinstance(error, aiohttp.ClientConnectorError):
            return f"{self.host} can't be reached: {_reason(error.os_error)}"
        if (
            self._proxy is not None
            and self._proxy.is_socks
            and not isinstance(error, aiohttp.ServerConnectionError)
        ):
            # What aiohttp-socks raises, and a name or a certificate that fails under it.
            return f"{self.host} can't be reached through the proxy {self._proxy}: {_reason(error)}"
        # Not the text: it may hold the URL, and that the token.
        return f"{self.host} broke off: {type(error).__name__}"


def _reason(error: BaseException) -> str:
    """What kept a connection from being made: the first cause, which knows nothing of the request."""
    while error.__cause__ is not None:
        error = error.__cause__
    strerror = error.strerror if isinstance(error, OSError) else str(error)
    return strerror or type(error).__name__
