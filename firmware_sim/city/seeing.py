"""I1 and I8 against the ground truth: each car that was there, once, for as long as it was.

Where a gateway could see a car come and go with a right clock, all of it is demanded: one stay,
its times, its booking, its price. Where it could not, never more than the truth is demanded of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware_sim.city.clocks import BEGINS_AT, truly
from firmware_sim.city.people import Made
from firmware_sim.city.town import Visit

if TYPE_CHECKING:
    from firmware_sim.city.judging import Books

# What a detector with one ultrasonic sensor may be off by, and how long it takes to be sure.
OFF_S, SURE_S = 30.0, 110.0
SOME_S = 1.0
BEGINS_MS = round(BEGINS_AT.timestamp() * 1000)
Spans = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A stay as the cloud has it; times by its event, in truth's seconds; `told_s`: when its first
    and its last event truly were written."""

    row: sqlite3.Row
    came_s: float
    left_s: float | None
    told_s: tuple[float, float | None]


def judge(books: Books) -> None:
    stays = _stays(books)
    blind = _blind(books)
    settled = {
        row["booking"]: row
        for row in books.rows("SELECT * FROM settlement WHERE stay < 1099511627776")
    }
    states = {row["id"]: row for row in books.rows("SELECT * FROM booking")}
    for space in books.scene.town.spaces:
        visits = [visit for visit in books.scene.town.visits if visit.space == space]
        _ghosts(books, space, visits, stays[space])
        for visit in visits:
            _Visit(books, visit, stays[space], blind[space], settled, states).judge()
    _nobody(books, settled, states)


def _stays(books: Books) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = defaultdict(list)
    kept = books.records.kept
    for row in books.rows("SELECT * FROM stay ORDER BY number"):
        first = row["opened_seq"] or row["first_seq"]
        came = kept.get((row["gateway"], row["epoch"], first))
        left = kept.get((row["gateway"], row["epoch"], row["last_seq"] or 0))
        if left is not None and came is not None and left.at_s < came.at_s:
            left = None  # Numbered in a later epoch.
        if row["state"] == "open":
            books.wrong("I1", f"stay {row['number']} in {row['space']} is open; every car has left")
        found[row["space"]].append(
            Seen(
                row,
                (row["arrived_ms"] - BEGINS_MS) / 1000,
                None if row["departed_ms"] is None else (row["departed_ms"] - BEGINS_MS) / 1000,
                (came.at_s if came else -1.0, left.at_s if left else None),
            )
        )
    return found


def _blind(books: Books) -> dict[str, Spans]:
    """When a space could not be seen, or not be dated, as truth has it."""
    scene = books.scene
    found: dict[str, Spans] = {}
    for name, board in scene.boards.items():
        common = [(down - SURE_S, up + SURE_S) for down, up in board.downs]
        common += [*scene.strikes.odd[name], *board.undated]
        common += [(at - 5.0, at + SURE_S) for at in scene.strikes.rekeyed[name]]
        if name in scene.records.forgetful:
            common.append((0.0, 1e12))
        for look in board.lookouts:
            own = [(t.from_s - 1.0, t.until_s + SURE_S) for t in look.troubles]
            found[look.space] = [*common, *own]
    return found


def _ghosts(books: Books, space: str, visits: list[Visit], stays: list[Seen]) -> None:
    """No stay without a car: by when its events were written, whatever they say of the time."""
    for seen in stays:
        told_s, left_s = seen.told_s
        if told_s < 0:
            continue
        until_s = left_s if left_s is not None else 1e12
        # Written late where the disk was full; never before the car was there.
        if not any(v.arrives_s <= told_s and v.arrives_s < until_s for v in visits):
            stay = f"stay {seen.row['number']} in {space}, told at {told_s:.0f} s"
            books.wrong("I1", f"{stay}: no car had come")


