"""What can be said of a report without the database: what it is, and who signed it.

Plain values come out, so that it may be done in another process: most of the time that an event
takes is the recovery of its signer.
"""

from collections.abc import Iterable
from typing import NamedTuple

from contracts.errors import Malformed
from contracts.ledger.hashing import unhex
from contracts.wire.codec import decode_up
from contracts.wire.messages import SignedEvent
from contracts.wire.signing import Domain, event_digest, plate_commitment, recover


class Sealed(NamedTuple):
    """An event as it is stored. `signer`: whose signature it is, None for nobody's.

    `plate`: the JSON of a proof that opens the signed commitment; any other was left out.
    """

    gateway: str
    epoch: int
    seq: int
    space: str | None
    body: str
    signature: str
    digest: str
    signer: str | None
    plate: str | None


Raw = tuple[str, bytes]
"""Topic and payload."""
Checked = Sealed | str | None
"""An event; why it is malformed; None for a report that nobody signs, or that is to be read again.
"""


def sealed(signed: SignedEvent, domain: Domain) -> Sealed:
    body, plate = signed.body, signed.plate
    digest = event_digest(body, domain)
    if plate and plate_commitment(plate.text, unhex(plate.salt)) != body.plate:
        plate = None
    return Sealed(
        body.gateway,
        body.epoch,
        body.seq,
        body.space,
        body.model_dump_json(),
        signed.signature,
        "0x" + digest.hex(),
        recover(digest, signed.signature),
        plate.model_dump_json() if plate else None,
    )


def checked(raw: Raw, domain: Domain) -> Checked:
    try:
        _, message = decode_up(*raw)
    except Malformed as error:
        return error.why
    return sealed(message, domain) if isinstance(message, SignedEvent) else None


def all_checked(group: Iterable[Raw], domain: Domain) -> list[Checked]:
    return [checked(raw, domain) for raw in group]
