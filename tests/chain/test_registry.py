"""The registry on the fake and on the dev chain: marks together, moved, ended, and its roles."""

from collections.abc import Sequence

import pytest
from chain_bench import START_S, Bench

from cloud.ports.chain import ChainRefused, Sender
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree, leaf_hash, path

SPACES = [keccak(b"space %d" % number) for number in range(11)]
TITLES = [keccak(b"title %d" % number) for number in range(11)]
TREE = Tree([leaf_hash(space + title) for space, title in zip(SPACES, TITLES, strict=True)])
DECISIONS = [keccak(b"decision %d" % number) for number in range(11)]
NONE = bytes(32)
Mark = tuple[bytes, bytes, bytes, int, int]
Batch = tuple[tuple[bytes, ...], tuple[Mark, ...], tuple[bytes, ...]]


def publish(bench: Bench, tree: Tree = TREE) -> None:
    bench.do("registry", "publish", tree.root, len(tree), keccak(b"library"), sender="registrar")


def refusal(bench: Bench, function: str, *args: object, sender: Sender = "registrar") -> str:
    with pytest.raises(ChainRefused) as caught:
        bench.do("registry", function, *args, sender=sender)
    return caught.value.code


def together(places: Sequence[int], level: int) -> Batch:
    marks: list[Mark] = []
    siblings: list[bytes] = []
    for at in places:
        siblings += [TREE.node(*where) for where in path(at, len(TREE)) if where[0] < level]
        marks.append((SPACES[at], TITLES[at], DECISIONS[at], at >> level, len(siblings)))
    width = len(TREE.levels[level]) // 32
    return tuple(TREE.node(level, i) for i in range(width)), tuple(marks), tuple(siblings)


def share(bench: Bench, at: int) -> None:
    args = (SPACES[at], TITLES[at], tuple(TREE.proof(at)), DECISIONS[at])
    bench.do("registry", "share", *args, sender="registrar")


def is_shared(bench: Bench, at: int) -> bool:
    return bool(bench.chain.read("registry", "is_shared", SPACES[at]))


def test_marks_go_together_under_any_level_of_the_tree_with_one_event_each(bench: Bench) -> None:
    publish(bench)
    for level, places in ((4, (0, 9)), (2, (1, 2, 10)), (0, (3, 4)), (3, (8,))):
        batch = together(places, level)
        outcome = bench.do("registry", "share_many", *batch, sender="registrar")
        assert [(e.name, e.args["decision"]) for e in outcome.events] == [
            ("Shared", DECISIONS[at]) for at in places
        ]
        assert all(is_shared(bench, at) for at in places)
    assert not is_shared(bench, 5)


def broken(change: str) -> Batch:
    cap, marks, siblings = together((1, 6), 2)
    first, second = marks
    return {
        "another title": (cap, (first, (SPACES[6], TITLES[5], *second[2:])), siblings),
        "another cap": ((keccak(b"x"), *cap[1:]), marks, siblings),
        "a node that is none": (cap, marks, (keccak(b"x"), *siblings[1:])),
        "under another node": (cap, (first, (*second[:3], 2, second[4])), siblings),
        "proofs cut elsewhere": (cap, ((*first[:4], 1), second), siblings),
    }[change]


@pytest.mark.parametrize(
    "change",
    [
        "another title",
        "another cap",
        "a node that is none",
        "under another node",
        "proofs cut elsewhere",
    ],
)
def test_one_mark_that_is_not_proven_refuses_them_all(bench: Bench, change: str) -> None:
    publish(bench)
    assert refusal(bench, "share_many", *broken(change)) == "PROOF"
    assert not is_shared(bench, 1)


def test_marks_that_point_outside_or_decide_nothing_are_refused(bench: Bench) -> None:
    publish(bench)
    cap, (first, second), siblings = together((1, 6), 2)
    undecided = (*second[:2], NONE, *second[3:])
    assert refusal(bench, "share_many", cap, (first, undecided), siblings) == "DECISION"
    for outside in ((*second[:3], 9, second[4]), (*second[:4], 99), (*second[:4], 0)):
        assert refusal(bench, "share_many", cap, (first, outside), siblings) == "REVERTED"
    assert refusal(bench, "share_many", (), (first,), siblings) == "REVERTED"


