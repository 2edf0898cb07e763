"""Plates that went out beside signed events, and what is kept of them once the cloud has them."""

from __future__ import annotations

from contracts.errors import Malformed
from contracts.wire.codec import decode, encode
from contracts.wire.messages import SignedEvent


def without_plate(payload: bytes) -> bytes | None:
    """The signed event as it may be kept on a memory card that can be stolen; None: it names no

    plate. Its signature holds: it is of the commitment, which stays. The cloud has the plate, and
    of a booked car the grant names the booking.
    """
    try:
        signed = decode(SignedEvent, payload)
    except Malformed:
        return None
    return None if signed.plate is None else encode(signed.model_copy(update={"plate": None}))
