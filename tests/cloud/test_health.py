"""What is told of the cloud: alive, ready or not and why, and in numbers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud.adapters.db import Database
from cloud.core.checking import sealed
from cloud.entrypoints.applying import LATE_S as WAITS_S
from cloud.entrypoints.applying import Lag
from cloud.entrypoints.contact import Contact
from cloud.entrypoints.health import Health, Since, add_health
from cloud.entrypoints.intake import Inbox
from cloud.entrypoints.metrics import Meters, Standing, add_metrics
from cloud.entrypoints.turns import LATE_S, Turns
from cloud.errors import NoDatabase
from cloud.usecases import gateways, stay_intake
from contracts.wire.messages import Status
from tests.cloud.rig import Rig
from tests.contracts.making import at


class Now:
    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Line:
    """As much of a Wire as is looked at."""

    def __init__(self, now: Now) -> None:
        self.connected, self.inbox, self.lag = True, Inbox(10), Lag(lambda: now().timestamp())
        self.counts, self.shed = Counter({"received": 3, "wrong_key": 1}), Counter({"status": 2})


class Away(Database):
    away = False

    def read(self, story: Any) -> Any:
        if self.away:
            raise NoDatabase("It is away.")
        return super().read(story)


class Site:
    def __init__(self, rig: Rig) -> None:
        self.rig, self.now, self.meters = rig, Now(), Meters()
        self.line = Line(self.now)
        self.turns, self.contact = Turns(self.now, self.meters), Contact()
        self.db = Away(rig.folder / "cloud.sqlite")
        parts = (self.line, self.contact, self.turns, self.now, Since())
        health = Health(self.db, rig.clock, *parts)  # type: ignore[arg-type]
        app = FastAPI()
        add_health(app, health, lambda: {"batches": health.waiting_batches()})
        standing = Standing(self.line.counts, self.line.shed, health.gauges)
        add_metrics(app, self.meters, standing)
        self.client = TestClient(app)

    def ready(self) -> tuple[int, dict[str, Any]]:
        answer = self.client.get("/readyz")
        return answer.status_code, {it["name"]: it for it in answer.json()["parts"]}

    def metrics(self) -> str:
        return self.client.get("/metrics").text


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(Rig(tmp_path))


def test_all_is_well(site: Site) -> None:
    site.turns.run("watch", lambda: None)
    status, parts = site.ready()
    assert status == 200
    assert set(parts) == {"database", "broker", "chain", "inbox", "events", "sweep.watch"}
    assert all(it["ok"] and not it["remedy"] for it in parts.values())


def test_without_its_broker_it_is_alive_and_not_ready_and_says_since_when(site: Site) -> None:
    site.ready()
    site.now.pass_s(60)
    site.line.connected = False
    site.ready()
    site.now.pass_s(60)
    status, parts = site.ready()
    assert status == 503
    assert parts["broker"]["since"] == "2026-05-01T00:01:00.000Z"
    assert "Start the broker" in parts["broker"]["remedy"]
    alive = site.client.get("/healthz")
    assert (alive.status_code, alive.json()["ok"]) == (200, False)


def test_without_its_database_it_is_alive_and_says_what_to_do(site: Site) -> None:
    site.db.away = True
    status, parts = site.ready()
    assert status == 503
    assert "It is away." in parts["database"]["says"]
    assert "disk" in parts["database"]["remedy"]
    assert site.client.get("/healthz").json()["batches"] is None
    assert "berth_messages_total" in site.metrics()


def test_a_silent_node_is_told(site: Site) -> None:
    site.contact.answers = False
    site.contact.silent_since = site.rig.clock.at
    site.rig.clock.pass_s(90)
    assert not site.ready()[1]["chain"]["ok"]
    assert "berth_chain_silent_seconds 90.0" in site.metrics()


def test_a_sweep_that_hangs_is_told_and_one_that_is_slow_is_not(site: Site) -> None:
    site.turns.expect("audit", 30)
    site.now.pass_s(299)
    assert site.ready()[1]["sweep.audit"]["ok"]
    site.now.pass_s(2)
    assert not site.ready()[1]["sweep.audit"]["ok"]
    site.turns.run("audit", lambda: None)
    assert site.ready()[1]["sweep.audit"]["ok"]


def test_a_sweep_that_does_not_end_hangs_though_it_ended_before(site: Site) -> None:
    site.turns.run("watch", lambda: None)

    def endless() -> None:
        site.now.pass_s(LATE_S + 1)
        assert not site.ready()[1]["sweep.watch"]["ok"]

    site.turns.run("watch", endless)


def test_a_sweep_that_fails_is_told_until_it_goes_well(site: Site) -> None:
    with pytest.raises(ZeroDivisionError):
        site.turns.run("settle", lambda: 1 // 0)
    part = site.ready()[1]["sweep.settle"]
    assert (part["ok"], part["says"]) == (False, "It failed: ZeroDivisionError.")
    assert 'berth_sweep_failures_total{sweep="settle"} 1.0' in site.metrics()
    site.turns.run("settle", lambda: None)
    assert site.ready()[0] == 200


def test_events_that_wait_too_long_to_become_stays_are_told(site: Site) -> None:
    """Also if whoever should apply them hangs: they are looked at here."""
    rig = site.rig
    rig.import_titles()
    rig.enrol()
    rig.report("boot", "unknown", 1)
    group = [sealed(rig.next_event("arrival", "occupied", 60), rig.domain)]
    rig.db.write(lambda s: stay_intake.store(s, group, rig.clock.at))
    assert site.ready()[1]["events"]["ok"]
    site.now.pass_s(WAITS_S)
    assert site.ready()[1]["events"]["ok"]
    site.now.pass_s(1)
    status, parts = site.ready()
    assert (status, parts["events"]["ok"]) == (503, False)
    assert "gw-1" in parts["events"]["says"] and "31 s" in parts["events"]["says"]
    assert "berth_events_wait_seconds 31.0" in site.metrics()
    rig.db.write(lambda s: stay_intake.apply_waiting(s, "gw-1", 9, rig.clock.at))
    assert site.ready()[0] == 200


def test_an_inbox_that_sheds_is_told(site: Site) -> None:
    status = Status(gateway="g", online=True, at=at(0), boot_id="b", version="1", clock="synced")
    for _ in range(5):
        site.line.inbox.put_nowait(status)
    assert not site.ready()[1]["inbox"]["ok"]
    assert "berth_inbox_messages 5.0" in site.metrics()
    assert "berth_inbox_limit 10.0" in site.metrics()


def test_metrics_tell_what_came_what_was_refused_and_how_things_stand(site: Site) -> None:
    site.rig.import_titles()
    site.rig.enrol()
    site.rig.heartbeat()
    site.rig.db.write(
        lambda s: gateways.raise_alarm(s, "a", "unbooked", None, "A car.", site.rig.clock.at)
    )
    with site.meters.commit.time():
        pass
    text = site.metrics()
    for line in (
        'berth_messages_total{result="received"} 3.0',
        'berth_messages_total{result="wrong_key"} 1.0',
        'berth_shed_total{kind="status"} 2.0',
        'berth_gateways{state="online"} 1.0',
        'berth_gateways{state="known"} 1.0',
        'berth_alarms{code="unbooked"} 1.0',
        'berth_ready{part="database"} 1.0',
        "berth_batches_waiting 0.0",
        "berth_events_unapplied 0.0",
        "berth_commit_seconds_count 1.0",
        "berth_ack_seconds_count 0.0",
    ):
        assert line in text.splitlines(), line
    # Of the titles and the gateway, which nobody has carried to the chain.
    assert 'berth_chain_calls{status="queued"}' in text
