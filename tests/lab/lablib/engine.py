"""A Docker Engine that answers on this machine, installed and started when it must be."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from lablib.shell import LabError, as_root, docker_prefix, run, say, wait_for

PACKAGES = ("docker.io", "iptables", "ca-certificates")
LOG = Path("/var/log/aisha-lab-dockerd.log")
START_S = 60.0


def answers() -> bool:
    """Whether the engine answers (to root, where this user may not ask)."""
    docker_prefix.cache_clear()
    return run(*docker_prefix(), "info", check=False).returncode == 0


def apt_install(*packages: str) -> None:
    """Install Debian packages on this machine, without recommended ones."""
    if shutil.which("apt-get") is None:
        raise LabError(f"can't install {' '.join(packages)}: this machine has no apt-get")
    say(f"installing {' '.join(packages)}")
    env = ("env", "DEBIAN_FRONTEND=noninteractive")
    apt = (*env, "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300")
    install = (*apt, "install", "--no-install-recommends", *packages)
    if as_root(*install, check=False).returncode != 0:
        as_root(*apt, "update")
        as_root(*install)


def find_dockerd() -> str | None:
    """Where dockerd is; an ordinary user's PATH may lack the sbin folders."""
    return shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")


def up() -> bool:
    """Make the engine answer. Returns whether anything was changed."""
    if shutil.which("docker") and answers():
        return False
    if find_dockerd() is None or shutil.which("docker") is None:
        apt_install(*PACKAGES)
    if Path("/run/systemd/system").is_dir():
        say("starting docker.service")
        as_root("systemctl", "enable", "--now", "docker")
        log = "journalctl -u docker"
    else:
        start_by_hand()
        log = str(LOG)
    try:
        wait_for("the Docker Engine to answer", answers, START_S)
    except LabError as error:
        raise LabError(f"{error}; its log: {log}") from error
    return True


def start_by_hand() -> None:
    """Start dockerd detached, where no init system would."""
    say(f"starting dockerd, log in {LOG}")
    prefix = () if os.geteuid() == 0 else ("sudo", "-n")
    script = f"exec setsid {find_dockerd()} >>{LOG} 2>&1 </dev/null"
    subprocess.Popen(
        [*prefix, "sh", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
