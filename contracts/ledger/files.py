"""A file that is said to prove something: a receipt, a credit, or what stands in for one. Pure."""

from pydantic import BaseModel, ValidationError

from contracts.ledger.credit import Credit, verify_credit
from contracts.ledger.links import Link
from contracts.ledger.pending import Pending, PendingCredit, verify_pending
from contracts.ledger.reading import read_strictly
from contracts.ledger.receipt import Receipt, verify

Paper = Receipt | Credit | Pending | PendingCredit


class Head(BaseModel):
    """Enough to tell which of the four it claims to be; that model then reads it strictly."""

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
    return verify_pending(paper) if isinstance(paper, Pending) else []


def unshown(paper: Paper) -> dict[str, str]:
    """What the file could have shown and does not: the link's name, and what is not known then."""
    if isinstance(paper, PendingCredit):
        return {}
    told = paper.corrects if isinstance(paper, Credit) else paper
    shown = told.draft if isinstance(told, Pending) else told
    if shown is None or shown.title is not None:
        return {}
    return {"titles": "not shown: whether the space was rightly shared is not checked here."}


KINDS: dict[tuple[bool, bool], tuple[type[Paper], str]] = {
    # (it says credit, it says pending)
    (False, False): (Receipt, "receipt"),
    (False, True): (Pending, "pending receipt"),
    (True, False): (Credit, "credit"),
    (True, True): (PendingCredit, "pending credit"),
}


def _claimed(text: bytes | str) -> tuple[type[Paper], str]:
    try:
        head = Head.model_validate_json(text)
    except ValidationError:
        return KINDS[False, False]
    return KINDS[head.format == "berth-credit", head.status == "pending"]
