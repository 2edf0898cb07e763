"""The proof page: the reader's browser verifies; the server only hands out script and words."""

from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from cloud.entrypoints.http.pages_render import POLICY, page
from cloud.entrypoints.http.pages_speech import Speech
from cloud.entrypoints.http.words_proof import LINKS_EN, LINKS_MORE
from cloud.entrypoints.http.words_receipt import LINKS_ZH
from contracts.ledger.charge import ChargeCode
from contracts.ledger.onchain import Ask
from contracts.ledger.pricing import Line
from contracts.wire.types import ClockState

# A node that the reader names may be asked, and nothing else beyond this server.
NODES = "connect-src 'self' https: http://127.0.0.1:* http://localhost:*"
# Filled in by the script, which finds the same names in braces.
BLANKS = (
    *("where", "missing", "count", "names", "price", "step", "tariff", "version", "time", "cap"),
    *("stayed", "certain", "doubt", "driver", "owner", "grace", "ledger", "stay"),
    *("back", "total", "local", "utc", "zone", "block"),
    *("span", "percent", "tax", "unit"),
)
# With the stretch that a line is of; and a tax that is within the total.
MORE_LINES = ("parking.timed", "overstay.timed", "tax.within")
LINE_CODES = (*get_args(Line.model_fields["code"].annotation), *MORE_LINES)
CLOCKS = get_args(ClockState)
# Links of drafts, credits and charges that no node is needed for.
IN_FILE = ("draft", "credit", "credit proof", "agreed", "due", "charge", "charge proof")
CHARGE_CODES = get_args(ChargeCode)

OWN_NODE = "/proof/node"
Hex = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{0,72}$")]


class Call(BaseModel):
    """One selector and at most one word: what a receipt needs to ask, and no more."""

    model_config = ConfigDict(extra="forbid")
    to: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
    data: Hex


class Question(BaseModel):
    """What this server's node may be asked by anyone (JSON-RPC 2.0)."""

    model_config = ConfigDict(extra="forbid")
    jsonrpc: Literal["2.0"]
    id: int
    method: Literal["eth_chainId", "eth_call", "eth_getTransactionReceipt"]
    params: Annotated[list[Call | Hex | Literal["latest"]], Field(max_length=2)]

    def plain(self) -> list[Any]:
        return [part.model_dump() if isinstance(part, Call) else part for part in self.params]


def add_node(router: APIRouter, ask: Ask) -> None:
    """So that a reader without a node of his own can ask ours; trust it he need not."""

    @router.post(OWN_NODE, response_class=JSONResponse)
    def asked(question: Question) -> JSONResponse:
        said: dict[str, Any] = {"jsonrpc": "2.0", "id": question.id}
        try:
            return JSONResponse(said | {"result": ask(question.method, question.plain())})
        except (OSError, ValueError):
            refused = {"code": -32000, "message": "The node does not answer. Try again later."}
            return JSONResponse(said | {"error": refused}, 502)


def proof_page(request: Request, s: Speech, node: str, text: str = "") -> HTMLResponse:
    """`text`: a receipt to begin with, or none. `node`: the address asked unless told otherwise."""
    blanks = {name: "{" + name + "}" for name in BLANKS}
    response = page(
        request,
        "proof.html",
        s,
        text=text,
        node=node,
        # Of which lot a file is that the reader brings, nobody knows here.
        zone=s.zone if text else "",
        links=_links(s),
        blanks=blanks,
        line_codes=LINE_CODES,
        clocks=CLOCKS,
        charge_codes=CHARGE_CODES,
    )
    response.headers["content-security-policy"] = f"{POLICY}; {NODES}"
    return response


def _links(s: Speech) -> list[tuple[str, str, str]]:
    """(name, what it means that it holds, that it does not), as they follow one another."""
    more = LINKS_MORE[s.lang == "zh"]
    said = (LINKS_ZH if s.lang == "zh" else LINKS_EN) | more
    names = list(LINKS_EN)
    after = names.index("proof") + 1
    ordered = [*names[:after], *(name for name in more if name in IN_FILE), *names[after:]]
    ordered += [name for name in more if name not in IN_FILE]
    return [(name, *said[name]) for name in ordered]
