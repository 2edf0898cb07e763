"""What a space shows: the table, and lamps real (on gpiozero's mock pins) and fake."""

from collections.abc import Callable, Iterator
from itertools import product
from threading import Event
from typing import Protocol, get_args

import pytest
from gpiozero import LED
from gpiozero.pins.mock import MockFactory, MockPin

from edge.adapters.fake_lamps import FakeLamps
from edge.adapters.lamps import Lamps, Wires
from edge.core.occupancy import Occupancy
from edge.core.signals import DARK, LOOKS, Look, Shown, shown
from edge.errors import PinsMissing

WIRES = Wires(green=17, red=27, buzzer=22, lock=10, barrier=9)
STEADY: list[Shown] = [
    name for name, look in LOOKS.items() if {look.green, look.red} <= {"on", "off"}
]


class Rig(Protocol):
    lamps: Lamps | FakeLamps

    def lit(self) -> tuple[bool, bool]:
        """Green, red."""

    def closed(self) -> tuple[bool, bool]:
        """Lock, barrier."""

    def end(self) -> None: ...


class WatchedPin(MockPin):
    """A mock pin calls nobody when it is driven as an output; this one does."""

    def _change_state(self, value: bool) -> bool:
        changed: bool = super()._change_state(value)
        if changed:
            self.factory.moved(self.info.name, value)
        return changed


class WatchedPins(MockFactory):
    def __init__(self) -> None:
        super().__init__("c03114", WatchedPin)
        self.listeners: dict[str, Callable[[bool], object]] = {}

    def moved(self, name: str, high: bool) -> None:
        if listener := self.listeners.get(name):
            listener(high)


class Real:
    def __init__(self) -> None:
        self.pins = WatchedPins()
        self.lamps: Lamps | FakeLamps = Lamps({"S1": WIRES}, self.pins)

    def level(self, pin: int) -> bool:
        return bool(self.pins.pin(pin).state)

    def lit(self) -> tuple[bool, bool]:
        return self.level(17), self.level(27)

    def closed(self) -> tuple[bool, bool]:
        return self.level(10), self.level(9)

    def end(self) -> None:
        self.lamps.close()
        self.pins.reset()


class Fake:
    def __init__(self) -> None:
        self._fake = FakeLamps(["S1"])
        self.lamps: Lamps | FakeLamps = self._fake

    @property
    def _look(self) -> Look:
        return self._fake.looks["S1"]

    def lit(self) -> tuple[bool, bool]:
        return self._look.green == "on", self._look.red == "on"

    def closed(self) -> tuple[bool, bool]:
        return self._look.lock_closed, self._look.barrier_closed

    def end(self) -> None:
        pass


@pytest.fixture(params=[Real, Fake])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig: Rig = request.param()
    yield rig
    rig.end()


@pytest.fixture
def real() -> Iterator[Real]:
    rig = Real()
    yield rig
    rig.end()


def everything() -> Iterator[tuple[Occupancy, bool, bool]]:
    yield from product(get_args(Occupancy), (True, False), (True, False))


def test_every_combination_shows_something() -> None:
    assert {shown(*known) for known in everything()} == set(get_args(Shown)) == set(LOOKS)


@pytest.mark.parametrize("known", list(everything()))
def test_lock_and_barrier_are_closed_only_where_nobody_can_be_locked_in_or_out(
    known: tuple[Occupancy, bool, bool],
) -> None:
    look = LOOKS[shown(*known)]
    surely_nobody = known == ("free", False, True)
    assert (look.lock_closed, look.barrier_closed) == (surely_nobody, surely_nobody)


def test_no_two_states_look_alike_in_black_and_white() -> None:
    """One lamp of each colour, told apart by place; then without place or colour but for free."""
    assert len({(look.green, look.red) for look in LOOKS.values()}) == len(LOOKS)
    blinking = [look for look in LOOKS.values() if "slow" in (look.green, look.red)]
    assert LOOKS["free"] not in blinking and LOOKS["unknown"] in blinking


