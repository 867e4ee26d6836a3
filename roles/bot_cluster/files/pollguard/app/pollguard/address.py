"""Addresses as URLs and logs write them."""

from __future__ import annotations


def host_port(host: str, port: int) -> str:
    """Return host and port as one text; an IPv6 address gets brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
