"""Refusals of money and its ledger. Code, sentence (en, zh), remedy (en, zh)."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "account_not_open",
        "This account is not open on the ledger: its number has another owner there.",
        "该账户未能在账本上开立：其编号在链上属于他人。",
        "Ask the operator to put its address right, or to open another account.",
        "请联系运营方更正其地址，或另开账户。",
    ),
    (
        "ledger_closed",
        "The ledger was closed: nothing is settled or paid in on it any more.",
        "账本已关闭：不再接受充值，也不再结算。",
        "Use the operator's new ledger; money on this one can be withdrawn at once.",
        "请改用运营方的新账本；本账本上的余额可立即提取。",
    ),
)
