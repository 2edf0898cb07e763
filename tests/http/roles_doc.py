"""docs/roles.md: written from roles.py by `python -m tests.http.rewrite`, read back by a test."""

from pathlib import Path

from cloud.entrypoints.http.roles import ROLES, RULES, SEE_ALL, Rule

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"
NOBODY, EXPIRED = "nobody", "expired"
CALLERS = (NOBODY, EXPIRED, *ROLES)
Where = tuple[str, str]
HEAD = """# Who may do what

Written by `python -m tests.http.rewrite` from the one table in `cloud/entrypoints/http/roles.py`,
not by hand. `tests/http/test_roles_table.py` calls every operation of the API over HTTP as
everybody, with an object of the caller's own and with another's, and compares with this page.

Callers: `nobody` sends neither key nor cookie; `expired` sends the cookie of a session that has
ended; all others are signed in with that role.

- **yes**: let in. What the request itself lacks is then said (422, 409).
- **own**: let in for what is the caller's own; another's is answered 404, as what is not there.
- **401**: sign in first. **403**: signed in, and not with a role that may.

A key that may only read gets 403 wherever something changes; so does a cookie that comes with a
request from a stranger's page.

"""
TAIL = """
## Whose an object is

One place says it: `cloud/usecases/owning.py`. A booking is its driver's; a registration, an offer,
a document and a taking back are their owner's; a space is whose registration shares it; a trust
event is the account's that it is about; a dispute is whoever opened it and both sides of its stay;
a session, a passkey and a key are their account's alone, and not even an operator's.
"""


def cell(rule: Rule, caller: str) -> str:
    """What the table says that this caller is answered."""
    if not rule.roles:
        return "yes"
    if caller in (NOBODY, EXPIRED):
        return "401"
    if caller not in rule.roles:
        return "403"
    everything = caller in SEE_ALL and not rule.strict
    return "own" if rule.own and not everything else "yes"


def written() -> str:
    rows = [f"| operation | {' | '.join(CALLERS)} |", "|---" * (len(CALLERS) + 1) + "|"]
    for (method, path), rule in sorted(RULES.items(), key=lambda row: (row[0][1], row[0][0])):
        cells = " | ".join(cell(rule, caller) for caller in CALLERS)
        rows.append(f"| {method} {path} | {cells} |")
    return HEAD + "\n".join(rows) + "\n" + TAIL


def read() -> dict[Where, dict[str, str]]:
    """The committed page: operation -> caller -> cell."""
    found = {}
    for line in PAGE.read_text("utf-8").splitlines():
        parts = [part.strip() for part in line.strip("|").split("|")]
        if len(parts) == len(CALLERS) + 1 and parts[0].startswith(("GET ", "POST ")):
            method, path = parts[0].split()
            found[method, path] = dict(zip(CALLERS, parts[1:], strict=True))
    return found
