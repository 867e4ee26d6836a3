"""The API: addresses, permissions to speak, and how objects are shown."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from fakeawx import secrets, surveys
from fakeawx.kinds import KINDS, Kind
from fakeawx.queries import matching
from fakeawx.refusal import Refusal, denied
from fakeawx.rules import Rules, json_of
from fakeawx.store import Object, Store

API = "/api/v2/"
VERSION = {"X-API-Product-Name": "AWX", "X-API-Product-Version": "24.6.1"}
PAGE = 25
# Requests after which an inventory that is to go has gone.
LINGERS = 3


@dataclass
class FakeAWX:
    """An AWX with one user.

    Args:
        token: what that user's requests carry.
        password: the same user's, whose name is "admin".
        trees: what is in git repositories, by address.
        requests: method and address of all that came, for tests.
    """

    token: str
    password: str
    trees: dict[str, Path]
    store: Store = field(default_factory=Store)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rules = Rules(self.store, self.trees)
        self.lingering: dict[int, int] = {}
        for name, values in secrets.MANAGED.items():
            self.store.add(KINDS["credential_types"], {"name": name, "description": "", **values})
        self.store.add(KINDS["users"], {"username": "admin"})

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", API + "{path:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path_qs))
        try:
            parts = request.match_info["path"].strip("/").split("/")
            if not self._may(request, parts):
                raise Refusal({"detail": "Authentication credentials were not provided."}, 401)
            self._let_go()
            sent = json.loads(await request.text() or "{}") if request.method in ("POST", "PATCH") else {}
            status, body = self._answer(request, parts, sent)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        if status == 204:
            return web.Response(status=204, headers=VERSION)
        return web.json_response(body, status=status, headers=VERSION)

    def _may(self, request: web.Request, parts: list[str]) -> bool:
        basic = "Basic " + base64.b64encode(f"admin:{self.password}".encode()).decode()
        allowed = (basic, f"Bearer {self.token}") if parts[0] == "tokens" else (f"Bearer {self.token}",)
        return request.headers.get("Authorization") in allowed

    def _let_go(self) -> None:
        for identity in list(self.lingering):
            self.lingering[identity] -= 1
            if not self.lingering[identity]:
                del self.lingering[identity]
                self.store.remove("inventories", identity)

    def _answer(self, request: web.Request, parts: list[str], sent: Object) -> tuple[int, Any]:
        method = request.method
        match parts:
            case ["me"]:
                return 200, self._page(request, self.store.all("users"), "users")
            case ["tokens"] if method == "POST":
                return 201, {"id": 1, "token": self.token}
            case ["tokens", _] if method == "DELETE":
                return 204, None
            case [name] if name in KINDS or name == "unified_job_templates":
                if method == "GET":
                    return 200, self._page(request, self.store.all(name), name)
                if method == "POST" and name in KINDS:
                    return 201, self.shown(self.make(KINDS[name], sent))
            case [name, identity] if name in KINDS and identity.isdigit():
                return self._one(method, name, int(identity), sent)
            case [name, identity, sub] if name in KINDS and identity.isdigit():
                return self._sub(request, self.store.get(name, int(identity)), name, sub, sent)
        raise Refusal({"detail": "The requested resource could not be found."}, 404)

    def _one(self, method: str, name: str, identity: int, sent: Object) -> tuple[int, Any]:
        found = self.store.get(name, identity)
        if method == "PATCH":
            values = self.store.values(KINDS[name], sent, found)
            self.rules.check(name, values, found, sent)
            found.update(values)
        elif method == "DELETE":
            return self._remove(name, found), {}
        return 200, self.shown(found)

    def _remove(self, name: str, found: Object) -> int:
        if name == "labels":
            raise Refusal({"detail": 'Method "DELETE" not allowed.'}, 405)
        if name == "inventories":
            found["pending_deletion"] = True
            self.lingering[found["id"]] = LINGERS
            return 202
        if name == "credential_types":
            if found["managed"]:
                raise denied("Deletion not allowed for managed credential types")
            if any(each["credential_type"] == found["id"] for each in self.store.all("credentials")):
                raise denied("Credential types that are in use cannot be deleted")
        self.store.remove(name, found["id"])
        return 204

    def make(self, kind: Kind, sent: Object) -> Object:
        """Make an object, with what AWX makes beside it."""
        values = self.store.values(kind, sent, None)
        if kind.name in ("inventory_sources", "job_templates"):
            owner = (
                ("inventories", "inventory") if kind.name == "inventory_sources" else ("projects", "project")
            )
            self.rules.check(kind.name, values, None, sent)
            values["organization"] = self.store.get(owner[0], values[owner[1]])["organization"]
        else:
            self.rules.check(kind.name, values, None, sent)
        made = self.store.add(kind, values)
        if kind.name == "projects":
            made["scm_revision"] = ""
        if kind.name == "projects" and made["scm_type"]:
            made["current_update"] = self._update(made, "project_updates", made["scm_url"] in self.trees)[
                "id"
            ]
        return made

    def _update(self, of: Object, kind: str, well: bool) -> Object:
        """Run an update of a project or an inventory, which is over at once."""
        return self.store.add(
            KINDS[kind],
            {
                "name": of["name"],
                "description": "",
                "status": "successful" if well else "failed",
                "failed": not well,
                "started": "2026-01-01T00:00:00Z",
                "finished": "2026-01-01T00:00:00Z",
                "event_processing_finished": True,
                "elapsed": 1.0,
                "scm_revision": "0" * 40,
            },
        )

    def _sub(self, request: web.Request, found: Object, name: str, sub: str, sent: Object) -> tuple[int, Any]:
        method = request.method
        if sub == "survey_spec" and name in ("job_templates", "workflow_job_templates"):
            if method == "POST":
                self.store.surveys[found["id"]] = surveys.checked(sent)
            elif method == "DELETE":
                self.store.surveys.pop(found["id"], None)
            return 200, self.store.surveys.get(found["id"], {}) if method == "GET" else {}
        if sub == "create_approval_template" and name == "workflow_job_template_nodes" and method == "POST":
            approval = self.make(KINDS["workflow_approval_templates"], sent)
            found["unified_job_template"] = approval["id"]
            return 201, self.shown(approval)
        if sub == "update" and name == "inventory_sources" and method == "POST":
            project = self.store.get("projects", found["source_project"])
            path = self.trees[project["scm_url"]] / found["source_path"]
            return 202, self.shown(self._update(found, "inventory_updates", path.exists()))
        if sub in KINDS[name].lists:
            return self._list(request, found, sub, KINDS[name].lists[sub], sent)
        raise Refusal({"detail": "The requested resource could not be found."}, 404)

    def _list(
        self, request: web.Request, found: Object, sub: str, kind: str, sent: Object
    ) -> tuple[int, Any]:
        members = self.store.listed(found["id"], sub)
        if request.method == "GET":
            return 200, self._page(request, [self.store.get(kind, each) for each in members], kind)
        child = self.store.get(kind, sent.get("id", 0))
        if sent.get("disassociate"):
            members.remove(child["id"])
            if sub == "labels":
                self.store.drop_detached(child["id"])
        elif child["id"] not in members:
            self.rules.join(found, sub, child)
            members.append(child["id"])
        return 204, None

    def _page(self, request: web.Request, objects: list[Object], name: str) -> Object:
        found = matching(self.store, objects, request.query)
        page = int(request.query.get("page", 1))
        size = int(request.query.get("page_size", PAGE))
        more = urlencode({**request.query, "page": page + 1})
        return {
            "count": len(found),
            "next": f"{request.path}?{more}" if len(found) > page * size else None,
            "results": [self.shown(each) for each in found[(page - 1) * size : page * size]],
        }

    def shown(self, found: Object) -> Object:
        """An object as AWX shows it."""
        kind = next(kind for kind in KINDS.values() if kind.type == found["type"])
        url = f"{API}{kind.name}/{found['id']}/"
        related = {
            sub: f"{url}{sub}/" for sub in (*kind.lists, "survey_spec", "update", "create_approval_template")
        }
        template = self.store.find("unified_job_templates", found.get("unified_job_template") or 0)
        related.pop("unified_job_template", None)
        if template:
            related["unified_job_template"] = self.shown(template)["url"]
        summary: Object = {
            "object_roles": {name: {"id": role, "name": name} for name, role in found["__roles"].items()}
        }
        if "current_update" in found:
            # AWX shows it while it runs, which here it never does when somebody looks again.
            summary["current_update"] = {"id": found.pop("current_update")}
        shown = {**json_of(found), "url": url, "related": related, "summary_fields": summary}
        if kind.name == "credentials":
            shown["inputs"] = secrets.shown_inputs(
                found["inputs"], self.store.get("credential_types", found["credential_type"])
            )
        elif kind.name == "notification_templates":
            shown["notification_configuration"] = secrets.shown_settings(
                found["notification_configuration"], found["notification_type"]
            )
        return shown
