"""Files that bots have uploaded, kept in memory up to a bound."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from standin.errors import bad_request
from standin.params import Params, Upload

MAX_TOTAL_BYTES = 128 * 2**20
MAX_DOWNLOAD_BYTES = 20 * 2**20


@dataclass(frozen=True)
class StoredFile:
    """A file as `getFile` knows it."""

    path: str
    upload: Upload
    file_id: str = field(default_factory=lambda: "BQACAgIAAxk" + secrets.token_urlsafe(40))
    unique_id: str = field(default_factory=lambda: "AgAD" + secrets.token_urlsafe(8))

    def as_json(self) -> dict[str, Any]:
        """What every kind of file object has."""
        size = len(self.upload.content)
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": size}


class FileStore:
    """The files of one bot; the oldest go when there is no room."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[str, StoredFile] = OrderedDict()
        self._total = 0
        self._number = 0

    def add(self, folder: str, upload: Upload) -> StoredFile:
        """Stores a file."""
        suffix = PurePosixPath(upload.name).suffix
        stored = StoredFile(f"{folder}/file_{self._number}{suffix}", upload)
        self._number += 1
        self._by_id[stored.file_id] = stored
        self._total += len(upload.content)
        while self._total > MAX_TOTAL_BYTES and len(self._by_id) > 1:
            _, oldest = self._by_id.popitem(last=False)
            self._total -= len(oldest.upload.content)
        return stored

    def get(self, file_id: str) -> StoredFile | None:
        """A file by its id."""
        return self._by_id.get(file_id)

    def at(self, path: str) -> StoredFile | None:
        """A file by its path in a download's address."""
        return next((stored for stored in self._by_id.values() if stored.path == path), None)

    def from_params(self, params: Params, name: str, folder: str, value: str | None = None) -> StoredFile:
        """The file that a parameter means: an upload, `attach://` one, a known id, or an address.

        An address isn't fetched: what is stored is the address itself. Raises ApiError 400.
        """
        value = params.text(name) if value is None else value
        upload = params.files.get(value.removeprefix("attach://") if value else name)
        if upload is not None:
            return self.add(folder, upload)
        if not value:
            raise bad_request(f"there is no {name.replace('_', ' ')} in the request")
        known = self.get(value)
        if known is not None:
            return known
        if value.startswith(("http://", "https://")):
            return self.add(folder, Upload(value.rpartition("/")[2], "text/uri-list", value.encode()))
        raise bad_request("wrong file identifier/HTTP URL specified")
