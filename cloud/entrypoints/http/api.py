"""The programs' side of the cloud: JSON in, JSON out. A refusal is a 409 with its reasons."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.adapters.document_memory import MemoryDocuments
from cloud.adapters.search_held import HeldIndex
from cloud.entrypoints.http import docs_page, problems
from cloud.entrypoints.http.api_alarms import add_alarms
from cloud.entrypoints.http.api_audit import add_audit
from cloud.entrypoints.http.api_changes import add_changes
from cloud.entrypoints.http.api_contact import add_contact
from cloud.entrypoints.http.api_credits import add_credits
from cloud.entrypoints.http.api_disputes import add_disputes
from cloud.entrypoints.http.api_driver import add_driver
from cloud.entrypoints.http.api_enrolment import add_enrolment
from cloud.entrypoints.http.api_gateways import Identity, add_identity, in_memory
from cloud.entrypoints.http.api_kinds import add_kinds
from cloud.entrypoints.http.api_lots import add_lots
from cloud.entrypoints.http.api_operator import add_operator
from cloud.entrypoints.http.api_owner import add_owner
from cloud.entrypoints.http.api_papers import add_papers
from cloud.entrypoints.http.api_paths import V1
from cloud.entrypoints.http.api_people import add_people
from cloud.entrypoints.http.api_privacy import add_privacy
from cloud.entrypoints.http.api_public import add_public
from cloud.entrypoints.http.api_search import add_search
from cloud.entrypoints.http.api_self import add_self
from cloud.entrypoints.http.api_sign_in import add_sign_in
from cloud.entrypoints.http.api_spaces import add_spaces
from cloud.entrypoints.http.api_titles import add_titles
from cloud.entrypoints.http.api_trust import add_trust
from cloud.entrypoints.http.callers import Keys, guarded
from cloud.entrypoints.http.docs_schema import describe
from cloud.entrypoints.http.door import Door, Entry
from cloud.entrypoints.http.exports import add_exports
from cloud.entrypoints.http.feed import feed_router
from cloud.entrypoints.http.headers import Headers
from cloud.entrypoints.http.pages_account import account_pages
from cloud.entrypoints.http.pages_sign_in import sign_in_pages
from cloud.entrypoints.http.pages_stream import Streams
from cloud.entrypoints.http.rates import Bounds, Gate
from cloud.ports.documents import Documents
from cloud.ports.search import Search

HEARTBEAT_S, SERVED_S, MAX_STREAMS = 15.0, 3600.0, 200


@dataclass(frozen=True, slots=True)
class Parts:
    """What the API works with beside its database: one of each in a process.

    Without a store, papers are kept in memory only; without an identity, so is the authority.
    """

    index: Search = field(default_factory=HeldIndex)
    store: Documents = field(default_factory=MemoryDocuments)
    streams: Streams | None = None
    identity: Identity = field(default_factory=in_memory)
    entry: Entry = field(default_factory=Entry)


def install(
    app: FastAPI,
    db: Database,
    clock: Clock,
    custodian: str,
    bounds: Bounds | None = None,
    parts: Parts | None = None,
    now_s: Callable[[], float] | None = None,
) -> None:
    """The API, its feed, its problems, its limits and its description.

    `custodian` holds the chain accounts of people who have no address of their own; `now_s` counts
    seconds for limits (default: the loop's).
    """
    asked_s, own = now_s or _loop_s, parts or Parts()
    keys = Keys(db, asked_s, clock, bounds or Bounds())
    door = Door(db, clock, custodian, own.entry)
    app.include_router(_people(keys, door))
    app.include_router(_programs(keys, db, clock, custodian, own))
    app.include_router(_market(keys, db, clock, own))
    app.include_router(feed_router(db, clock, keys))
    app.include_router(docs_page.docs_router(app))
    app.include_router(sign_in_pages(door, keys))
    app.include_router(account_pages(door, keys))
    app.add_middleware(Gate, bounds=bounds or Bounds(), now_s=asked_s)
    app.add_middleware(Headers)
    problems.install(app)
    app.openapi = describe(app)  # type: ignore[method-assign]


def _people(keys: Keys, door: Door) -> APIRouter:
    router = APIRouter(prefix=V1, route_class=guarded(keys))
    add_sign_in(router, door, keys)
    add_self(router, door, keys)
    add_contact(router, door)
    add_privacy(router, door.db, door.clock, keys)
    add_people(router, door, keys)
    return router


def _programs(keys: Keys, db: Database, clock: Clock, custodian: str, parts: Parts) -> APIRouter:
    """What is asked most comes first: a path is looked for from the first one on."""
    router = APIRouter(prefix=V1, route_class=guarded(keys))
    add_driver(router, db, clock)
    add_changes(router, db, clock)
    add_operator(router, db, clock, custodian)
    add_owner(router, db, clock)
    streams = parts.streams or Streams(db, clock, HEARTBEAT_S, SERVED_S, MAX_STREAMS)
    add_public(router, db, streams)
    add_credits(router, db, clock)
    add_exports(router, db)
    return router


def _market(keys: Keys, db: Database, clock: Clock, parts: Parts) -> APIRouter:
    router = APIRouter(prefix=V1, route_class=guarded(keys))
    add_search(router, db, clock, parts.index)
    add_spaces(router, db, clock)
    add_lots(router, db, clock)
    add_alarms(router, db)
    add_kinds(router, db, clock)
    add_papers(router, db, clock, parts.store)
    add_disputes(router, db, clock)
    add_trust(router, db, clock)
    add_titles(router, db, clock)
    add_audit(router, db)
    add_identity(router, db, clock, parts.identity)
    add_enrolment(router, db, clock, parts.identity)
    return router


def _loop_s() -> float:
    return asyncio.get_running_loop().time()
