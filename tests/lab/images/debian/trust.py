"""mmdebstrap hook: make the new system trust what this machine trusts.

Where TLS is re-signed by a local authority, nothing can be installed in a container that doesn't know
that authority. The certificates of this machine's bundle that Debian doesn't ship are added as local
ones, so that they also survive a later `update-ca-certificates`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BUNDLE = "etc/ssl/certs/ca-certificates.crt"
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s+(.+?)\s+-----END CERTIFICATE-----", re.DOTALL)


def certificates(bundle: Path) -> list[str]:
    """The base64 bodies of a PEM bundle, without line ends, in their order."""
    text = bundle.read_text(encoding="utf-8", errors="replace") if bundle.exists() else ""
    return ["".join(body.split()) for body in CERTIFICATE.findall(text)]


def main(root: Path) -> None:
    """Add this machine's own authorities to the system under `root`."""
    known = set(certificates(root / BUNDLE))
    added = [body for body in certificates(Path("/") / BUNDLE) if body not in known]
    local = root / "usr/local/share/ca-certificates"
    local.mkdir(parents=True, exist_ok=True)
    for number, body in enumerate(added, start=1):
        lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
        pem = f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
        (local / f"lab-{number:03}.crt").write_text(pem, encoding="ascii")
    if added:
        subprocess.run(["chroot", str(root), "update-ca-certificates"], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
