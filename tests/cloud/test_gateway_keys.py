"""A gateway's key: changed, it counts for what was signed before; revoked, from its next event on

no more.
"""

from sqlmodel import select

from cloud.core.reasons import Refusal
from cloud.tables import Alarm, ChainCall, EventRow, GatewayKey, Settlement, Space, Stay
from cloud.usecases import enrolling, gateway_keys, gateways, settlements, telemetry
from contracts.ledger.hashing import keccak
from contracts.ledger.receipt import Receipt, read, verify
from contracts.wire.messages import Reply, Status, Telemetry
from tests.cloud.rig import Rig
from tests.cloud.speaker import Speaker, first
from tests.cloud.test_stays import park
from tests.contracts.making import KEY, at

NEW_KEY = keccak(b"the key after that")


def all_of(rig: Rig, table: type) -> list:  # type: ignore[type-arg]
    return rig.db.read(lambda s: list(s.exec(select(table))))


def alarms(rig: Rig) -> set[str]:
    return {alarm.code for alarm in all_of(rig, Alarm)}


def going_on(rig: Rig) -> Speaker:
    """gw-1 as it goes on from what the rig has said in its name."""
    return Speaker(rig, "gw-1", KEY, seq=rig._seq, previous=rig._previous)


def revoke(rig: Rig) -> object:
    return rig.db.write(lambda s: enrolling.revoke(s, "gw-1", "stolen", rig.clock.at))


def code(found: object) -> str:
    assert isinstance(found, Refusal), found
    return found.reasons[0].code


def test_the_next_event_after_the_revocation_is_refused_and_told(rig: Rig) -> None:
    rig.open_market()
    one = going_on(rig)
    revoke(rig)
    before = len(all_of(rig, EventRow))
    assert one.says("arrival", "occupied", 100, "S1").refused == "revoked_key"
    assert len(all_of(rig, EventRow)) == before and all_of(rig, Stay) == []
    assert {"gateway_revoked", "revoked_key"} <= alarms(rig)


def test_its_spaces_are_unknown_and_it_is_heard_no_more(rig: Rig) -> None:
    rig.open_market()
    revoke(rig)
    spaces = [row for row in all_of(rig, Space) if row.gateway == "gw-1"]
    assert {row.occupancy for row in spaces} == {"unknown"}
    rig.heartbeat()
    assert not going_on(rig).row().online
    rig.sweeps.watch()
    assert "gateway_silent" not in alarms(rig), "nobody waits for it"


def test_a_stay_from_before_is_filed_before_the_registry_forgets_the_key(rig: Rig) -> None:
    rig.open_market()
    booking = park(rig)
    revoke(rig)
    rig.sweeps.settle()
    rig.sweeps.drive()
    rig.sweeps.issue()
    order = [row.id for row in all_of(rig, ChainCall)]
    assert order.index("batch:1") < order.index("unkey:gw-1:2")
    assert {row.status for row in all_of(rig, ChainCall)} <= {"mined", "final"}
    receipt = read(rig.db.read(lambda s: settlements.receipt_of(s, booking)) or "")
    assert isinstance(receipt, Receipt)
    assert [link for link in verify(receipt) if not link.ok] == []
    assert bytes(rig.chain.read("registry", "gateway_of", receipt.gateway.signer)) == bytes(32)


def test_it_comes_back_with_another_key_and_never_with_that_one(rig: Rig) -> None:
    rig.open_market()
    one = going_on(rig)
    revoke(rig)
    assert code(one.enrol("S1")) == "other_key"
    assert code(one.enrol("S1", replace_key=True)) == "revoked_key"
    assert code(Speaker(rig, "gw-9", KEY).enrol("S1")) == "revoked_key", "under another name"
    new = Speaker(rig, "gw-1", NEW_KEY, seq=one.seq, previous=one.previous)
    new.enrol("S1", replace_key=True)
    assert "gateway_revoked" not in alarms(rig)
    assert new.says("snapshot", "free", 100, "S1").refused is None
    one.seq = new.seq
    assert one.says("arrival", "occupied", 200, "S1").refused == "revoked_key"


