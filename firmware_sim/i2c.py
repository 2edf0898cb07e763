"""An I2C bus with virtual time, and the multiplexer on it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from typing import Protocol

from edge.adapters.i2c import Gate


class Chip(Protocol):
    """What sits at one address. `present` False: no acknowledgement."""

    def present(self) -> bool: ...
    def read(self, register: int, count: int) -> bytes: ...
    def write(self, register: int, data: bytes) -> None: ...


class SimulatedBus:
    """Chips with one address pull the same wires: what is read of several is the AND of them."""

    def __init__(self, chips: dict[int, Chip], now_ns: Callable[[], int]) -> None:
        """`now_ns` is what the chips were given; a transaction takes no time.

        Changed while it runs: `jammed`, addresses whose transactions the wire spoils.
        """
        self.jammed: set[int] = set()
        self.gate = Gate()
        self.now_ns = now_ns
        self.transactions = 0
        self._chips = chips
        self._muxes = [chip for chip in chips.values() if isinstance(chip, Tca9548a)]

    def read(self, address: int, register: int, count: int) -> bytes:
        answers = [chip.read(register, count) for chip in self._at(address)]
        if len(answers) == 1:
            return answers[0]
        return bytes(_all(column) for column in zip(*answers, strict=True))

    def write(self, address: int, register: int, data: bytes) -> None:
        for chip in self._at(address):
            chip.write(register, data)

    def _at(self, address: int) -> list[Chip]:
        self.transactions += 1
        if address in self.jammed:
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        near = [self._chips[address]] if address in self._chips else []
        near += [chip for mux in self._muxes for chip in mux.behind(address)]
        here = [chip for chip in near if chip.present()]
        if not here:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return here


def _all(values: Iterable[int]) -> int:
    together = 0xFF
    for value in values:
        together &= value
    return together


class Tca9548a:
    """Its one register is a mask of the open channels; 0 after power-on."""

    def __init__(self, channels: dict[int, dict[int, Chip]]) -> None:
        self.open_mask = 0
        self._channels = channels

    def present(self) -> bool:
        return True

    def read(self, register: int, count: int) -> bytes:
        # It has no pointer: the "register" that a driver sends is taken for a mask as well.
        self.open_mask = register
        return bytes([self.open_mask]) * count

    def write(self, register: int, data: bytes) -> None:
        self.open_mask = data[-1] if data else register

    def brown_out(self) -> None:
        self.open_mask = 0

    def behind(self, address: int) -> list[Chip]:
        return [
            chips[address]
            for channel, chips in self._channels.items()
            if self.open_mask >> channel & 1 and address in chips
        ]
