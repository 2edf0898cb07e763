"""Random stories told to the contracts and to their model: the same answers, no money made."""

from collections.abc import Iterator
from typing import Any

import pytest
from chain_bench import UNIT, WITHDRAW_DELAY_S, Bench, Clock, word
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloud.adapters.chain import Web3Chain
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.adapters.fake_chain import FakeChain
from cloud.adapters.fake_contracts import ZERO_ADDRESS
from cloud.ports.chain import Chain, ChainRefused, Sender
from contracts.ledger.hashing import keccak

ACCOUNTS = st.integers(0, 4)
AMOUNTS = st.integers(0, 300)
DEPOSITORS: tuple[Sender, ...] = ("registrar", "settler")
REFERENCES = range(6)
ROLES = ("admin", "pauser", "nothing")
# Plain, with a fee, a credit with and without one, by claim, by claim with a fee.
TAGS = st.sampled_from([0, 0, 250, 0x8000, 0x8000 + 250, 0x4000, 0x4000 + 250])
WORDS = st.lists(st.tuples(ACCOUNTS, ACCOUNTS, st.integers(0, 12), AMOUNTS, TAGS), max_size=5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), ACCOUNTS, st.sampled_from(["admin", "registrar", "nobody"])),
        st.tuples(
            st.just("deposit"),
            ACCOUNTS,
            AMOUNTS,
            st.sampled_from(REFERENCES),
            st.sampled_from(DEPOSITORS),
        ),
        st.tuples(st.just("settle"), st.integers(1, 3), WORDS),
        st.tuples(st.just("ask"), ACCOUNTS, AMOUNTS),
        st.tuples(st.just("withdraw"), ACCOUNTS),
        st.tuples(st.just("wait")),
        st.tuples(st.sampled_from(["pause", "unpause", "accept_fee", "close"])),
        st.tuples(st.just("hold"), ACCOUNTS, AMOUNTS, st.integers(0, 2)),
        st.tuples(st.just("propose_fee"), st.sampled_from([0, 250, 1_000, 1_001])),
        st.tuples(st.just("take_fees"), st.integers(0, 5)),
        st.tuples(st.just("earn"), st.integers(1, 4), st.integers(1, 300)),
        st.tuples(st.just("claim"), st.integers(1, 4), st.integers(1, 300)),
        st.tuples(st.just("propose"), st.sampled_from(ROLES), st.sampled_from(DEPOSITORS)),
        st.tuples(st.just("accept"), st.sampled_from(ROLES), st.sampled_from(DEPOSITORS)),
    ),
    max_size=12,
)
# What a few random stories may miss: each rule told once for certain.
SHORT: list[tuple[Any, ...]] = [
    ("deposit", 1, 100, 0, "registrar"),
    ("settle", 1, [(1, 2, 0, 60), (1, 2, 1, 60), (1, 2, 2, 60), (3, 2, 3, 1), (2, 2, 4, 101)]),
    ("settle", 2, [(1, 2, 1, 20)]),
]
CLOSED_PAYEE: list[tuple[Any, ...]] = [
    ("deposit", 1, 100, 0, "registrar"),
    ("settle", 1, [(1, 3, 0, 60), (1, 3, 1, 0), (1, 2, 2, 60), (1, 3, 3, 300)]),
    ("open", 3, "nobody"),
    ("open", 3, "registrar"),
    ("settle", 2, [(1, 3, 4, 60)]),
]
FEES_AND_CREDITS: list[tuple[Any, ...]] = [
    ("deposit", 1, 290, 0, "registrar"),
    ("settle", 1, [(1, 2, 0, 100, 250)]),
    ("propose_fee", 250),
    ("accept_fee",),
    ("wait_long",),
    ("accept_fee",),
    ("settle", 1, [(1, 2, 0, 100, 250), (1, 2, 1, 200, 250), (2, 1, 2, 100, 0x8000 + 250)]),
    ("settle", 2, [(2, 1, 3, 290, 0x8000 + 250), (1, 1, 4, 50, 0x8000 + 250)]),
    ("settle", 3, [(1, 3, 5, 20, 0x4000 + 250), (2, 9, 6, 300, 0x4000)]),
    ("earn", 2, 20),
    ("claim", 2, 21),
    ("claim", 2, 20),
    ("claim", 2, 20),
    ("take_fees", 1),
]
HELD_AND_CLOSED: list[tuple[Any, ...]] = [
    ("deposit", 1, 100, 0, "registrar"),
    ("hold", 1, 70, 2),
    ("ask", 1, 100),
    ("wait",),
    ("withdraw", 1),
    ("ask", 1, 70),
    ("withdraw", 1),
    ("close",),
    ("withdraw", 1),
    ("settle", 1, [(1, 2, 0, 1)]),
    ("unpause",),
]
# Held in part: the rest of the request stays; a week later it is over. A pause ends holds.
REQUESTS_END: list[tuple[Any, ...]] = [
    ("deposit", 1, 100, 0, "registrar"),
    ("hold", 1, 70, 2),
    ("ask", 1, 100),
    ("wait",),
    ("withdraw", 1),
    ("withdraw", 1),
    ("pause",),
    ("withdraw", 1),
    ("unpause",),
    ("deposit", 2, 100, 1, "registrar"),
    ("ask", 2, 100),
    ("wait_long",),
    ("withdraw", 2),
    ("close",),
    ("earn", 2, 20),
    ("withdraw", 2),
]
OFFERS_END: list[tuple[Any, ...]] = [
    ("propose", "pauser", "registrar"),
    ("propose", "admin", "settler"),
    ("accept", "admin", "settler"),
    ("accept", "pauser", "registrar"),
]
FEES_END: list[tuple[Any, ...]] = [
    ("propose_fee", 250),
    ("wait_long",),
    ("wait_long",),
    ("accept_fee",),
]
TWO_STEPS: list[tuple[Any, ...]] = [
    ("propose", "pauser", "registrar"),
    ("accept", "pauser", "settler"),
    ("accept", "pauser", "registrar"),
    ("propose", "nothing", "registrar"),
    ("propose", "admin", "settler"),
    ("accept", "admin", "settler"),
    ("pause",),
]
ONE_REFERENCE: list[tuple[Any, ...]] = [
    ("deposit", 2, 1, 0, "settler"),
    ("deposit", 1, 100, 0, "registrar"),
    ("deposit", 1, 100, 0, "registrar"),
    ("deposit", 2, 1, 0, "settler"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DevChainServer, Clock]]:
    clock = Clock()
    server = DevChainServer(tmp_path_factory.mktemp("model"), now=clock)
    server.start()
    yield server, clock
    server.stop()


