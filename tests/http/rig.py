"""A whole API over the rig's open lot: real database and use cases, fake chain, hand time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud.adapters.document_memory import MemoryDocuments
from cloud.adapters.passwords import Passwords
from cloud.entrypoints.http import api
from cloud.entrypoints.http.door import Entry
from cloud.entrypoints.http.pages import pages_router, static_app
from cloud.entrypoints.http.pages_stream import Streams
from cloud.entrypoints.http.rates import Bounds
from cloud.tables import Booking
from cloud.usecases import accounts
from tests.cloud.rig import ADMIN, Rig

WIDE = Bounds(of_key=10**9, of_account=10**9, of_address=10**9, routes=10**6)
ROLES = ("operator", "owner", "driver")
STRANGERS = ("other_owner", "other_driver")
WISH = {
    "space": "S1",
    "plate": "沪A12345",
    "quoted_minor": 600,
    "starts_at": "2026-05-01T00:01:00Z",
    "ends_at": "2026-05-01T01:01:00Z",
}


@dataclass
class Ticks:
    """Seconds that move when a test says so."""

    at_s: float = 1000.0

    def now_s(self) -> float:
        return self.at_s


class Front:
    """The rig of tests/cloud with its API in front, and a key for every role."""

    def __init__(self, folder: Path, bounds: Bounds = WIDE, max_streams: int = 200) -> None:
        self.rig = Rig(folder)
        self.ticks = Ticks()
        self.app = FastAPI(docs_url=None, redoc_url=None)
        db, clock = self.rig.db, self.rig.clock
        streams = Streams(db, clock, 5.0, 0.0, max_streams)
        self.store = MemoryDocuments()
        # Weaker hashes than ours, so that tests do not wait for them.
        entry = Entry(Passwords(memory_kib=64, passes=1), open_to_all=True)
        parts = api.Parts(store=self.store, streams=streams, entry=entry)
        api.install(self.app, db, clock, ADMIN, bounds, parts, self.ticks.now_s)
        self.app.include_router(pages_router(db, clock, served_s=0.0))
        self.app.mount("/static", static_app())
        self.http = TestClient(self.app, raise_server_exceptions=False)
        self.keys = {"owner": "key of owner", "driver": "key of driver"}
        self.numbers = {"owner": self.rig.owner, "driver": self.rig.driver}
        for name in ("operator", *STRANGERS, "admin"):
            self._account(name, name.removeprefix("other_"))

    def _account(self, name: str, role: str) -> None:
        key = f"key of {name}"
        made = self.rig.db.write(
            lambda s: accounts.open_account(s, name, role, key, ADMIN, self.rig.now_ms)
        )
        self.keys[name], self.numbers[name] = key, made.number or 0

    def headers(self, who: str = "", **more: str) -> dict[str, str]:
        told = {name.replace("_", "-"): value for name, value in more.items()}
        return told | ({"authorization": f"Bearer {self.keys[who]}"} if who else {})

    def get(self, path: str, who: str = "", **more: str) -> Any:
        return self.http.get(path, headers=self.headers(who, **more))

    def post(
        self, path: str, who: str = "", body: Mapping[str, Any] | None = None, **more: str
    ) -> Any:
        headers = self.headers(who, **more)
        return self.http.post(path, json=dict(body or {}), headers=headers)

    def booked(self, key: str = "first-key", **more: Any) -> str:
        made = self.post("/api/v1/bookings", "driver", WISH | more, idempotency_key=key)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def row(self, booking: str) -> Booking:
        return self.rig.db.read(lambda s: s.get_one(Booking, booking))


def move(front: Front, seconds: float) -> None:
    """The lot's time."""
    front.rig.clock.at += timedelta(seconds=seconds)


PAPER = b"%PDF-1.7 a lease %%EOF"


def sent(front: Front, who: str = "owner", data: bytes = PAPER, **more: str) -> Any:
    """A paper of the owner's, over HTTP."""
    asked = {"space": "S1", "kind": "co_owner_consent", **more}
    return front.http.post(
        "/api/v1/documents", params=asked, content=data, headers=front.headers(who)
    )


def opened(folder: Path, bounds: Bounds = WIDE, max_streams: int = 200) -> Front:
    """S1 is shared, offered and free; the driver has money."""
    front = Front(folder, bounds, max_streams)
    front.rig.open_market()
    return front
