"""What web3 raises, as the port's two errors; only chain.py imports this, web3 loads slowly."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from web3.exceptions import (
    BadFunctionCallOutput,
    BadResponseFormat,
    ContractLogicError,
    RequestTimedOut,
    Web3RPCError,
)

from cloud.adapters import depth as depth
from cloud.ports.chain import ChainRefused, ChainUnreachable

# Internal error, and too many requests: not the call's fault.
NODE_IN_TROUBLE = (-32603, -32005)

# geth's words, in part; other clients use the same ones.
REFUSALS = (
    ("nonce too", "NONCE"),
    ("insufficient funds", "FUNDS"),
    ("underpriced", "FEE"),
    ("fee cap", "FEE"),
    ("max fee per gas less", "FEE"),
)
# What geth, Nethermind, Besu and OpenEthereum say of a transaction that is in their pool.
KNOWN = re.compile(r"already ?known|already imported|\bknown transaction", re.IGNORECASE)


@contextmanager
def answers() -> Iterator[None]:
    """Turns what web3 raises into the port's two errors."""
    try:
        yield
    except ContractLogicError as error:
        raise ChainRefused(revert_code(error), "the contract refuses this call") from error
    except BadFunctionCallOutput as error:
        raise ChainRefused("NO_CONTRACT", "there is no such contract at this address") from error
    except (RequestTimedOut, BadResponseFormat) as error:
        raise ChainUnreachable(f"the chain's node answers badly: {error}") from error
    except Web3RPCError as error:
        raise refusal(rpc_error(error) or {"message": str(error)}) from error


def revert_code(error: ContractLogicError) -> str:
    """The contract's own word, without the client's preamble."""
    code = (error.message or "").removeprefix("execution reverted").removeprefix(":").strip()
    return code or "REVERTED"


def refusal_code(text: str) -> str:
    lowered = text.lower()
    return next((code for words, code in REFUSALS if words in lowered), "REFUSED")


def is_known(text: str) -> bool:
    return KNOWN.search(text) is not None


def refusal(error: Mapping[str, Any]) -> ChainRefused | ChainUnreachable:
    """`error`: as JSON-RPC gives it."""
    message = str(error.get("message", error))
    if error.get("code") in NODE_IN_TROUBLE:
        return ChainUnreachable(f"the chain's node: {message}")
    return ChainRefused(refusal_code(str(error)), message)


def rpc_error(error: Web3RPCError) -> Mapping[str, Any]:
    detail = (error.rpc_response or {}).get("error")
    return dict(detail) if isinstance(detail, dict) else {}
