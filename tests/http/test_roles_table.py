"""I16: every operation, called over HTTP as everybody, with one's own and with another's.

What is compared with is the page that is committed, docs/roles.md, and not the code's table.
"""

from typing import Any

import pytest

from cloud.entrypoints.http.roles import ROLES, RULES
from cloud.usecases import owning
from tests.http import roles_doc
from tests.http.rig import Front
from tests.http.roles_doc import EXPIRED, NOBODY, Where
from tests.http.roles_rig import COOKIE_OF_OURS, GIVEN, NEVER, STRANGER, World

WRITTEN = roles_doc.read()
MINE, ANOTHERS = "own", "foreign"
OWNED = [where for where in sorted(WRITTEN) if "own" in WRITTEN[where].values()]
CHANGING = [where for where in sorted(WRITTEN) if where[0] == "POST"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("table"))


def call(world: World, where: Where, headers: dict[str, str]) -> Any:
    method, path = where
    return world.front.http.request(method, path.format(**world.values), headers=headers)


def outcome(answer: Any, own: bool) -> str:
    """As the page's cells say it; a 404 means something only where an object is somebody's."""
    assert answer.status_code < 500, answer.text
    if answer.status_code == 401:
        assert answer.json()["code"] == "unauthorised"
        return "401"
    if answer.status_code == 403:
        assert answer.json()["code"] == "forbidden"
        return "403"
    return "404" if own and answer.status_code == 404 else "yes"


def test_the_committed_page_is_what_the_table_says() -> None:
    assert roles_doc.PAGE.read_text("utf-8") == roles_doc.written()


def test_the_page_has_every_operation_of_the_description_and_no_other(world: World) -> None:
    served = {
        (method.upper(), path)
        for path, item in world.front.app.openapi()["paths"].items()
        for method in item
    }
    assert served == set(WRITTEN) == set(RULES)
    assert len(served) > 120


def test_every_kind_of_object_that_the_table_names_can_be_given() -> None:
    assert {rule.own for rule in RULES.values() if rule.own} == set(GIVEN)


@pytest.mark.parametrize("where", sorted(WRITTEN), ids=lambda w: f"{w[0]} {w[1]}")
def test_every_operation_answers_everybody_as_the_page_says(world: World, where: Where) -> None:
    own, told = RULES[where].own, WRITTEN[where]
    ended = world.ended | COOKIE_OF_OURS
    assert outcome(call(world, where, {}), False) == told[NOBODY]
    assert outcome(call(world, where, ended), False) == told[EXPIRED]
    for role in ROLES:
        for whose in (ANOTHERS, MINE) if own else (MINE,):
            if own:
                world.give(own, world.numbers[role if whose == MINE else STRANGER])
            found = outcome(call(world, where, world.key_of(role)), bool(own))
            wanted = told[role]
            if wanted == "own":
                wanted = "yes" if whose == MINE else "404"
            assert found == wanted, (role, whose)


@pytest.mark.parametrize("where", OWNED, ids=lambda w: f"{w[0]} {w[1]}")
def test_what_belongs_to_another_is_answered_as_what_is_not_there(
    world: World, where: Where
) -> None:
    method, path = where
    own = RULES[where].own
    name, role = f"{own}_id", next(one for one in ROLES if WRITTEN[where][one] == "own")
    world.give(own, world.numbers[STRANGER])
    theirs = call(world, where, world.key_of(role))
    never = "999999" if own == "event" else NEVER
    asked = path.format(**world.values | {name: never})
    nothing = world.front.http.request(method, asked, headers=world.key_of(role))
    assert theirs.status_code == nothing.status_code == 404
    assert theirs.text.replace(world.values[name], never) == nothing.text


@pytest.mark.parametrize("kind", GIVEN)
def test_every_object_rule_finds_its_owner_and_nothing_else(world: World, kind: str) -> None:
    number, find = world.numbers["installer"], owning.OWNERS[kind][1]
    world.give(kind, number)
    db, key = world.front.rig.db, world.values[f"{kind}_id"]
    assert db.read(lambda s: find(s, key)) == {number}
    assert db.read(lambda s: find(s, NEVER)) is None


@pytest.mark.parametrize("where", CHANGING, ids=lambda w: w[1])
def test_a_cookie_counts_as_a_key_only_with_a_request_of_our_own_pages(
    world: World, where: Where
) -> None:
    role = next(name for name in ROLES if WRITTEN[where][name] in ("yes", "own"))
    cookie = world.cookie_of(role, "live")
    if RULES[where].own:
        world.give(RULES[where].own, world.numbers[role])
    strange = cookie | {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    answer = call(world, where, strange)
    assert (answer.status_code, answer.json()["code"]) == (403, "forged")
    answer = call(world, where, cookie | COOKIE_OF_OURS)
    assert outcome(answer, bool(RULES[where].own)) == "yes"


@pytest.mark.parametrize("site", ["same-site", "cross-site", "none", ""])
def test_what_the_browser_does_not_call_the_same_origin_changes_nothing(
    world: World, site: str
) -> None:
    cookie = world.cookie_of("driver", "site")
    headers = cookie | ({"sec-fetch-site": site} if site else {})
    answer = world.front.http.post("/api/v1/sign-out", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forged")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://testserver", 200),
        ("https://testserver", 200),
        ("http://testserver.evil.example", 403),
        ("http://evil.example", 403),
        ("null", 403),
    ],
)
def test_an_older_browser_is_judged_by_its_origin(world: World, origin: str, status: int) -> None:
    cookie = world.cookie_of("driver", "origin")
    answer = world.front.http.post("/api/v1/sign-out", headers=cookie | {"origin": origin})
    assert answer.status_code == status


def test_a_key_that_may_only_read_reads_and_changes_nothing(front: Front) -> None:
    made = front.post("/api/v1/keys", "driver", {"name": "maps", "scope": "read"})
    headers = {"authorization": f"Bearer {made.json()['key']}"}
    for method, path in (("GET", "balance"), ("POST", "requests"), ("POST", "keys")):
        path = f"/api/v1/{path}"
        answer = front.http.request(method, path, headers=headers)
        assert (answer.status_code == 403) == (method != "GET"), path
