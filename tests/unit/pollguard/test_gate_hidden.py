"""What a bot can read of its guard and keeper, which hold the real token."""

from __future__ import annotations

import os
import signal
import urllib.request

from gate_harness import MakeGate
from pollguard_harness import free_port


def test_the_guards_environment_is_hidden_from_its_bot(make_gate: MakeGate) -> None:
    """Where both have one user and no capabilities, as in a container. The guard itself works as before."""
    guard = make_gate("one")
    if os.getuid() == 0:
        guard.prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    port = free_port()
    guard.env |= {"POLLGUARD_METRICS_PORT": str(port), "POLLGUARD_METRICS_ADDRESS": "127.0.0.1"}
    script = """
        guard=$(cut -d' ' -f4 /proc/$PPID/stat)
        for pid in $PPID $guard; do
            readlink /proc/$pid/fd/0 > /dev/null && echo "reads /proc/$pid/fd"
            for file in environ mem maps; do
                cat /proc/$pid/$file > /dev/null 2>&1 && echo "reads /proc/$pid/$file"
            done
        done
        cat /proc/$$/environ | tr '\\0' '\\n' | grep -c TELEGRAM_BOT_TOKEN
        echo complete
        exec sleep 60
    """
    guard.start(command=["sh", "-c", script])
    guard.wait_logged("\ncomplete\n")
    assert "reads /proc" not in guard.log
    assert "\n1\ncomplete\n" in guard.log, "its own it can read"
    assert (guard.status() or {})["command_pid"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        text = response.read().decode()
    for name in ("process_open_fds", "process_max_fds", "process_resident_memory_bytes"):
        assert f"\n{name} " in text
    guard.signal(signal.SIGTERM)
    assert guard.wait() == 128 + signal.SIGTERM
