"""What people are told, to a real HTTP server, and that no secret is told with it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.aisha.cluster.plugins.module_utils._release.notification import text_of
from ansible_collections.aisha.cluster.plugins.modules import release_notification
from proxy_servers import ENCODED, LOGIN, SECRETS, ProxyServer, serving

Run = Callable[..., dict[str, Any]]
STARTED = {"event": "started", "who": "ann@ops", "what": "rolling_update", "release_from": 4}
FINISHED = {**STARTED, "event": "finished", "outcome": "succeeded", "release_to": 5, "seconds": 131.5}


class Server(http.server.BaseHTTPRequestHandler):
    """Takes what is posted, and refuses as the path says."""

    got: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((self.path, body))
        refused = body.get("chat_id") == "@nowhere"
        self.send_response(302 if "elsewhere" in self.path else 400 if refused or "no" in self.path else 200)
        self.send_header("Location", "/stolen")
        self.end_headers()
        self.wfile.write(
            json.dumps({"ok": not refused, "description": f"chat not found: {self.path}"}).encode()
        )

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Server.got.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def run(token: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the module, which never fails; returns the result with what it warned of."""
    warned: list[str] = []
    # Where a test has imported the controller's part of Ansible, a warning isn't in the result.
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warned.append(text))

    def run(**arguments: Any) -> dict[str, Any]:
        warned.clear()
        arguments = {"entry": FINISHED, "cluster_name": "shop", "token": token, **arguments}
        with patch_module_args(arguments), pytest.raises(SystemExit) as exited:
            release_notification.main()
        printed = capsys.readouterr().out
        told = {**json.loads(printed), "warned": [*warned]}
        printed += "".join(warned)
        assert token.partition(":")[2] not in printed
        assert "hook-secret" not in printed
        assert exited.value.code in (0, None)
        return told

    return run


def test_chat_and_address_are_told(server: str, run: Run, token: str) -> None:
    result = run(chat="-100", api_url=f"{server}/", url=f"{server}/hook-secret")
    text = "shop: rolling_update by ann@ops: succeeded after 2 min 12 s, release 4 → 5"
    assert (result["sent"], result["text"]) == (["chat", "url"], text)
    (chat, message), (hook, posted) = Server.got
    assert (chat, hook) == (f"/bot{token}/sendMessage", "/hook-secret")
    assert (message["chat_id"], message["text"]) == ("-100", text)
    assert posted == {"cluster": "shop", "text": text, **FINISHED}


def test_what_is_refused_is_a_warning_without_a_secret(server: str, run: Run) -> None:
    result = run(chat="@nowhere", api_url=server, url=f"{server}/no-hook-secret")
    assert (result["changed"], result["sent"]) == (False, [])
    to_chat, to_url = result["warned"]
    assert "expected it to be accepted, found 400 (chat not found: /bot" in to_chat
    assert to_url == (
        "Notification to the url: expected it to be accepted, found 400. The change itself goes on."
    )


def test_nobody_else_is_told(server: str, run: Run) -> None:
    assert "found 302" in run(url=f"{server}/elsewhere-hook-secret")["warned"][0]
    assert len(Server.got) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/hook-secret", "hook-secret", "http://[/hook-secret"])
def test_nobody_there_is_a_warning(address: str, run: Run) -> None:
    assert "expected an answer within 5 s, found none" in run(url=address)["warned"][0]


def test_a_bad_token_is_a_warning_that_does_not_quote_it(server: str, run: Run) -> None:
    (warned,) = run(chat="1", api_url=server, token="123:bad")["warned"]  # noqa: S106
    assert "expected the token of a bot, found 3 characters after the colon" in warned
    assert Server.got == []


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_the_chat_is_notified_through_a_proxy(kind: str, server: str, run: Run) -> None:
    with serving(ProxyServer(kind, LOGIN)) as proxy:
        result = run(chat="-100", api_url=server, url=f"{server}/hook-secret", proxy=proxy.url(login=ENCODED))
    assert result["sent"] == ["chat", "url"]
    # The address has nothing to do with Telegram.
    assert [target.rpartition(" ")[2] for target in proxy.targets] == [server.partition("//")[2]]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("socks5://{login}@127.0.0.1:{port}", "found none (a proxy that refuses user and password)"),
        ("http://{login}@127.0.0.1:{port}", "expected it to be accepted, found 407"),
        ("socks4://{login}@127.0.0.1:{port}", "found socks4://"),
    ],
)
def test_a_proxy_that_refuses_is_a_warning(url: str, said: str, server: str, run: Run) -> None:
    kind = "http" if url.startswith("http") else "socks5"
    with serving(ProxyServer(kind, ("proxy-user", "another"))) as proxy:
        result = run(chat="-100", api_url=server, proxy=url.format(login=ENCODED, port=proxy.port))
    (warned,) = result["warned"]
    assert said in warned
    assert [secret for secret in SECRETS if secret in json.dumps(result)] == []
    assert Server.got == []


def test_check_mode_sends_nothing(server: str, run: Run) -> None:
    result = run(chat="1", api_url=server, url=server, _ansible_check_mode=True)
    assert (result["changed"], result["sent"], Server.got) == (True, ["chat", "url"], [])


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (STARTED, "a: rolling_update by ann@ops has begun, on release 4"),
        ({**STARTED, "release_from": None}, "a: rolling_update by ann@ops has begun"),
        (
            {**FINISHED, "release_to": 4, "outcome": "failed", "failure": "no disk", "seconds": 4.25},
            "a: rolling_update by ann@ops: failed after 4.2 s, release 4\nno disk",
        ),
        ({"event": "finished", "outcome": "unchanged"}, "a: change by somebody: unchanged"),
    ],
)
def test_words(entry: dict[str, Any], text: str) -> None:
    assert text_of("a", entry) == text
