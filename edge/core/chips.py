"""The magnetometers we know, as data: where each answers, how it is set up, what it says.

Sources: the data sheets QMC5883L rev 1.0, HMC5883L 900405 rev E, QMC5883P rev A. None of this has
met a chip yet; doubtful: 0x29 of the QMC5883P is named only in its data sheet's examples, and that
the HMC5883L writes -4096 for an axis that overflows is what the field reports.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

ChipKind: TypeAlias = Literal["qmc5883l", "hmc5883l", "qmc5883p"]
State: TypeAlias = Literal["ready", "waiting", "skipped", "lost"]
Counts: TypeAlias = tuple[int, int, int]


class Registers(NamedTuple):
    """`data` as it is written to, or must be found in, the registers from `first` on."""

    first: int
    data: bytes


class Kept(NamedTuple):
    """Byte `at` of a state keeps `value` until the chip loses its supply."""

    at: int
    value: int


@dataclass(frozen=True, slots=True)
class Chip:
    """A state is `state_count` registers from `state_first` on: one transaction tells whether
    there is a new sample and whether the chip still has its settings.
    """

    kind: ChipKind
    address: int
    identity: Registers
    set_up: tuple[Registers, ...]
    rest: Registers  # back to its power-on settings, measuring nothing
    state_first: int
    state_count: int
    kept: tuple[Kept, ...]
    status_at: int
    ready: int  # a mask of the byte at `status_at`, as are the next three
    skipped: int
    told: int  # the bits that go into a trace
    overflow: int
    data_first: int
    layout: struct.Struct
    order: Counts  # where x, y and z stand in the layout
    lsb_per_gauss: float
    overflow_count: int | None = None
    ask: Registers | None = None  # starts one measurement; without it the chip measures by itself

    def state(self, state: bytes) -> State:
        if any(state[kept.at] != kept.value for kept in self.kept):
            return "lost"
        status = state[self.status_at]
        if status & self.ready:
            return "ready"
        return "skipped" if status & self.skipped else "waiting"

    def counts(self, data: bytes) -> Counts:
        values = self.layout.unpack(data)
        x, y, z = self.order
        return values[x], values[y], values[z]


# 8 G, 50 Hz and the strongest filter: five outputs a reading at 10 Hz, so that none is waited for,
# and no magnet or manhole cover short of one glued to the sensor overflows it.
_QMC_L_CONTROL = 0b00_01_01_01  # OSR 512, 8 G, 50 Hz, continuous
_QMC_P_CONTROL = 0b11_00_01_01  # down-sampling 8, OSR 8, 50 Hz, normal
_QMC_P_RANGE = 0b1000  # 8 G, set and reset on
# The mean of 8 samples, and one measurement on demand: RDY of this chip does not fall when it is
# read, so in its continuous mode nothing tells a new sample from the last one. The rate of 15 Hz
# is the power-on value and of no effect here.
_HMC_CONTROL = bytes([0b0_11_100_00, 0b001_00000])  # 1.3 G

QMC5883L = Chip(
    kind="qmc5883l",
    address=0x0D,
    identity=Registers(0x0D, b"\xff"),
    set_up=(
        Registers(0x09, b"\x00"),  # standby; the range may only change there
        Registers(0x0B, b"\x01"),  # the set/reset period that the data sheet asks for
        Registers(0x09, bytes([_QMC_L_CONTROL])),
    ),
    rest=Registers(0x0A, b"\x80"),
    state_first=0x06,
    state_count=4,
    kept=(Kept(3, _QMC_L_CONTROL),),
    status_at=0,
    ready=0b001,
    skipped=0b100,
    told=0b111,
    overflow=0b010,
    data_first=0x00,
    layout=struct.Struct("<hhh"),
    order=(0, 1, 2),
    lsb_per_gauss=3000.0,
)

HMC5883L = Chip(
    kind="hmc5883l",
    address=0x1E,
    identity=Registers(0x0A, b"H43"),
    set_up=(Registers(0x00, _HMC_CONTROL), Registers(0x02, b"\x01")),
    rest=Registers(0x00, b"\x10\x20\x03"),
    state_first=0x00,
    state_count=3,
    kept=(Kept(0, _HMC_CONTROL[0]), Kept(1, _HMC_CONTROL[1])),
    status_at=2,
    ready=0b10,  # both idle modes: where the chip goes when the measurement is done
    skipped=0,
    told=0,
    overflow=0,
    data_first=0x03,
    layout=struct.Struct(">hhh"),
    order=(0, 2, 1),
    lsb_per_gauss=1090.0,
    overflow_count=-4096,
    ask=Registers(0x02, b"\x01"),
)

QMC5883P = Chip(
    kind="qmc5883p",
    address=0x2C,
    identity=Registers(0x00, b"\x80"),
    set_up=(
        Registers(0x0A, b"\x00"),  # suspend: a change of mode has to pass through it
        Registers(0x29, b"\x06"),  # the signs of the axes
        Registers(0x0B, bytes([_QMC_P_RANGE])),
        Registers(0x0A, bytes([_QMC_P_CONTROL])),
    ),
    rest=Registers(0x0B, b"\x80"),
    state_first=0x09,
    state_count=3,
    kept=(Kept(1, _QMC_P_CONTROL), Kept(2, _QMC_P_RANGE)),
    status_at=0,
    ready=0b01,
    skipped=0,
    told=0b11,
    overflow=0b10,
    data_first=0x01,
    layout=struct.Struct("<hhh"),
    order=(0, 1, 2),
    lsb_per_gauss=3750.0,
)

CHIPS: dict[str, Chip] = {chip.kind: chip for chip in (QMC5883L, HMC5883L, QMC5883P)}
OUTPUT_S = 0.02
"""A chip's own sample period, on demand or not (the HMC5883L takes longer, and is waited for)."""


def overflowed(sensor: str | None, counts: Counts, status: int) -> bool:
    """Of a raw sample as a trace holds it; False for a sensor that is not in the table."""
    chip = CHIPS.get(sensor or "")
    if chip is None:
        return False
    return bool(status & chip.overflow) or chip.overflow_count in counts
