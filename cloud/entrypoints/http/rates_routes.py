"""Narrower limits for what strangers may try: signing in, signing up, asking for codes.

By address, and for signing up and codes of everybody together, so that many addresses together
open no more accounts, and send no more mail, than these.
"""

from dataclasses import dataclass

from cloud.entrypoints.http.api_paths import V1

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
ALL = b"all"


@dataclass(frozen=True, slots=True)
class Limit:
    """`quota` in a window, of one address; `in_all`: of everybody."""

    name: str
    quota: int
    window_s: float
    in_all: int = 0


SIGN_IN = Limit("sign-in", 20, MINUTE_S)
CODES = Limit("codes", 10, HOUR_S, 500)
SIGN_UP = Limit("sign-up", 20, HOUR_S, 500)
LIMITS = (SIGN_IN, CODES, SIGN_UP)
# Of a path, below the API's prefix or as a page's.
_OF = {
    "/sign-in": SIGN_IN,
    "/sign-in/passkey": SIGN_IN,
    "/sign-in/passkey/options": SIGN_IN,
    "/account/password": SIGN_IN,
    "/password-reset": CODES,
    "/password-reset/code": CODES,
    "/password-reset/confirmation": CODES,
    "/sign-up": SIGN_UP,
    "/sign-up/code": SIGN_UP,
    "/sign-up/confirmation": SIGN_UP,
}


def limit_of(method: str, path: str) -> Limit | None:
    return _OF.get(path.removeprefix(V1)) if method == "POST" else None


def known(path: str) -> bool:
    """A page of ours that strangers may try, beside the API."""
    return path in _OF
