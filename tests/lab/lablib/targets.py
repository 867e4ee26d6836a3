"""Target hosts: containers that behave as Debian servers do, with systemd, sshd and Docker of their own."""

from __future__ import annotations

import ipaddress
import re
import shutil
import socket
from pathlib import Path

from lablib import images, network
from lablib.engine import apt_install
from lablib.shell import CACHE, LABEL, LabError, docker, docker_prefix, inspect, run, say, wait_for

KEY = CACHE / "ssh" / "id_ed25519"
USER = "operator"
BOOT_S = 90.0
# `--privileged` would want every capability, and the machine itself may lack this one.
ISOLATION = (
    *("--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE"),
    *("--security-opt", "seccomp=unconfined"),
    *("--security-opt", "apparmor=unconfined"),
    *("--security-opt", "systempaths=unconfined"),
    *("--tmpfs", "/run", "--tmpfs", "/run/lock"),
    *("--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--cgroupns", "host"),
)


def key() -> str:
    """The public key that targets accept; the pair is made at the first call."""
    if not KEY.exists():
        if shutil.which("ssh-keygen") is None:
            apt_install("openssh-client")
        KEY.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "aisha-lab", "-f", KEY)
    return KEY.with_suffix(".pub").read_text(encoding="ascii")


def nameservers() -> list[str]:
    """This machine's name servers that a container can reach too."""
    found: list[str] = []
    for file in (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf")):
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        for server in re.findall(r"^nameserver\s+([0-9.]+)\s*$", text, re.MULTILINE):
            if not ipaddress.ip_address(server).is_loopback and server not in found:
                found.append(server)
    return found


def start(name: str, image: str) -> bool:
    """Start a target from an image, or start it again. Returns whether anything was changed."""
    running = inspect("container", name, "{{.State.Running}}")
    if running == "true":
        return False
    if running == "false":
        docker("start", name)
        return True
    volume = f"{name}-docker"
    docker("volume", "create", "--label", f"{LABEL}=target", volume)
    docker(
        *("run", "-d", "--name", name, "--hostname", name, "--label", f"{LABEL}=target"),
        *("--network", network.NAME, "--ip", network.free_address()),
        *("--env", f"LAB_NAMESERVERS={' '.join(nameservers())}"),
        *("--volume", f"{volume}:/var/lib/docker"),
        *(*ISOLATION, image),
    )
    return True


def booted(name: str) -> bool:
    """Whether systemd has started everything; raises LabError when a unit failed or the target stopped."""
    done = run(*docker_prefix(), "exec", name, "systemctl", "is-system-running", check=False)
    state = done.stdout.strip()
    if state == "degraded":
        failed = docker("exec", name, "systemctl", "list-units", "--failed", "--plain", "--no-legend")
        raise LabError(f"target {name}: units failed to start:\n{failed}")
    if inspect("container", name, "{{.State.Running}}") != "true":
        raise LabError(f"target {name} stopped while booting:\n{docker('logs', '--tail', '20', name)}")
    return state == "running"


def accepts_ssh(address: str) -> bool:
    """Whether an SSH server greets at an address."""
    try:
        with socket.create_connection((address, 22), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def prepare() -> dict[str, object]:
    """Build the images of all kinds of targets that are missing."""
    kinds = (images.TARGET, images.TARGET_DOCKER, images.TARGET_13_DOCKER)
    built = [images.build(kind) for kind in kinds]
    return {"changed": any(built)}


def up(
    names: list[str], with_docker: bool, image: str | None, addresses: Path | None, trixie: list[str]
) -> dict[str, object]:
    """Start targets and wait until they have booted and let the lab's key in.

    Their addresses are written into the folder `addresses`, a file each. Those of `trixie` are of Debian 13.
    """
    network.up()
    public = key()
    changed = False
    recipes = (images.TARGET, images.TARGET_DOCKER, images.TARGET_13, images.TARGET_13_DOCKER)
    for name in names:
        recipe = recipes[2 * (name in trixie) + with_docker]
        if image is None:
            changed |= images.build(recipe)
        changed |= start(name, image or recipe.local)
    for name in names:
        wait_for(f"target {name} to boot", lambda name=name: booted(name), BOOT_S)  # type: ignore[misc]
        install = f"install -m 0600 -o {USER} -g {USER} /dev/stdin /home/{USER}/.ssh/authorized_keys"
        docker("exec", "-i", name, "sh", "-c", install, stdin=public)
        wait_for(f"sshd of target {name}", lambda name=name: accepts_ssh(address(name)), BOOT_S)  # type: ignore[misc]
    found = {name: address(name) for name in names}
    say(", ".join(f"{name} at {where}" for name, where in found.items()))
    if addresses:
        addresses.mkdir(parents=True, exist_ok=True)
        for name, where in found.items():
            (addresses / name).write_text(f"{where}\n", encoding="ascii")
    return {"changed": changed, "targets": found, "user": USER, "key": str(KEY)}


def address(name: str) -> str:
    """A running target's address on the lab's network."""
    found = network.address_of(name)
    if found is None:
        raise LabError(f"there is no running target {name}")
    return found


def down(names: list[str]) -> dict[str, object]:
    """Remove targets with all that they hold."""
    changed = False
    for name in names:
        if inspect("container", name, "{{.Id}}"):
            docker("rm", "-f", "-v", name)
            changed = True
        volume = f"{name}-docker"
        if inspect("volume", volume, "{{.Name}}"):
            docker("volume", "rm", volume)
            changed = True
    return {"changed": changed}