def test_before_a_library_is_published_nothing_is_shared(bench: Bench) -> None:
    assert refusal(bench, "share_many", *together((1,), 0)) == "PROOF"
    _cap, marks, siblings = together((1,), 4)
    assert refusal(bench, "share_many", (NONE,), marks, siblings) == "PROOF"


def test_a_mark_moves_to_the_new_title_or_ends_with_it(bench: Bench) -> None:
    publish(bench)
    share(bench, 1)
    new_title, moved = keccak(b"new title"), keccak(b"moved")
    tree = Tree(TREE.leaves())
    tree.update(1, leaf_hash(SPACES[1] + new_title))
    publish(bench, tree)
    old = (SPACES[1], TITLES[1], tuple(TREE.proof(1)))
    assert refusal(bench, "transfer", *old, moved) == "PROOF"
    new = (SPACES[1], new_title, tuple(tree.proof(1)))
    [event] = bench.do("registry", "transfer", *new, moved, sender="registrar").events
    assert (event.name, event.args["title_digest"]) == ("Transferred", new_title)
    assert bench.chain.read("registry", "shared", SPACES[1]) == moved
    bench.do("registry", "transfer", *new, NONE, sender="registrar")
    assert not is_shared(bench, 1)
    assert refusal(bench, "transfer", *new, moved) == "NOT_SHARED"


def test_a_term_ends_a_mark_when_it_is_over_and_not_before(bench: Bench) -> None:
    publish(bench)
    share(bench, 2)
    assert refusal(bench, "expire", SPACES[2], START_S + 86_400) == "TERM"
    [event] = bench.do("registry", "expire", SPACES[2], START_S, sender="registrar").events
    assert (event.name, event.args["ended_s"]) == ("Expired", START_S)
    assert not is_shared(bench, 2)
    assert refusal(bench, "expire", SPACES[2], START_S) == "NOT_SHARED"


def test_only_the_registrar_acts(bench: Bench) -> None:
    publish(bench)
    share(bench, 1)
    one = (SPACES[1], TITLES[1], tuple(TREE.proof(1)))
    for function, args in (
        ("share", (*one, DECISIONS[1])),
        ("share_many", together((1,), 2)),
        ("transfer", (*one, NONE)),
        ("expire", (SPACES[1], START_S)),
        ("unshare", (SPACES[1], NONE)),
    ):
        assert refusal(bench, function, *args, sender="settler") == "REGISTRAR"
        assert refusal(bench, function, *args, sender="admin") == "REGISTRAR"


@pytest.mark.parametrize("role", ["registrar", "admin"])
def test_a_role_passes_only_when_it_is_accepted(bench: Bench, role: Sender) -> None:
    name, settler = keccak(role.encode()), bench.address("settler")
    before = bench.chain.read("registry", role)
    assert refusal(bench, "propose_role", name, settler, sender="registrar") == "ADMIN"
    assert refusal(bench, "propose_role", keccak(b"king"), settler, sender="admin") == "ROLE"
    bench.do("registry", "propose_role", name, settler, sender="admin")
    assert bench.chain.read("registry", role) == before
    assert refusal(bench, "accept_role", name, sender="registrar") == "PROPOSED"
    [event] = bench.do("registry", "accept_role", name, sender="settler").events
    assert (event.name, event.args["holder"]) == ("RoleChanged", settler)
    assert bench.chain.read("registry", role) == settler
    assert refusal(bench, "accept_role", name, sender="settler") == "PROPOSED"


def test_a_new_admin_is_not_bound_by_what_the_one_before_had_offered(bench: Bench) -> None:
    admin, registrar = keccak(b"admin"), keccak(b"registrar")
    before = bench.chain.read("registry", "registrar")
    bench.do("registry", "propose_role", registrar, bench.address("settler"), sender="admin")
    bench.do("registry", "propose_role", admin, bench.address("registrar"), sender="admin")
    bench.do("registry", "accept_role", admin, sender="registrar")
    assert refusal(bench, "accept_role", registrar, sender="settler") == "PROPOSED"
    assert bench.chain.read("registry", "registrar") == before
    assert bench.chain.read("registry", "proposed", registrar) == "0x" + "00" * 20
