"""What cases are made of: figures, and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

POLLERS = [f'{{cluster="a", component="bot-polling", host="h", instance="p{n}"}}' for n in (1, 2)]
REPLICAS = [f'{{cluster="a", component="webhook-api", host="h", instance="w{n}"}}' for n in (1, 2)]
WORKER = '{cluster="a", component="worker", host="h", instance="k"}'
NGINX = '{cluster="a", component="nginx", host="h", instance="n"}'
REDIS = '{cluster="a", component="redis", host="h", instance="r"}'
LONG = "x200"  # scrapes, so 2000 s


@dataclass(frozen=True)
class Case:
    """Figures every 10 s, in Prometheus' notation for tests, and what is told at a time."""

    name: str
    at: str
    series: dict[str, str]
    told: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return self.name


def told(severity: str, summary: str, description: str, **labels: str) -> list[dict[str, Any]]:
    """Say what one alert tells."""
    return [
        {
            "exp_labels": {"cluster": "a", "severity": severity, **labels},
            "exp_annotations": {"summary": summary, "description": description},
        }
    ]


def disk(device: str, kind: str, place: str, free: int) -> dict[str, str]:
    """Figures of a file system with 100 bytes."""
    labels = f'cluster="a", device="{device}", fstype="{kind}", host="h", mountpoint="{place}"'
    return {
        f"node_filesystem_avail_bytes{{{labels}}}": f"{free}x200",
        f"node_filesystem_size_bytes{{{labels}}}": "100x200",
    }


def requests(status: str, per_scrape: int) -> dict[str, str]:
    """Figures of a replica that answers so."""
    labels = f'{REPLICAS[0][:-1]}, status="{status}"}}'
    return {f"http_requests_total{labels}": f"0+{per_scrape}x200"}
