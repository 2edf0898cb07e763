"""Any run of wishes against a plain model: no overlap, holds equal quotes, history in order."""

import json
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)
from sqlmodel import select

from cloud.booking_tables import Booking, Superseded
from cloud.core.booking import AHEAD, HOLDING, MOVES
from cloud.usecases import accounts, booking_no_shows, bookings
from tests.cloud.booking_rig import (
    book,
    cancel,
    change,
    change_plate,
    code,
    extend,
    held,
    hours,
    market,
    move_space,
    now,
)
from tests.cloud.rig import Rig
from tests.contracts.making import at

RATE = {"S1": 600, "S2": 1200}
QUARTER = st.integers(1, 40)
SPACE = st.sampled_from(sorted(RATE))


class Kept:
    """The model's booking: what was agreed, in quarters of an hour."""

    def __init__(self, space: str, begin: int, end: int, held_minor: int) -> None:
        self.space, self.begin, self.end = space, begin, end
        self.held_minor, self.holds = held_minor, True


class Life(RuleBasedStateMachine):
    made: Bundle[str] = Bundle("made")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.rig = Rig(Path(self.folder.name))
        market(self.rig, ("S1", "S2"))
        self.kept: dict[str, Kept] = {}
        self.keys = 0

    def teardown(self) -> None:
        if hasattr(self, "rig"):
            self.rig.db.close()
            self.folder.cleanup()

    def _free(self, space: str, begin: int, end: int, but: str = "") -> bool:
        return not any(
            it.holds and name != but and it.space == space and it.begin < end and begin < it.end
            for name, it in self.kept.items()
        )

    @rule(target=made, space=SPACE, begin=QUARTER, length=st.integers(1, 8))
    def confirm(self, space: str, begin: int, length: int) -> object:
        end = begin + length
        quoted, self.keys = RATE[space] * length // 4, self.keys + 1
        found = book(self.rig, hours(begin / 4, end / 4), quoted, f"k{self.keys}", space)
        if not self._free(space, begin, end):
            assert code(found) == "overlap"
            return multiple()
        assert isinstance(found, Booking), found
        self.kept[found.id] = Kept(space, begin, end, quoted)
        return found.id

    @rule(name=made, length=st.integers(0, 8))
    def extend(self, name: str, length: int) -> None:
        it = self.kept[name]
        end = it.end + length
        quoted = RATE[it.space] * (end - it.begin) // 4
        found = extend(self.rig, self._row(name), end / 4, quoted)
        if self._row(name).state not in AHEAD or not it.holds:
            assert code(found) in ("booking_over", "parked_already")
        elif length == 0:
            assert code(found) == "not_longer"
        elif not self._free(it.space, it.begin, end, name):
            assert code(found) == "overlap"
        else:
            assert isinstance(found, Booking), found
            it.end, it.held_minor = end, quoted

    @rule(name=made, begin=QUARTER, length=st.integers(1, 8))
    def change(self, name: str, begin: int, length: int) -> None:
        it, end = self.kept[name], begin + length
        quoted = RATE[it.space] * length // 4
        found = change(self.rig, self._row(name), hours(begin / 4, end / 4), quoted)
        if not it.holds:
            assert code(found) == "booking_over"
        elif not self._free(it.space, begin, end, name):
            assert code(found) == "overlap"
        else:
            assert isinstance(found, Booking), found
            it.begin, it.end, it.held_minor = begin, end, quoted

    @rule(name=made, free=st.booleans())
    def move_space(self, name: str, free: bool) -> None:
        it = self.kept[name]
        other = "S2" if it.space == "S1" else "S1"
        quoted = None if free else RATE[other] * (it.end - it.begin) // 4
        found = move_space(self.rig, self._row(name), other, quoted)
        if not it.holds:
            assert code(found) == "booking_over"
        elif not self._free(other, it.begin, it.end):
            assert code(found) == "overlap"
        else:
            assert isinstance(found, Booking), found
            it.space = other
            it.held_minor = it.held_minor if quoted is None else quoted

    @rule(name=made, plate=st.sampled_from(["沪A12345", "京B99999"]))
    def change_plate(self, name: str, plate: str) -> None:
        found = change_plate(self.rig, self._row(name), plate)
        assert isinstance(found, Booking) == self.kept[name].holds

    @rule(name=consumes(made))
    def cancel(self, name: str) -> None:
        found = cancel(self.rig, self._row(name))
        if self.kept[name].holds:
            assert isinstance(found, Booking), found
        else:
            assert code(found) == "too_late"
        self.kept[name].holds = False

    @rule(name=made, command=st.integers())
    def release_late(self, name: str, command: int) -> None:
        """As the sweep would, long after all of them: and back in time again."""
        if command % 7:
            return
        late = at(40 * 3600) + timedelta(hours=1)
        self.rig.db.write(lambda s: booking_no_shows.expire(s, f"late-{self.keys}-{name}", late))
        self.keys += 1
        for it in self.kept.values():
            it.holds = False

    def _row(self, name: str) -> Booking:
        return now(self.rig, Booking(id=name))  # type: ignore[call-arg]

    @invariant()
    def as_the_model_has_it(self) -> None:
        rows = self.rig.db.read(lambda s: list(s.exec(select(Booking))))
        holding = {row.id: row for row in rows if row.state in HOLDING}
        assert set(holding) == {name for name, it in self.kept.items() if it.holds}
        for name, row in holding.items():
            it = self.kept[name]
            assert (row.space, row.held_minor) == (it.space, it.held_minor)
            assert row.starts_ms // 1000 == at(it.begin * 900).timestamp()
            assert row.ends_ms // 1000 == at(it.end * 900).timestamp()

    @invariant()
    def no_two_overlap(self) -> None:
        rows = self.rig.db.read(lambda s: list(s.exec(select(Booking))))
        taken = sorted((r.space, r.starts_ms, r.ends_ms) for r in rows if r.state in HOLDING)
        for (space, _, ends_ms), (following, starts_ms, _) in zip(taken, taken[1:]):
            assert space != following or ends_ms <= starts_ms

    @invariant()
    def holds_are_the_quotes_of_those_that_hold(self) -> None:
        assert held(self.rig) == sum(it.held_minor for it in self.kept.values() if it.holds)
        available = self.rig.db.read(lambda s: accounts.balance(s, self.rig.driver))
        assert available == 100_000 - held(self.rig)

    @invariant()
    def what_was_agreed_is_bound_and_its_history_is_a_way_through_the_table(self) -> None:
        rows, old = self.rig.db.read(
            lambda s: (list(s.exec(select(Booking))), list(s.exec(select(Superseded))))
        )
        for row in rows:
            record = bookings.record_of(row)
            assert record.grant == record.grant_of_terms() == row.grant
            told = json.loads(row.history)
            assert [it["at"] for it in told] == sorted(it["at"] for it in told)
            steps = [it["state"] for it in told]
            assert all(_step(a, b) for a, b in zip(steps, steps[1:])), steps
        grants = {row.grant for row in rows} | {row.grant for row in old}
        assert len(grants) == len(rows) + len(old)


def _step(before: str, after: str) -> bool:
    return after in {state for (since, _), state in MOVES.items() if since == before}


Life.TestCase.settings = settings(
    max_examples=3,
    stateful_step_count=16,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLife = Life.TestCase