class _Visit:
    def __init__(
        self,
        books: Books,
        visit: Visit,
        stays: list[Seen],
        blind: Spans,
        settled: dict[str, sqlite3.Row],
        states: dict[str, sqlite3.Row],
    ) -> None:
        self.books, self.visit, self.stays = books, visit, stays
        self.blind, self.settled, self.states = blind, settled, states
        made = books.scene.people.made.get(visit.wish.key) if visit.wish else None
        self.made: Made | None = made if made is not None and made.booking else None

    def judge(self) -> None:
        self._never_more()
        if self._seen_throughout():
            self._once()
        self._not_blamed()

    def _name(self) -> str:
        it = self.visit
        by = f" by {self.made.booking}" if self.made else ""
        return f"visit {it.number} of {it.space} [{it.arrives_s:.0f}, {it.departs_s:.0f}]{by}"

    def _seen_throughout(self) -> bool:
        from_s, until_s = self.visit.arrives_s - SURE_S, self.visit.departs_s + SURE_S
        return not any(a < until_s and b > from_s for a, b in self.blind)

    def _own(self) -> list[Seen]:
        """By a right clock: those that overlap the truth."""
        it = self.visit
        return [
            seen
            for seen in self.stays
            if seen.came_s < it.departs_s - OFF_S
            and (seen.left_s is None or seen.left_s > it.arrives_s + OFF_S)
        ]

    def _once(self) -> None:
        it, own = self.visit, self._own()
        if len(own) != 1:
            told = [(s.row["number"], s.came_s, s.left_s, s.row["state"]) for s in own]
            self.books.wrong("I1", f"{self._name()} has {len(own)} stays: {told}")
            return
        (seen,) = own
        off = [abs(seen.came_s - it.arrives_s), abs((seen.left_s or 0.0) - it.departs_s)]
        if max(off) > OFF_S:
            other = f"stay {seen.row['number']} [{seen.came_s:.0f}, {seen.left_s}]"
            self.books.wrong("I1", f"{self._name()} is {other}")
        if self.made is not None:
            self._booked(seen, self.made)
        elif seen.row["booking"] is not None:
            self.books.wrong("I1", f"{self._name()} was put on booking {seen.row['booking']}")

    def _booked(self, seen: Seen, made: Made) -> None:
        """Whose camera read was right, and who came in time, has one stay and one bill."""
        it, wish, terms = self.visit, made.wish, self.books.scene.people.terms
        state = self.states[made.booking or ""]
        in_time = (
            wish.starts_s - terms.early_start_s + 5 < it.arrives_s
            and it.arrives_s < wish.starts_s + terms.no_show_timeout_s
            and it.arrives_s + 5 > (made.at_s or 0.0) + 60
        )
        if made.cancelled_s is not None or it.read != it.plate or not in_time:
            return
        if seen.row["booking"] != made.booking:
            found = f"stay {seen.row['number']}, {seen.row['kind']}, of {seen.row['booking']}"
            self.books.wrong("I1", f"{self._name()} ({state['state']}) is {found}")
            return
        bill = self.settled.get(made.booking or "")
        if bill is None:
            self.books.records.counts["unpriced"] += 1
            asked = "SELECT code FROM alarm WHERE id = ?"
            alarms = self.books.rows(asked, f"dispute:{seen.row['number']}")
            why = alarms[0]["code"] if alarms else "nobody was told"
            cut_off = self.books.scene.strikes.between(wish.ends_s, it.departs_s)
            unproven = why == "broken_evidence" and (self._rekeyed() or self._unheard())
            if unproven or (why == "overstay_unconfirmed" and cut_off):
                self.books.records.counts["for_a_person"] += 1
                return
            self.books.wrong("I1", f"{self._name()} is {seen.row['state']}: {why}")
            return
        self.books.records.counts["priced"] += 1
        self._price(made, bill)

    def _price(self, made: Made, bill: sqlite3.Row) -> None:
        """By a reckoning of our own, from the truth: at most that, and at most a little less."""
        it, wish = self.visit, made.wish
        least = self._worth(it.arrives_s + 4 * OFF_S, it.departs_s - 4 * OFF_S)
        most = self._worth(it.arrives_s - SOME_S, it.departs_s + SOME_S)
        if not least <= bill["amount_minor"] <= most:
            booked = f"booked [{wish.starts_s:.0f}, {wish.ends_s:.0f}]"
            cost = f"costs {bill['amount_minor']}, not {least} to {most}"
            self.books.wrong("I1", f"{self._name()} {cost}; {booked}")
        if bill["paid_minor"] != bill["amount_minor"]:
            paid = f"{bill['paid_minor']} of {bill['amount_minor']} paid"
            self.books.wrong("I1", f"{self._name()}: {paid}")

    def _worth(self, from_s: float, until_s: float) -> int:
        wish = self.visit.wish
        assert wish is not None
        people = self.books.scene.people
        tariff, terms = people.tariffs[wish.space], people.terms
        inside_s = max(0.0, min(until_s, wish.ends_s) - from_s)
        late_s = max(0.0, until_s - max(from_s, wish.ends_s + terms.grace_s))
        step = tariff.step_s
        inside = int(inside_s // step) * step * tariff.per_hour_minor // 3600
        rate = tariff.per_hour_minor * tariff.overstay_percent // 100
        return inside + int(late_s // step) * step * rate // 3600

    def _never_more(self) -> None:
        """I8: whatever the clocks said, nobody pays for longer than he was there."""
        if self.made is None:
            return
        bill = self.settled.get(self.made.booking or "")
        if bill is None or self._undatable():
            return
        billed_s = json.loads(bill["record"])["billed_s"]
        stands_s = self._until_s() - self.visit.arrives_s + SOME_S
        if billed_s > stands_s:
            self.books.wrong("I8", f"{self._name()} is billed {billed_s} s")
        if bill["amount_minor"] > self._worth_at_most(stands_s):
            self.books.wrong("I8", f"{self._name()} costs {bill['amount_minor']}")

    def _undatable(self) -> bool:
        """Its two ends were dated by two boots, one of them by a clock that somebody had set."""
        it, scene = self.visit, self.books.scene
        name = scene.town.gateway_of(it.space)
        booted = any(it.arrives_s < at < it.departs_s + SURE_S for at in scene.boards[name].boots)
        odd = any(
            a < it.departs_s + SURE_S and b > it.arrives_s for a, b in scene.strikes.odd[name]
        )
        self.books.records.counts["undatable"] += booted and odd
        return booted and odd

    def _unheard(self) -> bool:
        """It could not hear of the booking in time, or took it for past by a clock set wrong."""
        heard_s = self.books.records.granted.get(self.made.booking or "" if self.made else "")
        odd = self.books.scene.strikes.odd[self.books.scene.town.gateway_of(self.visit.space)]
        late = heard_s is None or heard_s > self.visit.departs_s - SURE_S
        return late or any(begins <= (heard_s or 0.0) < ends for begins, ends in odd)

    def _rekeyed(self) -> bool:
        """No receipt proves events of a key that has gone: a person decides, and was told."""
        name = self.books.scene.town.gateway_of(self.visit.space)
        return any(at > self.visit.arrives_s for at in self.books.scene.strikes.rekeyed[name])

    def _until_s(self) -> float:
        """Where one left and another came while nobody could see, nobody can tell them apart."""
        it = self.visit
        later = [v for v in self.books.scene.town.visits if v.space == it.space]
        until_s = it.departs_s
        for visit in later:
            swapped = any(a < until_s and b > visit.arrives_s for a, b in self.blind)
            if visit.arrives_s >= until_s and swapped:
                until_s = visit.departs_s
                self.books.records.counts["unseen_swaps"] += 1
        return until_s

    def _worth_at_most(self, stands_s: float) -> int:
        """If all of it were in the dearest time."""
        tariff = self.books.scene.people.tariffs[self.visit.space]
        rate = tariff.per_hour_minor * max(100, tariff.overstay_percent) // 100
        return int(stands_s * rate // 3600) + 1

    def _not_blamed(self) -> None:
        """Who came in time, with a plate that could be read, did not fail to come."""
        made, it = self.made, self.visit
        if made is None or it.read != it.plate or made.cancelled_s is not None:
            return
        terms = self.books.scene.people.terms
        state = self.states[made.booking or ""]["state"]
        came_in_time = it.arrives_s < made.wish.starts_s + terms.no_show_timeout_s - 60
        not_early = it.arrives_s > made.wish.starts_s - terms.early_start_s + 5
        fee = self.books.rows("SELECT * FROM charge WHERE booking = ?", made.booking)
        if came_in_time and not_early and fee:
            self.books.wrong("I1", f"{self._name()} came, and owes a fee for not coming ({state})")


def _nobody(books: Books, settled: dict[str, sqlite3.Row], states: dict[str, sqlite3.Row]) -> None:
    """A booking that no car came for costs at most its fee."""
    came = {visit.wish.key for visit in books.scene.town.visits if visit.wish}
    for made in books.scene.people.made.values():
        if made.booking is None or made.wish.key in came:
            continue
        bill = settled.get(made.booking)
        fee = books.scene.people.terms.no_show_fee_minor
        if bill is not None and bill["amount_minor"] > fee:
            books.wrong("I1", f"{made.booking}: nobody came, and it costs {bill['amount_minor']}")
        state = states[made.booking]["state"]
        if state not in ("cancelled", "no_show", "settled"):
            books.wrong("I20", f"{made.booking}: nobody came, and it is {state} at {truly(0)}")
