"""Two drivers with a settled stay each, a camera that read their plates, and no money left."""

from pathlib import Path
from typing import Any

from sqlmodel import select

from cloud.core import money
from cloud.core.reasons import Refusal
from cloud.tables import Booking, EventRow
from cloud.usecases import accounts, erasing, settlements
from tests.cloud.rig import Rig
from tests.cloud.stay_rig import Lot


def emptied(rig: Rig, number: int) -> None:
    """As by a withdrawal that the chain told of."""
    left = rig.db.read(lambda s: accounts.balance(s, number))
    rig.db.write(
        lambda s: accounts.post(s, f"out:{number}", money.deposit(number, -left), rig.now_ms)
    )


class Settled:
    """`hers` and `his`: bookings whose stays are settled, with receipts that are final."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.lot = rig, Lot(rig)
        self.hers = self.lot.book("S1", 60, 3660)
        self.his = self.lot.book("S2", 60, 3660, who=1)
        for booking, space in ((self.hers, "S1"), (self.his, "S2")):
            self.lot.come_as(booking, 100)
            self.lot.go(1900, space)
        # A call is final one turn after it was mined.
        rig.settle()
        rig.settle()
        for number in (rig.driver, self.lot.other):
            emptied(rig, number)

    def receipt(self, booking: Booking) -> str:
        text = self.rig.db.read(lambda s: settlements.receipt_of(s, booking.id))
        assert text is not None
        return text

    def plates_read(self) -> list[str]:
        """As they are stored."""
        rows = select(EventRow.plate).order_by(EventRow.seq)  # type: ignore[arg-type]
        return [text for text in self.rig.db.read(lambda s: list(s.exec(rows))) if text]

    def erase(self, number: int | None = None) -> Any:
        who = self.rig.driver if number is None else number
        return self.rig.db.write(
            lambda s: erasing.erase(s, who, f"account:{who}", self.rig.clock.at)
        )


def codes(refused: object) -> set[str]:
    assert isinstance(refused, Refusal), refused
    return {reason.code for reason in refused.reasons}


def raw_of(rig: Rig) -> bytes:
    """The database's files, byte for byte, with what is not yet in the main one."""
    folder: Path = rig.folder
    return b"".join(path.read_bytes() for path in sorted(folder.glob("cloud.sqlite*")))
