"""Drivers at their telephones: they book, book twice, want what is taken, and cancel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from cloud.core.reasons import Refusal
from cloud.errors import CloudError
from cloud.tables import Booking
from cloud.usecases import bookings
from contracts.ledger.pricing import Tariff, Terms, Window, quote, total
from firmware_sim.city.clocks import CityClock, truly
from firmware_sim.city.disk import Killed
from firmware_sim.city.hall import Hall
from firmware_sim.city.town import Wish
from firmware_sim.clock import NS

TRIES, TRY_AGAIN_S = 6, 25.0


@dataclass
class Made:
    """What became of a wish: `booking` where it was agreed, when that was heard, when cancelled."""

    wish: Wish
    booking: str | None = None
    at_s: float | None = None
    cancelled_s: float | None = None
    refused: str = ""


@dataclass
class People:
    world: CityClock
    hall: Hall
    drivers: tuple[int, ...]
    tariffs: dict[str, Tariff]
    terms: Terms
    wrong: Callable[[str, str], None]
    tell: Callable[[str], None]
    made: dict[str, Made] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ids = count(1)

    def plan(self, wish: Wish) -> None:
        self.made[wish.key] = Made(wish)
        self._at(wish.asked_s, lambda: self._ask(wish, TRIES))

    def _ask(self, wish: Wish, tries: int) -> None:
        """As an app does: the same key again until there is an answer."""
        found = self._tried(lambda: self._confirm(wish, wish.key, wish.driver))
        made = self.made[wish.key]
        if found is None:
            if tries and self.world.now_s + TRY_AGAIN_S < wish.ends_s:
                self._at(self.world.now_s + TRY_AGAIN_S, lambda: self._ask(wish, tries - 1))
            return
        if isinstance(found, Refusal):
            made.refused = found.reasons[0].code
            self.tell(f"{wish.key} is refused: {made.refused}")
            return
        made.booking, made.at_s = found.id, self.world.now_s
        self.tell(f"{wish.key} is {found.id}")
        self.hall.soon()
        if wish.again:
            again = self._tried(lambda: self._confirm(wish, wish.key, wish.driver))
            if again is not None and getattr(again, "id", "") != found.id:
                self.wrong("I13", f"{wish.key} asked twice is two answers")
        if wish.rival:
            self._rival(wish)
        if wish.cancelled_s is not None:
            at_s = max(wish.cancelled_s, self.world.now_s)
            self._at(at_s, lambda: self._cancel(made, TRIES))

    def _rival(self, wish: Wish) -> None:
        """Another wants a part of the same time."""
        driver = (wish.driver + 1) % len(self.drivers)
        found = self._tried(lambda: self._confirm(wish, f"{wish.key}-rival", driver, 60.0))
        if isinstance(found, Booking):
            self.wrong("I2", f"{wish.space} was booked twice: {wish.key}")

    def _cancel(self, made: Made, tries: int) -> None:
        def story() -> Booking | Refusal:
            command = f"cancel-{next(self._ids)}"
            now = self.hall.clock.now()
            return self.hall.db.write(
                lambda s: bookings.cancel(s, made.booking or "", command, now)
            )

        found = self._tried(story)
        if found is None and tries:
            at_s = self.world.now_s + TRY_AGAIN_S
            self._at(at_s, lambda: self._cancel(made, tries - 1))
        elif isinstance(found, Booking):
            made.cancelled_s = self.world.now_s
            self.tell(f"{made.booking} is cancelled")
            self.hall.soon()

    def _confirm(
        self, wish: Wish, key: str, driver: int, later_s: float = 0.0
    ) -> Booking | Refusal:
        starts_at, ends_at = truly(wish.starts_s + later_s), truly(wish.ends_s)
        window = Window(starts_at=starts_at, ends_at=ends_at)
        asked = bookings.Asked(
            request_key=key,
            driver=self.drivers[driver],
            space=wish.space,
            window=window,
            plate=wish.plate,
            quoted_minor=total(quote(self.tariffs[wish.space], self.terms, window)),
        )
        number = next(self._ids)
        ids = bookings.Ids(f"b-{number}", f"grant-{number}")
        now = self.hall.clock.now()
        return self.hall.db.write(lambda s: bookings.confirm(s, asked, ids, now))

    def _tried(self, story: Callable[[], Booking | Refusal]) -> Booking | Refusal | None:
        """None: no answer came, and whether it was done nobody knows."""
        if not self.hall.up:
            return None
        try:
            return story()
        except Killed as point:
            self.tell(f"killed as it {point}")
            self.hall.kill(self.hall.off_s)
            return None
        except CloudError:
            return None

    def _at(self, at_s: float, action: Callable[[], None]) -> None:
        self.world.at(max(round(at_s * NS), self.world.now_ns()), action)
