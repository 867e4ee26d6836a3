"""What the role is given and writes, and upstream's own programs to check it with."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles/monitoring"
DEFAULTS: dict[str, Any] = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
TOKEN = "123456789:" + "t" * 35
HOSTS = {"one": {"cluster_address": "10.0.0.1"}, "two": {"cluster_address": "10.0.0.2"}}
INVENTORY = {
    "role": str(ROLE),
    "monitoring_server": "one",
    "monitoring_hosts": ["one", "two"],
    "monitoring_webhook_api_hosts": ["one", "two"],
    "monitoring_bot_cluster_hosts": ["one", "two"],
    "monitoring_nginx_hosts": ["two"],
    "monitoring_telegram_chat": "-1001234567890",
    "monitoring_webhook_url": "https://hook.example.com/?key=hook-secret",
    "monitoring_webhook_api_metrics_path": "/metrics",
    "monitoring_worker_metrics_path": "/metrics",
    "monitoring_extra_rules": [{"name": "own", "rules": [{"alert": "Own", "expr": "own > 0"}]}],
    "monitoring_extra_scrape_configs": [{"job_name": "own", "static_configs": [{"targets": ["own:1"]}]}],
    "telegram_bot_token": TOKEN,
    "telegram_proxy": "socks5h://proxy-user:pro%40xyword@proxy.example.com:1080",
    "redis_url": "redis://guard:re%40dis@redis.example.com:6380/0",
    "database_url": "postgresql+asyncpg://aisha:secret@db.example.com/aisha?sslmode=prefer",
    "cluster_network_found": {"network": {"IPAM": {"Config": [{"Gateway": "172.18.0.1"}]}}},
}


@dataclass(frozen=True)
class Written:
    """The files of a folder, named after the host that gets them."""

    folder: Path

    def yaml(self, name: str) -> Any:
        """Return what a YAML or JSON file says."""
        return yaml.safe_load((self.folder / name).read_text())

    def text(self, name: str) -> str:
        """Return a file's text."""
        return (self.folder / name).read_text()


def check(folder: Path, program: str, image: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of upstream's programs in a folder: this machine's, or that of the role's image."""
    command = [program]
    if shutil.which(program) is None:
        place = ("-v", f"{folder}:{folder}:ro", "-w", str(folder), "--entrypoint", f"/bin/{program}")
        command = ["docker", "run", "--rm", "--network", "none", "--user", "root", *place, DEFAULTS[image]]
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)