def test_what_is_not_there_or_was_revoked_already_is_refused_in_a_sentence(rig: Rig) -> None:
    rig.open_market()
    revoke(rig)
    assert code(revoke(rig)) == "revoked_already"
    nobody = rig.db.write(lambda s: gateways.revoke(s, "gw-7", "x", rig.clock.at))
    assert code(nobody) == "not_enrolled"


def test_no_report_of_a_revoked_gateway_is_taken(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    (command,) = rig.db.read(gateways.pending)
    revoke(rig)
    reply = Reply(gateway="gw-1", to=command.id, accepted=True)
    assert rig.db.write(lambda s: gateways.answered(s, reply, rig.clock.at)) is None
    status = Status(gateway="gw-1", online=True, at=at(0), boot_id="c", version="1", clock="synced")
    assert not rig.db.write(lambda s: gateways.heard(s, status, rig.clock.at))
    rig.db.write(
        lambda s: telemetry.take(s, Telemetry(gateway="gw-1", at=at(0), clock="synced"), at(0))
    )
    assert booking.id


def test_after_a_planned_change_what_the_old_key_signed_before_is_taken(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    old = first(rig)
    old.says("snapshot", "free", 0, "S2")
    arrival = old.event("arrival", "occupied", 100, "S2")
    departure = old.event("departure", "free", 400, "S2")
    rig.clock.at = at(1000)
    new = Speaker(rig, "gw-1", NEW_KEY, seq=old.seq, previous=old.previous)
    new.enrol("S1", "S2", "S3", replace_key=True)
    later = new.event("snapshot", "free", 1010, "S2")
    assert new.heard(later).gap == (2, 3), "what the old key signed is still on its way"
    assert new.heard(arrival).refused is None
    assert new.heard(departure).refused is None
    assert [(stay.state, stay.departed_ms is None) for stay in all_of(rig, Stay)] == [
        ("unpaid", False)
    ]
    assert new.row().seq == 4


def test_the_old_key_counts_for_nothing_that_is_said_or_numbered_after_the_change(
    rig: Rig,
) -> None:
    rig.import_titles()
    rig.enrol()
    old = first(rig)
    old.says("snapshot", "free", 0, "S2")
    rig.clock.at = at(1000)
    new = Speaker(rig, "gw-1", NEW_KEY, seq=1, previous=old.previous)
    new.enrol("S1", "S2", "S3", replace_key=True)
    late = old.event("arrival", "occupied", 1000 + gateway_keys.SKEW_MS / 1000, "S2")
    assert old.heard(late).refused == "wrong_key", "reported after it"
    new.says("snapshot", "free", 1010, "S2")
    old.seq = 2
    assert old.says("arrival", "occupied", 500, "S2").refused == "wrong_key", "numbered after it"
    rig.clock.at = at(1000 + gateway_keys.LATE_MS / 1000 + 1)
    old.seq, old.epoch = 0, 5
    assert old.says("arrival", "occupied", 500, "S2").refused == "wrong_key", "a month is over"


def test_a_changed_key_that_is_revoked_later_is_revoked_with_the_others(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    old = first(rig)
    held_back = old.event("snapshot", "free", 0, "S2")
    new = Speaker(rig, "gw-1", NEW_KEY)
    new.enrol("S1", "S2", "S3", replace_key=True)
    new.revoke()
    assert old.heard(held_back).refused == "revoked_key"
    assert all(row.revoked for row in all_of(rig, GatewayKey))


def test_two_gateways_never_have_one_key(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    assert code(Speaker(rig, "gw-2", KEY).enrol("S4")) == "key_of_another"


def test_a_number_far_beyond_what_is_known_is_asked_for_and_not_kept(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    one = first(rig)
    one.says("snapshot", "free", 0, "S1")
    one.seq = 50_000
    taken = one.says("snapshot", "free", 1, "S1")
    assert (taken.refused, taken.gap, taken.about) == (None, (2, 50_000), "too_far")
    assert len(all_of(rig, EventRow)) == 1 and all_of(rig, Settlement) == []
