"""Amounts as people read them: how many minor units make one of a currency (ISO 4217, list one)."""

DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def amount_of(amount_minor: int, currency: str) -> str:
    """With its currency's code; all that is not listed has hundredths."""
    digits = DECIMALS.get(currency, 2)
    if not digits:
        return f"{amount_minor} {currency}"
    whole, part = divmod(amount_minor, 10**digits)
    return f"{whole}.{part:0{digits}d} {currency}"
