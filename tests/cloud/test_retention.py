"""What is older than its period goes, with a proof in the audit log; what may be disputed stays."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from cloud.audit_tables import AuditEntry, Notice
from cloud.core.auditing import Broken
from cloud.core.retention import RULES, periods
from cloud.entrypoints import forgetting
from cloud.stay_tables import Dispute
from cloud.tables import Command
from cloud.usecases import audit, offer_plates, retention
from contracts.ledger.pricing import Window
from contracts.ledger.receipt import Receipt, read, verify
from tests.cloud.privacy_rig import Settled
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import PLATES

DAYS = periods("")


@pytest.fixture
def settled(rig: Rig) -> Settled:
    """And a stranger, who came and went, and a guest of the owner."""
    made = Settled(rig)
    made.lot.come(9000, "苏E55555", "S3", match="other")
    made.lot.go(9500, "S3")
    now = rig.clock.at
    window = Window(starts_at=now, ends_at=now + timedelta(hours=1))
    rig.db.write(lambda s: offer_plates.invite(s, "S2", rig.owner, "苏E66666", window, now))
    return made


def run(rig: Rig, days_later: int) -> dict[str, int]:
    rig.clock.at += timedelta(days=days_later)
    done = forgetting.run(rig.db, rig.clock, DAYS)
    return {name: rows for name, rows in done.items() if rows}


def proofs(rig: Rig) -> list[dict[str, Any]]:
    rows = select(AuditEntry).where(AuditEntry.what == "retention.done")
    kept = rig.db.read(lambda s: list(s.exec(rows.order_by(AuditEntry.seq))))  # type: ignore[arg-type]
    return [json.loads(row.detail) for row in kept]


def test_each_rule_takes_what_is_older_than_its_period_and_proves_it(settled: Settled) -> None:
    rig = settled.rig
    assert run(rig, 29) == {}
    assert run(rig, 2) == {"stranger_plates": 1, "guest_plates": 1, "commands": 2}
    assert rig.plate_of(settled.hers) == PLATES[0]
    assert run(rig, 60) == {"stay_plates": 2, "booking_plates": 2}
    assert rig.plate_of(settled.hers) == "" and settled.plates_read() == []
    told = proofs(rig)
    assert [(one["rule"], one["rows"], one["days"]) for one in told] == [
        ("stranger_plates", 1, 30),
        ("commands", 2, 30),
        ("guest_plates", 1, 30),
        ("stay_plates", 2, 90),
        ("booking_plates", 2, 90),
    ]
    assert told[0]["before"].startswith("2026-05-02")
    walked = rig.db.read(lambda s: list(audit.verify(s)))
    assert walked and not [one for one in walked if isinstance(one, Broken)]


def test_receipts_verify_after_everything_that_can_go_is_gone(settled: Settled) -> None:
    rig = settled.rig
    before = settled.receipt(settled.hers)
    run(rig, 4000)
    assert settled.receipt(settled.hers) == before
    receipt = read(before)
    assert isinstance(receipt, Receipt) and all(link.ok for link in verify(receipt))
    assert rig.db.read(lambda s: s.exec(select(Notice)).all()) == []


def test_what_is_disputed_is_kept_whatever_its_age_until_it_is_decided(settled: Settled) -> None:
    rig = settled.rig
    row = Dispute(
        id="d1", booking=settled.hers.id, stay=1, opened_by=rig.driver, role="driver",
        about="not_my_car", text="that is not my car", opened_ms=rig.now_ms,
    )  # fmt: skip
    rig.db.write(lambda s: s.add(row))
    run(rig, 400)
    assert rig.plate_of(settled.hers) == PLATES[0] and rig.plate_of(settled.his) == ""
    assert len(settled.plates_read()) == 1

    def decided(session: Any) -> None:
        found = session.get_one(Dispute, "d1")
        found.state, found.decided_ms = "decided", rig.now_ms

    rig.db.write(decided)
    assert set(run(rig, 0)) == {"stay_plates", "booking_plates", "commands"}
    assert rig.plate_of(settled.hers) == ""


def test_a_car_that_still_stands_there_keeps_its_plate(rig: Rig) -> None:
    from tests.cloud.stay_rig import Lot

    lot = Lot(rig)
    booking = lot.book("S1", 60, 3660)
    lot.come_as(booking, 100)
    lot.come(120, "苏E55555", "S3", match="other")
    assert run(rig, 400).keys() <= {"notices"}
    assert rig.plate_of(booking) == PLATES[0]


def test_a_dry_run_counts_and_changes_nothing(settled: Settled) -> None:
    rig = settled.rig
    rig.clock.at += timedelta(days=100)
    counted = forgetting.counted(rig.db, rig.clock, DAYS)
    assert proofs(rig) == []
    assert forgetting.run(rig.db, rig.clock, DAYS) == counted and sum(counted.values()) > 6


def test_steps_are_bounded_and_each_has_its_own_proof(settled: Settled) -> None:
    rig = settled.rig
    rig.clock.at += timedelta(days=100)
    (rule,) = [it for it in RULES if it.name == "commands"]
    wanted = retention.due(rule, 30, rig.clock.at)
    done = [rig.db.write(lambda s: retention.step(s, wanted, rig.clock.at, 1)) for _ in range(3)]
    assert done == [1, 1, 0] and [one["rows"] for one in proofs(rig)] == [1, 1]
    kinds = select(Command.kind).where(Command.kind == "grant")
    assert rig.db.read(lambda s: s.exec(kinds).all()) == []
