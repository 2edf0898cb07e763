"""A file said to prove something: a receipt, credit or charge, or what stands in for one. Pure."""

from pydantic import BaseModel, ValidationError

from contracts.ledger.charge import Charge, verify_charge
from contracts.ledger.credit import Credit, verify_credit
from contracts.ledger.links import Link
from contracts.ledger.pending import Pending, PendingCharge, PendingCredit, verify_pending
from contracts.ledger.reading import read_strictly
from contracts.ledger.receipt import Receipt, verify
from contracts.wire.types import ZERO_DIGEST

Paper = Receipt | Credit | Charge | Pending | PendingCredit | PendingCharge


class Head(BaseModel):
    """Enough to tell which of the six it claims to be; that model then reads it strictly."""

    format: str = ""
    status: str = ""


def read(text: bytes | str) -> Paper | Link:
    """The paper, or the 'format' link that says where it does not read."""
    model, name = _claimed(text)
    found = read_strictly(model, text)
    return Link("format", False, f"Not a {name}: {found}") if isinstance(found, str) else found


def verify_paper(paper: Paper) -> list[Link]:
    """Every link that the file alone can show, in the order from the sensor to the ledger."""
    if isinstance(paper, Receipt):
        return verify(paper)
    if isinstance(paper, Credit):
        return verify_credit(paper)
    if isinstance(paper, Charge):
        return verify_charge(paper)
    return verify_pending(paper) if isinstance(paper, Pending) else []


def unshown(paper: Paper) -> dict[str, str]:
    """What the file could have shown and does not: the link's name, and what is not known then."""
    if isinstance(paper, Charge | PendingCredit | PendingCharge):
        return {}
    told = paper.corrects if isinstance(paper, Credit) else paper
    shown = told.draft if isinstance(told, Pending) else told
    if shown is None or shown.title is not None:
        return {}
    return {"titles": "not shown: whether the space was rightly shared is not checked here."}


def sealed_plates(paper: Paper) -> int:
    """How many of a receipt's events hold a commitment to a plate; no file ever opens one."""
    events = paper.events if isinstance(paper, Receipt) else ()
    return sum(event.body.plate != ZERO_DIGEST for event in events)


KINDS: dict[tuple[str, bool], tuple[type[Paper], str]] = {
    # (the format that it says, it says pending)
    ("berth-receipt", False): (Receipt, "receipt"),
    ("berth-receipt", True): (Pending, "pending receipt"),
    ("berth-credit", False): (Credit, "credit"),
    ("berth-credit", True): (PendingCredit, "pending credit"),
    ("berth-charge", False): (Charge, "charge"),
    ("berth-charge", True): (PendingCharge, "pending charge"),
}


def _claimed(text: bytes | str) -> tuple[type[Paper], str]:
    """What says it is none of them is read as a receipt."""
    try:
        head = Head.model_validate_json(text)
    except ValidationError:
        return KINDS["berth-receipt", False]
    waits = head.status == "pending"
    return KINDS.get((head.format, waits), KINDS["berth-receipt", waits])
