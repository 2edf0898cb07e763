"""One's own data in words: operations, an example, refusals, fields."""

from typing import Any

from cloud.entrypoints.http.api_paths import V1

Where = tuple[str, str]
_EXPORT, _ERASURE = ("GET", f"{V1}/account/export"), ("POST", f"{V1}/account/erasure")
SUMMARIES_PRIVACY: dict[Where, tuple[str, str, str]] = {
    _EXPORT: ("All that is held of oneself", "导出自己的数据", "account"),
    _ERASURE: ("Be forgotten", "清除自己的数据", "account"),
}
EXAMPLES_PRIVACY: dict[Where, Any] = {_ERASURE: {"confirm": 7}}
REFUSALS_PRIVACY: dict[Where, tuple[str, ...]] = {
    _ERASURE: (
        *("erasure_unconfirmed", "erasure_bookings", "erasure_stays", "erasure_disputes"),
        *("erasure_unfiled", "erasure_debt", "erasure_money", "erasure_spaces", "erasure_last"),
        "erased_already",
    ),
}
PRIVACY: dict[str, tuple[str, Any]] = {
    "PersonShape.format": ("Always `berth-person`.", "berth-person"),
    "PersonShape.version": ("Of the format.", 1),
    "PersonShape.account": ("Whose data these are.", 3),
    "PersonShape.at": ("When they were put together.", "2026-05-01T00:00:00.000Z"),
    "PersonShape.erased_at": ("When they were erased; null: they were not.", None),
    "PersonShape.tables": ("Every part that holds something, with its rows.", []),
    "PersonShape.elsewhere": ("What others hold.", []),
    "PersonTable.table": ("Its name in the database.", "booking"),
    "PersonTable.what": ("What it holds.", "Bookings, with the plate that was to come."),
    "PersonTable.columns": ("What each personal column says.", {"plate": "The plate."}),
    "PersonTable.when_erased": ("`delete`, `keep`, or the columns that are emptied.", "delete"),
    "PersonTable.why_kept": ("Why rows stay when one is erased; empty: they do not.", ""),
    "PersonTable.more": ("There are more rows than are shown.", False),
    "PersonTable.rows": ("The rows themselves, plates in clear.", []),
    "ErasureMade.erased": ("Always true: what is refused says why.", True),
    "ErasureMade.account": ("Whose data were erased.", 3),
    "ErasureMade.rows": ("How many rows, by table.", {"booking": 1}),
    "ErasureMade.kept": ("Why rows of a table stay.", {}),
    "ErasureMade.receipts": ("Receipts that stay valid, and what no longer opens.", {}),
    "Erasure.confirm": ("One's own account number: it cannot be undone.", 7),
}
