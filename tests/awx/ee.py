"""Build the execution environment of execution-environment.yml: python tests/awx/ee.py [--tag NAME].

The collections go in as archives: ours from this tree, and those that it needs, which the package "ansible"
has brought, packed again. So no server of collections is asked.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = Path(sysconfig.get_path("purelib")) / "ansible_collections"
WORK = ROOT / ".cache" / "ee"
# Not needed by our own collection, but by whoever sets AWX up from AWX.
BESIDE = ("awx.awx",)


def needed() -> list[str]:
    """The collections that ours needs, and those that they need."""
    left = [*yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["dependencies"], *BESIDE]
    found: list[str] = []
    while left:
        name = left.pop()
        if name not in found:
            found.append(name)
            left += manifest(name)["dependencies"]
    return sorted(found)


def manifest(name: str) -> dict[str, dict[str, object]]:
    """What an installed collection says of itself."""
    text = (INSTALLED / name.replace(".", "/") / "MANIFEST.json").read_text(encoding="utf-8")
    info: dict[str, dict[str, object]] = json.loads(text)["collection_info"]
    return info


def pack(name: str, target: Path) -> None:
    """Pack an installed collection anew: of some files that its own list has, the package has none."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "collection"
        leave = shutil.ignore_patterns("MANIFEST.json", "FILES.json", "__pycache__")
        shutil.copytree(INSTALLED / name.replace(".", "/"), copy, ignore=leave)
        info = {key: value for key, value in manifest(name).items() if value}
        if "license" in info:
            info.pop("license_file", None)
        (copy / "galaxy.yml").write_text(yaml.safe_dump(info), encoding="utf-8")
        build(copy, target)


def build(tree: Path, target: Path) -> None:
    """Build a collection from its tree into an archive without a version in its name."""
    with tempfile.TemporaryDirectory() as folder:
        run("ansible-galaxy", "collection", "build", "--output-path", folder, cwd=tree)
        next(Path(folder).glob("*.tar.gz")).replace(target)


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    subprocess.run([str(word) for word in command], cwd=cwd, check=True)


def archives() -> Iterator[Path]:
    """Make the archives that the definition names."""
    folder = WORK / "collections"
    shutil.rmtree(WORK, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in needed():
        pack(name, folder / f"{name.replace('.', '-')}.tar.gz")
    build(ROOT, folder / "aisha-cluster.tar.gz")
    yield from sorted(folder.iterdir())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", default="aisha-ee", help="name of the image")
    tag = parser.parse_args().tag
    made = [path.name for path in archives()]
    print(f"collections: {', '.join(made)}", flush=True)
    context = WORK / "context"
    definition = ("--file", "execution-environment.yml", "--output-filename", "Dockerfile")
    run("ansible-builder", "create", *definition, "--context", context)
    run("docker", "build", "--tag", tag, context)
    print(f"built: {tag}")


if __name__ == "__main__":
    main()
