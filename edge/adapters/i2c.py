"""The I2C bus, and a multiplexer on it. Whatever goes wrong on it is an OSError."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

I2C_RETRIES, I2C_TIMEOUT = 0x0701, 0x0702  # ioctl numbers of i2c-dev
# The kernel waits for one second by default: a bus with a shorted wire would stall all sensors.
TIMEOUT_10MS = 3
# Nobody acknowledged: as the drivers of a Pi's and of other controllers say it.
NOBODY = frozenset((errno.EREMOTEIO, errno.ENXIO))
CLOSE_TRIES = 2
T = TypeVar("T")


@dataclass(slots=True)
class Gate:
    """The one channel that is open on a bus: (address of the multiplexer, channel).

    None: not known, as at the start and after any error. Then whichever of `muxes`, all that are
    used on this bus, is not wanted is closed first: a program before this one may have opened it.
    """

    open: tuple[int, int] | None = None
    muxes: set[int] = field(default_factory=set)


class BusUnusable(OSError):
    """This program cannot use the bus at all; the argument says why."""


class Bus(Protocol):
    """`gate` is shared by all that use this bus: two programs or two buses of the same number
    would each believe in another channel, and read the sensor of another space.
    """

    @property
    def gate(self) -> Gate: ...
    def read(self, address: int, register: int, count: int) -> bytes:
        """`count` bytes from `register` on, in one transaction. Raises OSError."""

    def write(self, address: int, register: int, data: bytes) -> None:
        """Without data, the register's number alone is sent. Raises OSError."""


class SmbusBus:
    """/dev/i2c-N by smbus2, opened when it is first used and held for this program alone.

    `open_bus` gives an object with smbus2's `i2c_rdwr` and `close`, or raises BusUnusable.
    """

    def __init__(self, number: int, open_bus: Callable[[int], Any] | None = None) -> None:
        self.gate = Gate()
        self._number, self._open_bus = number, open_bus or _open
        self._handle: Any = None

    def read(self, address: int, register: int, count: int) -> bytes:
        ask, answer = _messages(address, bytes([register]), count)
        self._opened().i2c_rdwr(ask, answer)
        return bytes(answer)

    def write(self, address: int, register: int, data: bytes) -> None:
        message, _ = _messages(address, bytes([register]) + data, 0)
        self._opened().i2c_rdwr(message)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _opened(self) -> Any:
        if self._handle is None:
            self._handle, self.gate.open = self._open_bus(self._number), None
        return self._handle


class MuxBus:
    """One channel of a TCA9548A: a bus of its own, on which an address may occur once more."""

    def __init__(self, bus: Bus, mux_address: int, channel: int) -> None:
        self._bus, self._here = bus, (mux_address, channel)
        bus.gate.muxes.add(mux_address)

    @property
    def gate(self) -> Gate:
        return self._bus.gate

    def read(self, address: int, register: int, count: int) -> bytes:
        return self._through(lambda: self._bus.read(address, register, count))

    def write(self, address: int, register: int, data: bytes) -> None:
        self._through(lambda: self._bus.write(address, register, data))

    def _through(self, transact: Callable[[], T]) -> T:
        gate = self._bus.gate
        try:
            if gate.open != self._here:
                self._select(gate)
            return transact()
        except OSError:
            # The multiplexer may have lost its supply, and with it the channel.
            gate.open = None
            raise

    def _select(self, gate: Gate) -> None:
        mux_address, channel = self._here
        perhaps_open = gate.muxes if gate.open is None else {gate.open[0]}
        answered = [self._close(other) for other in sorted(perhaps_open - {mux_address})]
        self._bus.write(mux_address, 1 << channel, b"")
        gate.open = self._here if all(answered) else None

    def _close(self, mux_address: int) -> bool:
        """False if it is not there: without supply it passes nothing on, but it may come back."""
        for _ in range(CLOSE_TRIES):
            try:
                self._bus.write(mux_address, 0, b"")
            except OSError as error:
                if error.errno not in NOBODY:
                    raise
            else:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Buses:
    """Every bus of this machine once, however many sensors are on it."""

    make: Callable[[int], Bus] = SmbusBus
    made: dict[int, Bus] = field(default_factory=dict)

    def at(self, number: int, mux_address: int | None = None, channel: int = 0) -> Bus:
        bus = self.made.get(number) or self.made.setdefault(number, self.make(number))
        return bus if mux_address is None else MuxBus(bus, mux_address, channel)


def _open(number: int) -> Any:
    try:
        handle = _smbus2().SMBus(number)
    except OSError as error:
        raise BusUnusable(f"I2C bus {number} cannot be opened: {error.strerror}.") from None
    try:
        fcntl.flock(handle.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.ioctl(handle.fd, I2C_TIMEOUT, TIMEOUT_10MS)
        fcntl.ioctl(handle.fd, I2C_RETRIES, 0)
    except BlockingIOError:
        handle.close()
        raise BusUnusable(f"I2C bus {number} is in use: stop the other program.") from None
    except OSError as error:
        handle.close()
        raise BusUnusable(f"I2C bus {number} is none: {error.strerror}.") from None
    return handle


def _smbus2() -> Any:
    try:
        import smbus2  # only where there is a bus: berth[pi]
    except ImportError:
        raise BusUnusable("smbus2 is not installed: install berth[pi].") from None
    return smbus2


def _messages(address: int, sent: bytes, count: int) -> tuple[Any, Any]:
    message = _smbus2().i2c_msg
    return message.write(address, sent), message.read(address, count) if count else None