def act(bench: Bench, step: tuple[Any, ...]) -> Any:
    """What came of it: the events, or the refusal's code."""
    name, *args = step
    ledger = {
        "open": lambda: ("open_account", args[0], owner(bench, args[1]), "registrar"),
        "deposit": lambda: ("deposit", *args[:2], keccak(b"%d" % args[2]), args[3]),
        "settle": lambda: (
            "settle_batch",
            args[0],
            keccak(b"root"),
            tuple(word(*one) for one in args[1]),
            "settler",
        ),
        "ask": lambda: ("request_withdraw", *args, "admin"),
        "withdraw": lambda: ("withdraw", *args, "settler"),
        "pause": lambda: ("pause", "admin"),
        "unpause": lambda: ("unpause", "admin"),
        "accept_fee": lambda: ("accept_fee", "admin"),
        "close": lambda: ("close", bench.address("settler"), "admin"),
        "hold": lambda: ("hold", *args[:2], bench.clock() + args[2] * WITHDRAW_DELAY_S, "settler"),
        "propose_fee": lambda: ("propose_fee", *args, "admin"),
        "take_fees": lambda: ("withdraw_fees", bench.address("settler"), *args, "admin"),
        # A library of one leaf: its root is the leaf, and its proof is empty.
        "earn": lambda: ("publish_earnings", earned_leaf(*args), "settler"),
        "claim": lambda: ("claim", *args, (), "settler"),
        "propose": lambda: (
            "propose_role",
            keccak(args[0].encode()),
            bench.address(args[1]),
            "admin",
        ),
        "accept": lambda: ("accept_role", keccak(args[0].encode()), args[1]),
    }
    function, *values, sender = ledger[name]()
    try:
        outcome = bench.do("ledger", function, *values, sender=sender)
    except ChainRefused as refusal:
        return refusal.code
    assert outcome.ok
    names = {bench.chain.deployment().ledger: "ledger"}
    return [(event.name, known(event.args, names, bench)) for event in outcome.events]


