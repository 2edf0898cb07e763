"""The title library: whose a space is by the city's register, of which we hold a copy."""

from typing import Any

Row = tuple[str, str, dict[str, Any]]
REGISTER = (
    "A copy of the city's register, whose root stands on the chain. It goes when a newer file of "
    "the register no longer has it: ask the register to correct it."
)
_HOLDER = {"record": "The record, with the holder's name."}
_SHARED = "space IN (SELECT space FROM registration WHERE owner = :person AND status = 'shared')"

ROWS: tuple[Row, ...] = (
    (
        "title",
        "The property-right record of each space.",
        {
            "whose": _SHARED,
            "personal": _HOLDER,
            "other": "space version position leaf",
            "why": REGISTER,
        },
    ),
    (
        "titlepast",
        "Records as they were. They name holders, and no account of ours.",
        {"personal": _HOLDER, "other": "space version until", "why": REGISTER},
    ),
    (
        "stagedtitle",
        "Rows of a file that is being imported.",
        {"personal": _HOLDER, "other": "row line space number lot leaf lat lon", "why": REGISTER},
    ),
    (
        "titleproblem",
        "Bad rows of a file; names are masked.",
        {
            "personal": {"value": "What was wrong; a holder's name is masked."},
            "other": "id line field reason",
            "why": REGISTER,
        },
    ),
    ("titleimport", "The import under way.", {"other": "id file_sha256 staging run rows"}),
    ("stagedplace", "Leaves that it changes.", {"other": "position row"}),
    ("titlenodes", "The tree of digests.", {"other": "level page nodes"}),
    ("titleversion", "Versions of the library.",
     {"other": "version file_sha256 root count status imported_ms"}),
    ("titlenote", "How a version came to be.",
     {"other": "version kind reason added removed transferred changed moved at_ms"}),
)  # fmt: skip
