"""The verdict's words on what a file shows, what it cannot, and what is taken on trust. Pure."""

from contracts.ledger.charge import Charge
from contracts.ledger.onchain import Filed
from contracts.ledger.pending import Pending, PendingCharge, PendingCredit
from contracts.ledger.receipt import Receipt

WAITING = Pending | PendingCredit | PendingCharge
REGISTRARS_WORD = (
    " The gateway's key is the registrar's word: it proves the stay if the registrar named the "
    "real gateway."
)
OPERATORS_WORD = (
    " When it was cancelled, that nobody came, and any reason that a person gave, are the "
    "operator's word."
)


def waiting(paper: WAITING, held: int) -> str:
    """`held`: how many links of it could be checked already; all of them hold."""
    what = "stay"
    if isinstance(paper, PendingCredit):
        what = f"the credit of stay {paper.credit_of}, number"
    elif isinstance(paper, PendingCharge):
        what = f"the charge ({paper.code}) of number"
    carried = (
        f"All {held} links that it can show already hold"
        if held
        else "This file carries nothing that could be checked already"
    )
    return f"PENDING: {what} {paper.stay} is not on the chain yet. {carried}. Ask again later."


def trusted(paper: Filed) -> str:
    """What no check can prove."""
    return OPERATORS_WORD if isinstance(paper, Charge) else REGISTRARS_WORD


def alone(paper: Filed) -> str:
    """What else there may be, and is not in the file."""
    if isinstance(paper, Receipt):
        return (
            f" It shows this one settlement of stay {paper.record.stay}: whether the stay was "
            "settled again, the ledger's log tells."
        )
    if isinstance(paper, Charge):
        return f" The file shows this one charge of booking {paper.booking.id}, and no others."
    return f" The file shows this one credit of stay {paper.corrects.record.stay}, and no others."