def test_before_anything_is_known_all_is_dark_and_open(rig: Rig) -> None:
    assert rig.lit() == (False, False)
    assert rig.closed() == (False, False)


@pytest.mark.parametrize("name", STEADY)
def test_steady_lamps_lock_and_barrier_are_as_the_table_says(rig: Rig, name: Shown) -> None:
    look = LOOKS[name]
    rig.lamps.show("S1", name)
    assert rig.lit() == (look.green == "on", look.red == "on")
    assert rig.closed() == (look.lock_closed, look.barrier_closed)


def test_when_the_space_becomes_unknown_the_lock_opens(rig: Rig) -> None:
    rig.lamps.show("S1", "free")
    assert rig.closed() == (True, True)
    rig.lamps.show("S1", "unknown")
    assert rig.closed() == (False, False)


def test_closing_leaves_all_dark_and_open(rig: Rig) -> None:
    rig.lamps.show("S1", "free")
    rig.lamps.close()
    assert rig.lit() == (False, False)
    assert rig.closed() == (False, False)


def test_a_space_without_outputs_shows_nothing(rig: Rig) -> None:
    rig.lamps.show("S2", "free")
    assert rig.lit() == (False, False)


def test_blinking_goes_on_and_ends_with_the_next_state(real: Real) -> None:
    """Waits for edges, not for a time: on, off and on again."""
    edges: list[bool] = []
    seen = Event()

    def changed(high: bool) -> None:
        edges.append(bool(high))
        if len(edges) >= 3:
            seen.set()

    real.pins.listeners["GPIO27"] = changed
    real.lamps.show("S1", "unexpected")
    assert seen.wait(30)
    assert edges[:3] == [True, False, True]
    real.lamps.show("S1", "occupied")
    assert real.lit() == (False, True)


def test_the_buzzer_sounds_when_somebody_comes_without_a_grant(real: Real) -> None:
    heard = Event()
    real.pins.listeners["GPIO22"] = lambda high: heard.set()
    real.lamps.show("S1", "occupied")
    assert not heard.is_set()
    real.lamps.show("S1", "unexpected")
    assert heard.wait(30)


def test_showing_the_same_again_moves_no_pin(real: Real) -> None:
    real.lamps.show("S1", "free")
    before = [len(real.pins.pin(pin).states) for pin in (17, 27, 10, 9)]
    for _ in range(5):
        real.lamps.show("S1", "free")
    assert [len(real.pins.pin(pin).states) for pin in (17, 27, 10, 9)] == before


def test_showing_the_same_again_and_again_does_not_stop_the_blinking(real: Real) -> None:
    """A blink that is begun anew with every turn of the gateway would never be dark."""
    dark = Event()
    real.pins.listeners["GPIO27"] = lambda high: None if high else dark.set()
    for _ in range(500):
        real.lamps.show("S1", "unexpected")
        if dark.wait(0.02):
            break
    assert dark.is_set()


def test_outputs_that_are_not_wired_are_left_out() -> None:
    pins = MockFactory("c03114")
    lamps = Lamps({"S1": Wires(green=17)}, pins)
    lamps.show("S1", "free")
    assert pins.pin(17).state
    lamps.close()


@pytest.mark.parametrize("wrong", [Wires(green=17, red=17), Wires(green=99)])
def test_a_wrong_pin_is_refused_and_no_pin_is_kept(wrong: Wires) -> None:
    pins = MockFactory("c03114")
    with pytest.raises(PinsMissing, match="outputs of a space"):
        Lamps({"S0": Wires(red=5), "S1": wrong}, pins)
    for pin in (5, 17):
        LED(pin, pin_factory=pins).close()


def test_the_fake_remembers_what_a_bystander_would_have_seen() -> None:
    fake = FakeLamps(["S1"])
    for name in ("free", "free", "expected"):
        fake.show("S1", name)
    assert fake.changes == [("S1", "free"), ("S1", "expected")]
    fake.close()
    assert fake.looks == {"S1": DARK}
