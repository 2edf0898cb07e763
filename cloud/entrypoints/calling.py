"""Our calls in the chain's words, and what its outcomes and refusals mean for them."""

from typing import Any

from cloud.ports.chain import Call, ChainRefused, Outcome
from cloud.tables import ChainCall
from cloud.usecases import filing, settlements

# Refusals that are not the call's fault: the same call passes later, of the node ...
BY_NODE = ("NONCE", "FUNDS", "FEE", "FEE_CAP", "REFUSED")
# ... of the contract, until its next block is past the end of the term, or until we have the
# key of the role.
BY_CONTRACT = ("TERM", "REGISTRAR", "SETTLER", "ADMIN")
HOLD_LATER = ("PAUSED", "UNTIL")
# What a ledger answers that was closed, or knows batches that our books do not.
BY_STATE = ("PAUSED", "SEQ")


def passes_later(call: ChainCall, refused: ChainRefused) -> bool:
    """A batch is never given up: the next ones build on it. A hold waits for the end of a pause,

    and for the chain's clock.
    """
    if call.id.startswith("hold:") and any(code in str(refused) for code in HOLD_LATER):
        return True
    return call.id.startswith("batch:") or refused.code in (*BY_NODE, *BY_CONTRACT)


def wanted(call: ChainCall) -> Call:
    """A batch is run by the node once, in its block; after a refusal it is tried before."""
    sender: Any = call.sender
    contract: Any = call.contract
    args = filing.arguments(call)
    first = call.id.startswith("batch:") and not call.reason
    return Call(contract, call.function, args, sender, settlements.gas(call) if first else None)


def missing(outcome: Outcome) -> dict[int, int]:
    """Stay number -> what the contract could not collect, in minor units."""
    return {
        int(event.args["stay"]): int(event.args["missing"])
        for event in outcome.events
        if event.name == "Unpaid"
    }
