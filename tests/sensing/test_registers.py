"""The register simulators: against the data sheets, and against the driver that runs on them."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters.magnetometers import Magnetometer
from edge.core.chips import CHIPS, ChipKind
from firmware_sim.clock import VirtualClock
from firmware_sim.registers import (
    Hmc5883l,
    Mishap,
    Qmc5883l,
    Qmc5883p,
    RegisterChip,
    SimulatedBus,
    Vector,
)

NS = 1_000_000_000
MS = 1_000_000
MAKE: dict[ChipKind, type[RegisterChip]] = {
    "qmc5883l": Qmc5883l,
    "hmc5883l": Hmc5883l,
    "qmc5883p": Qmc5883p,
}
# Within the range of each at its settings; Earth and a parked car together stay below 150 uT.
RANGE_UT = 150.0
FIELDS = st.tuples(*[st.floats(-RANGE_UT, RANGE_UT)] * 3)


class Bench:
    """One chip, spoken to register by register."""

    def __init__(
        self, kind: ChipKind, ut: Vector = (10.0, -20.0, 30.0), mishaps: Sequence[Mishap] = ()
    ) -> None:
        self.clock, self.ut = VirtualClock(), ut
        self.chip = MAKE[kind](
            lambda _: self.ut, self.clock.now_ns, Random(3), noise_ut=0.0, mishaps=mishaps
        )
        self.address = CHIPS[kind].address
        self.bus = SimulatedBus({self.address: self.chip}, self.clock.now_ns)

    def pass_ms(self, ms: float) -> None:
        self.clock.advance_to(self.clock.now_ns() + round(ms * MS))

    def read(self, register: int, count: int = 1) -> bytes:
        return self.bus.read(self.address, register, count)

    def write(self, register: int, *values: int) -> None:
        self.bus.write(self.address, register, bytes(values))

    def little(self, register: int) -> int:
        return int.from_bytes(self.read(register, 2), "little", signed=True)

    def big(self, register: int) -> int:
        return int.from_bytes(self.read(register, 2), "big", signed=True)


def spread_ut(kind: ChipKind, register: int, control: int) -> float:
    """Of x at 200 Hz and the power-on range, in an empty field with the noise at 0.3 uT."""
    clock = VirtualClock()
    chip = MAKE[kind](lambda _: (0.0, 0.0, 0.0), clock.now_ns, Random(3), noise_ut=0.3)
    chip.write(register, bytes([control]))
    counts = []
    for _ in range(600):
        clock.advance_to(clock.now_ns() + 5 * MS)
        data = chip.read(CHIPS[kind].data_first, 6)
        counts.append(int.from_bytes(data[:2], "little", signed=True))
    lsb_per_ut = {"qmc5883l": 120, "qmc5883p": 10}[kind]
    return float((sum(c * c for c in counts) / len(counts)) ** 0.5) / lsb_per_ut


@given(kind=st.sampled_from(sorted(MAKE)), ut=FIELDS)
def test_what_the_driver_reads_is_the_field_within_one_count(kind: ChipKind, ut: Vector) -> None:
    bench = Bench(kind, ut)
    sensor = Magnetometer("mag0", "S1", bench.bus, "auto", None, bench.clock.now_ns)
    assert sensor.open() is None
    readings = []
    for _ in range(4):
        bench.pass_ms(100)
        readings.append(sensor.sample())
    last = readings[-1]
    assert last is not None and isinstance(last.value, tuple)
    for count, value_ut in zip(last.value, ut, strict=True):
        assert abs(count - value_ut * CHIPS[kind].lsb_per_gauss / 100) <= 1


@pytest.mark.parametrize("kind", sorted(MAKE))
def test_one_seed_makes_one_series(kind: ChipKind) -> None:
    def series(seed: int) -> list[object]:
        clock = VirtualClock()
        chip = MAKE[kind](lambda _: (1.0, 2.0, 3.0), clock.now_ns, Random(seed))
        bus = SimulatedBus({CHIPS[kind].address: chip}, clock.now_ns)
        sensor = Magnetometer("mag0", "S1", bus, kind, None, clock.now_ns)
        sensor.open()
        values: list[object] = []
        for _ in range(50):
            clock.advance_to(clock.now_ns() + NS // 10)
            reading = sensor.sample()
            values.append(reading and reading.value)
        return values

    assert series(1) == series(1) != series(2)


@pytest.mark.parametrize(
    ("kind", "register", "identity"),
    [("qmc5883l", 0x0D, b"\xff"), ("hmc5883l", 0x0A, b"H43"), ("qmc5883p", 0x00, b"\x80")],
)
def test_each_says_who_it_is(kind: ChipKind, register: int, identity: bytes) -> None:
    assert Bench(kind).read(register, len(identity)) == identity


class TestQmc5883l:
    @pytest.mark.parametrize(("odr", "hz"), [(0, 10), (1, 50), (2, 100), (3, 200)])
    def test_data_is_ready_at_its_rate_and_read_once(self, odr: int, hz: int) -> None:
        bench = Bench("qmc5883l")
        bench.write(0x09, odr << 2 | 1)
        bench.pass_ms(999 / hz)
        assert bench.read(0x06) == b"\x00"
        bench.pass_ms(1 / hz + 0.01)
        assert bench.read(0x06) == b"\x01"
        bench.read(0x00, 6)
        assert bench.read(0x06) == b"\x00"

    def test_samples_that_nobody_read_are_told_as_skipped(self) -> None:
        bench = Bench("qmc5883l")
        bench.write(0x09, 0b0101)
        bench.pass_ms(45)
        assert bench.read(0x06) == b"\x05"

    def test_in_standby_it_measures_nothing(self) -> None:
        bench = Bench("qmc5883l")
        bench.pass_ms(1000)
        assert bench.read(0x00, 7) == bytes(7)

    @pytest.mark.parametrize(("rng", "lsb"), [(0, 12_000), (1, 3_000)])
    def test_the_range_sets_the_scale(self, rng: int, lsb: int) -> None:
        bench = Bench("qmc5883l")
        bench.write(0x09, rng << 4 | 0b1101)
        bench.pass_ms(6)
        assert [bench.little(r) for r in (0, 2, 4)] == [lsb // 10, -lsb // 5, 3 * lsb // 10]

    def test_beyond_the_range_it_saturates_and_says_so_until_it_is_over(self) -> None:
        bench = Bench("qmc5883l", (300.0, -300.0, 0.0))
        bench.write(0x09, 0b1101)
        bench.pass_ms(6)
        assert bench.read(0x06)[0] & 0b010
        assert [bench.little(r) for r in (0, 2, 4)] == [32_767, -32_768, 0]
        bench.ut = (0.0, 0.0, 0.0)
        bench.pass_ms(6)
        assert not bench.read(0x06)[0] & 0b010

    @pytest.mark.parametrize(("osr", "more"), [(0, 1.0), (1, 2**0.5), (2, 2.0), (3, 8**0.5)])
    def test_less_oversampling_is_more_noise(self, osr: int, more: float) -> None:
        assert spread_ut("qmc5883l", 0x09, osr << 6 | 0b1101) == pytest.approx(0.3 * more, rel=0.15)

    def test_a_soft_reset_is_as_power_on(self) -> None:
        bench = Bench("qmc5883l")
        bench.write(0x09, 0b1101)
        bench.write(0x0A, 0x80)
        assert bench.read(0x09, 2) == b"\x00\x00"
        bench.pass_ms(100)
        assert bench.read(0x06) == b"\x00"

    def test_with_roll_over_the_pointer_goes_from_status_to_data(self) -> None:
        bench = Bench("qmc5883l")
        bench.write(0x0A, 0x40)
        bench.write(0x09, 0b1101)
        bench.pass_ms(6)
        rolled = bench.read(0x06, 7)
        assert rolled[0] == 1
        assert int.from_bytes(rolled[1:3], "little") == 1200

    def test_data_and_identity_cannot_be_written(self) -> None:
        bench = Bench("qmc5883l")
        bench.write(0x00, *[7] * 9)
        bench.write(0x0D, 7)
        assert bench.read(0x00, 9) == bytes(9)
        assert bench.read(0x0D) == b"\xff"


class TestHmc5883l:
    def test_data_is_big_endian_in_the_order_x_z_y(self) -> None:
        bench = Bench("hmc5883l")
        bench.write(0x02, 0x01)
        bench.pass_ms(7)
        assert [bench.big(r) for r in (3, 5, 7)] == [109, 327, -218]

    def test_one_measurement_and_then_it_idles(self) -> None:
        bench = Bench("hmc5883l")
        bench.write(0x00, 0x70)
        bench.write(0x02, 0x01)
        bench.pass_ms(47)
        assert bench.read(0x02)[0] & 3 == 1
        bench.pass_ms(2)
        assert bench.read(0x02)[0] & 3 == 3
        bench.ut = (99.0, 0.0, 0.0)
        bench.pass_ms(1000)
        assert bench.big(3) == 109

    @pytest.mark.parametrize(
        ("rate", "hz"), [(0, 0.75), (1, 1.5), (2, 3), (3, 7.5), (4, 15), (5, 30), (6, 75)]
    )
    def test_in_continuous_mode_it_follows_its_rate(self, rate: int, hz: float) -> None:
        bench = Bench("hmc5883l")
        bench.write(0x00, rate << 2, 0x20, 0x00)
        bench.pass_ms(999 / hz)
        assert bench.read(0x09) == b"\x00"
        bench.pass_ms(2 / hz)
        assert bench.read(0x09) == b"\x01"

    def test_ready_stays_up_when_it_was_read(self) -> None:
        bench = Bench("hmc5883l")
        bench.write(0x02, 0x00)
        bench.pass_ms(70)
        bench.read(0x03, 6)
        assert bench.read(0x09) == b"\x01"

    def test_half_read_it_is_locked(self) -> None:
        bench = Bench("hmc5883l")
        bench.write(0x02, 0x00)
        bench.pass_ms(70)
        assert bench.big(3) == 109
        assert bench.read(0x09) == b"\x03"
        bench.ut = (0.0, 0.0, 0.0)
        bench.pass_ms(70)
        assert [bench.big(r) for r in (5, 7)] == [327, -218]
        bench.pass_ms(70)
        assert bench.big(3) == 0

    def test_an_axis_beyond_the_range_alone_is_marked(self) -> None:
        bench = Bench("hmc5883l", (200.0, 20.0, -30.0))
        bench.write(0x02, 0x01)
        bench.pass_ms(7)
        assert [bench.big(r) for r in (3, 5, 7)] == [-4096, -327, 218]

    @pytest.mark.parametrize(
        ("gain", "lsb"),
        list(enumerate([1370, 1090, 820, 660, 440, 390, 330, 230])),
    )
    def test_a_gain_holds_from_the_second_measurement_on(self, gain: int, lsb: int) -> None:
        bench = Bench("hmc5883l")
        bench.write(0x01, gain << 5, 0x01)
        bench.pass_ms(7)
        assert bench.big(3) == 109
        bench.write(0x02, 0x01)
        bench.pass_ms(7)
        bench.read(0x05, 4)
        bench.write(0x02, 0x01)
        bench.pass_ms(7)
        assert bench.big(3) == round(lsb / 10)

    def test_the_pointer_stays_within_the_data_and_within_the_map(self) -> None:
        bench = Bench("hmc5883l")
        bench.write(0x02, 0x01)
        bench.pass_ms(7)
        assert bench.read(0x07, 4)[2:] == bench.read(0x03, 2)
        assert bench.read(0x0A, 4) == b"H43\x10"


class TestQmc5883p:
    def start(self, bench: Bench, control: int = 0b0101, ranged: int = 0b1000) -> None:
        bench.write(0x0B, ranged)
        bench.write(0x0A, control)

    @pytest.mark.parametrize(("odr", "hz"), [(0, 10), (1, 50), (2, 100), (3, 200)])
    def test_data_is_ready_at_its_rate_until_the_status_is_read(self, odr: int, hz: int) -> None:
        bench = Bench("qmc5883p")
        self.start(bench, odr << 2 | 1)
        bench.pass_ms(999 / hz)
        assert bench.read(0x09) == b"\x00"
        bench.pass_ms(1 / hz + 0.01)
        assert bench.read(0x09) == b"\x01"
        assert bench.read(0x09) == b"\x00"

    @pytest.mark.parametrize(
        ("ranged", "lsb"), [(0, 1_000), (0b0100, 2_500), (0b1000, 3_750), (0b1100, 15_000)]
    )
    def test_the_range_sets_the_scale(self, ranged: int, lsb: int) -> None:
        bench = Bench("qmc5883p")
        self.start(bench, ranged=ranged)
        bench.pass_ms(21)
        assert [bench.little(r) for r in (1, 3, 5)] == [lsb // 10, -lsb // 5, 3 * lsb // 10]

    def test_beyond_the_range_it_says_so_once(self) -> None:
        bench = Bench("qmc5883p", (201.0, 0.0, 0.0))
        self.start(bench, ranged=0b1100)
        bench.pass_ms(21)
        assert bench.little(1) == 30_150
        assert bench.read(0x09) == b"\x03"
        assert bench.read(0x09) == b"\x00"

    def test_without_set_and_reset_it_keeps_an_offset(self) -> None:
        bench = Bench("qmc5883p")
        self.start(bench, ranged=0b1010)
        bench.pass_ms(21)
        assert bench.little(1) == 1125

    @pytest.mark.parametrize(("filters", "more"), [(0b1100, 1.0), (0b1111, 8**0.5), (0b0011, 8.0)])
    def test_less_filtering_is_more_noise(self, filters: int, more: float) -> None:
        noise_ut = spread_ut("qmc5883p", 0x0A, filters << 4 | 0b1101)
        assert noise_ut == pytest.approx(0.3 * more, rel=0.15)

    def test_its_mode_changes_only_through_suspend(self) -> None:
        bench = Bench("qmc5883p")
        self.start(bench)
        bench.write(0x0A, 0b0111)
        assert bench.read(0x0A) == b"\x05"
        bench.write(0x0A, 0)
        bench.write(0x0A, 0b0111)
        assert bench.read(0x0A) == b"\x07"

    def test_a_single_measurement_ends_in_suspend(self) -> None:
        bench = Bench("qmc5883p")
        self.start(bench, 0b0110)
        bench.pass_ms(6)
        assert bench.read(0x09, 2) == b"\x01\x04"
        bench.pass_ms(1000)
        assert bench.read(0x09) == b"\x00"

    def test_a_soft_reset_is_as_power_on(self) -> None:
        bench = Bench("qmc5883p")
        self.start(bench)
        bench.write(0x0B, 0x80)
        assert bench.read(0x0A, 2) == b"\x00\x00"


def test_an_absent_chip_does_not_acknowledge() -> None:
    bench = Bench("qmc5883l")
    with pytest.raises(OSError, match="Remote I/O error"):
        bench.bus.read(0x1E, 0, 1)
    with pytest.raises(OSError, match="Remote I/O error"):
        bench.bus.write(0x1E, 0, b"\x00")


@pytest.mark.parametrize("kind", sorted(MAKE))
def test_plugged_in_again_it_has_its_power_on_settings(kind: ChipKind) -> None:
    bench = Bench(kind, mishaps=[Mishap("unplugged", NS, 2 * NS)])
    before = bytes(bench.chip.registers)
    for registers in CHIPS[kind].set_up:
        bench.write(*registers[:1], *registers.data)
    assert bytes(bench.chip.registers) != before
    bench.pass_ms(1000)
    with pytest.raises(OSError):
        bench.read(0x00)
    bench.pass_ms(1000)
    bench.read(0x09)
    assert bytes(bench.chip.registers) == before
