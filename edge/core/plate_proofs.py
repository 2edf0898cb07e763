"""Plates that went out beside signed events, and what is kept of them once the cloud has them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from contracts.errors import Malformed
from contracts.wire.codec import decode, encode
from contracts.wire.messages import Match, SignedEvent

# A grant names the booked car's plate anyway; of a doubtful one a person may ask again.
STRANGERS: Mapping[Match, bool] = MappingProxyType(
    {"accepted": False, "ambiguous": False, "other": True, "none": True}
)


def without_stranger(payload: bytes) -> bytes | None:
    """The signed event without the plate of a car that nobody expects; None: there is none in it.

    Its signature holds: it is of the commitment, which stays.
    """
    try:
        signed = decode(SignedEvent, payload)
    except Malformed:
        return None
    if signed.plate is None or not STRANGERS[signed.body.match]:
        return None
    return encode(signed.model_copy(update={"plate": None}))
