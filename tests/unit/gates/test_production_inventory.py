"""The example inventory, used as its comments say."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

INVENTORY = Path(__file__).parents[3] / "inventory" / "production"


def test_the_vault_is_read_where_it_is_documented(tmp_path: Path) -> None:
    inventory = tmp_path / "mine"
    shutil.copytree(INVENTORY, inventory)
    example = inventory / "group_vars" / "all" / "vault.yml.example"
    names = re.findall(r"^(vault_\w+):", example.read_text(), re.MULTILINE)
    values = {name: secrets.token_hex(8) for name in names}
    vault = example.with_name("vault.yml")
    vault.write_text(json.dumps(values))
    password = tmp_path / "password"
    password.write_text(secrets.token_hex(16))
    run(tmp_path, "ansible-vault", "encrypt", "--vault-password-file", password, vault)
    assert vault.read_text().startswith("$ANSIBLE_VAULT")
    used = ["database_password", "redis_password", "s3_access_key", "s3_secret_key", *names]
    message = "{{ [" + ", ".join(used) + "] }}"
    output = run(
        tmp_path, "ansible", "server-1.example.com", "-i", inventory, "--vault-password-file", password,
        "-m", "ansible.builtin.debug", "-a", f"msg='{message}'",
    )  # fmt: skip
    assert all(value in output for value in values.values())
    # Each name that the inventory uses is in the example.
    used_names = re.findall(r"vault_\w+", (inventory / "group_vars" / "all" / "main.yml").read_text())
    assert set(used_names) == set(names)


def run(folder: Path, *words: str | Path) -> str:
    program = Path(sys.executable).with_name(str(words[0]))
    done = subprocess.run(
        [program, *words[1:]], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