def earned_leaf(account: int, earned_minor: int) -> bytes:
    return keccak(b"\0" + account.to_bytes(32, "big") + earned_minor.to_bytes(32, "big"))


def owner(bench: Bench, role: Any) -> str:
    return ZERO_ADDRESS if role == "nobody" else bench.address(role)


def known(args: Any, names: dict[str, str], bench: Bench) -> dict[str, Any]:
    """Addresses by their role: the two chains have different ones."""
    roles = {bench.address(role): role for role in ("admin", "registrar", "settler")}
    return {name: {**names, **roles}.get(value, value) for name, value in args.items()}


def state(chain: Chain) -> list[Any]:
    accounts = range(5)
    depositors = [chain.read("ledger", role) for role in DEPOSITORS]
    return [
        chain.read("ledger", "seq"),
        chain.read("ledger", "head"),
        [chain.read("ledger", "balance_of", one) for one in accounts],
        [chain.read("ledger", "withdrawal_of", one) for one in accounts],
        [chain.read("ledger", "hold_of", one) for one in accounts],
        [chain.read("ledger", "claimed_of", one) for one in accounts],
        chain.read("ledger", "lanes_of", 0, 2),
        [chain.read("ledger", one) for one in ("status", "fee_bps", "fees", "unclaimed")],
        [chain.read("ledger", "is_settled", stay) for stay in range(13)],
        [
            chain.read("ledger", "reference_used", one, keccak(b"%d" % reference))
            for one in depositors
            for reference in REFERENCES
        ],
        chain.read("ledger", "registry") == chain.deployment().registry,
        chain.read("token", "balanceOf", chain.deployment().ledger),
    ]


def prepared(chain: Chain, clock: Clock) -> Bench:
    bench = Bench(chain, clock)
    spender = chain.deployment().ledger
    for role in DEPOSITORS:
        bench.do("token", "mint", bench.address(role), 1_000 * UNIT, sender="admin")
        bench.do("token", "approve", spender, 800 * UNIT, sender=role)
    for account_id in (1, 2):
        bench.open(account_id, bench.address("admin"))
    return bench


@settings(max_examples=10, deadline=None)
@given(steps=STEPS)
@example(steps=SHORT)
@example(steps=CLOSED_PAYEE)
@example(steps=ONE_REFERENCE)
@example(steps=FEES_AND_CREDITS)
@example(steps=HELD_AND_CLOSED)
@example(steps=TWO_STEPS)
@example(steps=REQUESTS_END)
@example(steps=OFFERS_END)
@example(steps=FEES_END)
def test_the_contracts_and_the_model_tell_the_same_story(
    server: tuple[DevChainServer, Clock], steps: list[tuple[Any, ...]]
) -> None:
    devchain, clock = server
    keys = dev_role_keys()
    deployment = deploy(devchain.url, keys, UNIT, WITHDRAW_DELAY_S)
    real = prepared(Web3Chain(devchain.url, deployment, keys), clock)
    model = prepared(FakeChain(clock, UNIT, WITHDRAW_DELAY_S), clock)
    for step in steps:
        if step in (("wait",), ("wait_long",)):
            clock.seconds += WITHDRAW_DELAY_S if step == ("wait",) else 8 * 86_400
            continue
        assert act(real, step) == act(model, step), step
    assert state(real.chain) == state(model.chain)
    found = state(real.chain)
    assert found[-1] == UNIT * (sum(found[2]) + sum(found[7][2:]))
