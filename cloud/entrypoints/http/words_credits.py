"""What the pages say about credits; see words.py."""

CREDIT_WORDS: dict[str, tuple[str, str]] = {
    "credit.title": ("Paid back", "退款"),
    "credit.lead": (
        "Nothing filed is ever changed: each credit is a settlement of its own, in the other "
        "direction.",
        "已上链的记录从不更改：每笔退款都是一次方向相反的独立结算。",
    ),
    "credit.reason": ("Reason: {reason}", "理由：{reason}"),
    "credit.short": (
        "Only {paid} of it could be collected; the operator has been told.",
        "其中仅收回 {paid}，运营方已收到通知。",
    ),
    "credit.file": ("Credit file (JSON)", "退款文件（JSON）"),
    "credit.stay": ("Number {stay} in the ledger", "记录编号 {stay}"),
}
