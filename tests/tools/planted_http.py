"""The bugs that `make mutants` plants in the HTTP API and its client."""

from tests.tools.planted import Mutant

HTTP = (
    Mutant(
        "whoever knows its id may cancel another's booking",
        "cloud/entrypoints/http/roles.py",
        "if owners is None or not (others or account.number in owners):",
        "if owners is None:",
        "tests/http/test_roles_table.py",
    ),
    Mutant(
        "a known key is let in without saying Bearer",
        "cloud/entrypoints/http/callers.py",
        'if kind.lower() != "bearer" or not token.isascii():',
        'if kind.lower() not in ("bearer", "basic") or not token.isascii():',
        "tests/http/test_roles.py",
    ),
    Mutant(
        "a page begins with the last row of the one before",
        "cloud/usecases/listing.py",
        """        found = found.where(tuple_(*order) < after)
    return list(session.exec(found.order_by(*(c.desc() for c in order)).limit(limit + 1)))


def registrations""",
        """        found = found.where(tuple_(*order) <= after)
    return list(session.exec(found.order_by(*(c.desc() for c in order)).limit(limit + 1)))


def registrations""",
        "tests/http/test_pages_and_tags.py",
    ),
    Mutant(
        "a change is made to what was changed meanwhile",
        "cloud/entrypoints/http/api_tools.py",
        'raise ProblemError(412, "changed_meanwhile")',
        "return",
        "tests/http/test_pages_and_tags.py",
    ),
    Mutant(
        "the access key of a new account is kept in the clear",
        "cloud/entrypoints/http/api_operator.py",
        'once.do(request, asked, story, but="key")',
        "once.do(request, asked, story)",
        "tests/http/test_pages_and_tags.py",
    ),
    Mutant(
        "the window of a limit never moves",
        "cloud/entrypoints/http/rates.py",
        "while seen and seen[0] <= now_s - self.window_s:",
        "while seen and seen[0] <= now_s - 10 * self.window_s:",
        "tests/http/test_pages_and_tags.py",
    ),
    Mutant(
        "a spreadsheet runs what stands in an export",
        "cloud/entrypoints/http/exports.py",
        "if isinstance(value, str) and value.startswith(FORMULA):",
        'if isinstance(value, str) and value.startswith("="):',
        "tests/http/test_feed_and_exports.py",
    ),
    Mutant(
        "unknown spaces are told as available",
        "cloud/usecases/feeding.py",
        '"unknown": "unknown",',
        '"unknown": "available",',
        "tests/http/test_feed_and_exports.py",
    ),
    Mutant(
        "the client sends again what has no key",
        "cloud/client/sending.py",
        "again=bool(key)",
        "again=True",
        "tests/http/test_client.py",
    ),
    Mutant(
        "the secret of a webhook is told to whoever reads the contact",
        "cloud/entrypoints/http/api_contact.py",
        'return {"channel": row.channel, "address": row.address, "language": row.language}',
        'return {"channel": row.channel, "address": row.secret, "language": row.language}',
        "tests/http/test_market.py",
    ),
    Mutant(
        "the file of an erased paper stays on the disk",
        "cloud/entrypoints/http/api_papers.py",
        "                store.erase(name)",
        "                store.get(name)",
        "tests/http/test_market.py",
    ),
    Mutant(
        "a closure that is sent again is logged again",
        "cloud/entrypoints/http/api_lots.py",
        "if there is not None or isinstance(made, Refusal):",
        "if isinstance(made, Refusal):",
        "tests/http/test_market.py",
    ),
    Mutant(
        "the public reads the operator's alarms",
        "cloud/usecases/views.py",
        "alarms_shown.out_of_order(session, row.id)",
        "alarms_shown.of_lot(session, row.id)",
        "tests/http/test_public.py",
    ),
    Mutant(
        "a cancelled booking still tells where the space is",
        "cloud/usecases/views.py",
        "if space is None or row.state in ENDED:",
        "if space is None:",
        "tests/http/test_before_confirming.py",
    ),
    Mutant(
        "a field's mistake is told in English only",
        "cloud/entrypoints/http/problems_said.py",
        "if kind in KINDS:",
        "if kind in ():",
        "tests/http/test_problems_said.py",
    ),
    Mutant(
        "the docs name an inner type and do not show it",
        "cloud/entrypoints/http/docs_shown.py",
        "if whole and inner not in above",
        "if False",
        "tests/http/test_description_taught.py",
    ),
    Mutant(
        "the client leaves an offer's week out",
        "cloud/client/owning.py",
        'return body | {"schedule": hours}',
        "return body",
        "tests/http/test_client_people.py",
    ),
    Mutant(
        "a credit is counted as money earned",
        "cloud/entrypoints/http/exports.py",
        "-filed.amount_minor if back",
        "filed.amount_minor if back",
        "tests/http/test_feed_and_exports.py",
    ),
    Mutant(
        "what an operator does leaves no trace",
        "cloud/entrypoints/http/api_acts.py",
        "        if not isinstance(made, Refusal):\n            who",
        "        if False:\n            who",
        "tests/http/test_market.py",
    ),
    Mutant(
        "a space is managed by owners of others",
        "cloud/entrypoints/http/roles.py",
        "POST spaces/{space_id}/plates                               owner        space",
        "POST spaces/{space_id}/plates                               owner",
        "tests/http/test_roles.py",
    ),
)
