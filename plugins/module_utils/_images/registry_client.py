# Copyright: (c) 2026, Aisha Cluster Contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry's HTTP API, as far as the modules need it.

Private to this collection.
"""

from __future__ import annotations

import json
import re
import time
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin

from ansible.module_utils.urls import open_url

# A registry tells an image's digest only to who takes the form that its manifest has.
_MANIFESTS = ", ".join(
    (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    )
)
_NEXT = re.compile(r'<([^>]+)>;\s*rel="?next"?')
_LOOK_AGAIN = 0.1


class RegistryError(Exception):
    """The registry gave no usable answer; the text says what it was asked and what it did."""


class Registry:
    """One registry, which asks for no password. Every method raises RegistryError.

    Args:
        url: its address, without C(/v2).
        timeout: seconds that one request may take.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout

    def tags(self, repository: str) -> list[str]:
        """All tags; none when there is no such repository."""
        path, found = f"/v2/{repository}/tags/list", list[str]()
        while path:
            status, headers, body = self._ask("GET", path, {200, 404})
            if status == 404:
                break
            try:
                found += json.loads(body)["tags"] or []
            except (ValueError, KeyError, TypeError):
                raise RegistryError(f"expected a list of tags of {self._url}{path}, found none") from None
            following = _NEXT.search(headers.get("Link", ""))
            path = urljoin(path, following[1]) if following else ""
        return found

    def digest(self, repository: str, reference: str) -> str | None:
        """Digest of what a tag or a digest stands for; None when it isn't there."""
        path = f"/v2/{repository}/manifests/{reference}"
        status, headers, _body = self._ask("HEAD", path, {200, 404})
        if status == 404:
            return None
        found = headers.get("Docker-Content-Digest")
        if not found:
            raise RegistryError(f"expected the header Docker-Content-Digest of {self._url}{path}, found none")
        return str(found)

    def children(self, repository: str, digest: str) -> list[str]:
        """Digests of an index's manifests; none of an image that is no index, and of one that isn't there."""
        path = f"/v2/{repository}/manifests/{digest}"
        status, _headers, body = self._ask("GET", path, {200, 404})
        try:
            return (
                [str(one["digest"]) for one in json.loads(body).get("manifests") or ()]
                if status == 200
                else []
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise RegistryError(f"expected a manifest of {self._url}{path}, found something else") from None

    def delete(self, repository: str, digest: str) -> None:
        """Delete a manifest and with it its tags; one that is gone is no fault."""
        self._ask("DELETE", f"/v2/{repository}/manifests/{digest}", {202, 404})

    def wait(self, seconds: float) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._ask("GET", "/v2/", {200})
            except RegistryError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_AGAIN)
            else:
                return

    def _ask(self, method: str, path: str, expected: set[int]) -> tuple[int, Any, bytes]:
        url = self._url + path
        try:
            with open_url(
                url, method=method, headers={"Accept": _MANIFESTS}, timeout=self._timeout, use_proxy=False
            ) as answer:
                status, headers, body = answer.status, answer.headers, answer.read()
        except HTTPError as error:
            status, headers, body = error.code, error.headers, b""
        except (OSError, HTTPException, ValueError) as error:
            raise RegistryError(f"expected an answer of {url}, found: {error}") from None
        if status == 405 and method == "DELETE":
            raise RegistryError(
                f"expected {url} to be deleted, found 405. Allow it in the registry's settings, with "
                "REGISTRY_STORAGE_DELETE_ENABLED=true"
            )
        if status not in expected:
            wanted = " or ".join(map(str, sorted(expected)))
            raise RegistryError(f"expected {wanted} of {url}, found {status}")
        return status, headers, body
