"""Live pages: a change is sent, sameness is not, and every stream ends."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from cloud.adapters.db import Database
from cloud.entrypoints.http.pages_stream import Streams
from cloud.entrypoints.http.words import WORDS
from cloud.tables import Space
from tests.pages.making import HandClock, Town, town

PATIENCE_S = 10.0


def test_a_stream_begins_with_the_whole_state(place: Town, client: TestClient) -> None:
    place.lot()
    place.booking("active")
    for path in ("/lots/lot-1/stream", "/bookings/b-1/stream?lang=zh"):
        answer = client.get(path)
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert "event: state\ndata: " in answer.text
        assert "event: beat\ndata: " in answer.text
        assert "\n: " in answer.text or answer.text.startswith(": ")
    assert WORDS["booking.active"][1] in answer.text


def test_too_many_streams_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with town(tmp_path, max_streams=0) as full:
        full.lot()
        answer = TestClient(full.app).get("/lots/lot-1/stream")
    assert answer.status_code == 503
    assert answer.text == WORDS["busy"][0]
    assert answer.headers["retry-after"] == "60"


async def _states(events: AsyncIterator[bytes]) -> AsyncIterator[str]:
    async for event in events:
        if event.startswith(b"event: state"):
            yield event.decode()


def test_a_committed_change_is_sent_to_everyone_and_rendered_once(place: Town) -> None:
    place.lot()
    rendered: list[str] = []

    def render() -> str:
        state = place.db.read(lambda s: s.get_one(Space, "lot-1.A03").occupancy)
        rendered.append(state)
        return state

    async def watch() -> None:
        streams = Streams(place.db, HandClock(), heartbeat_s=5.0)
        watchers = [_states(streams.events("a", render)) for _ in range(3)]
        async with asyncio.timeout(PATIENCE_S):
            for watcher in watchers:
                assert "data: free" in await anext(watcher)
            assert rendered == ["free"]
            await asyncio.to_thread(place.occupy, "lot-1.A03")
            for watcher in watchers:
                assert "data: occupied" in await anext(watcher)
            assert rendered == ["free", "occupied"]

    asyncio.run(watch())


def test_a_closed_stream_makes_room(place: Town) -> None:
    async def watch(db: Database) -> None:
        streams = Streams(db, HandClock(), heartbeat_s=5.0, limit=1)
        events: Any = streams.events("a", lambda: "x")
        async with asyncio.timeout(PATIENCE_S):
            await anext(events)
            assert streams.full
            await events.aclose()
        assert not streams.full
        assert streams.boards == {}

    asyncio.run(watch(place.db))
