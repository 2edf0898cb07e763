"""Random stories told to the contracts and to their model: the same answers, no money made."""

from collections.abc import Iterator
from typing import Any

import pytest
from chain_bench import UNIT, WITHDRAW_DELAY_S, Bench, Clock, word
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.adapters.chain import Web3Chain, deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.adapters.fake_chain import FakeChain
from cloud.ports.chain import Chain, ChainRefused
from contracts.ledger.hashing import keccak

ACCOUNTS = st.integers(0, 4)
AMOUNTS = st.integers(0, 300)
WORDS = st.lists(st.tuples(ACCOUNTS, ACCOUNTS, st.integers(0, 12), AMOUNTS), max_size=5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), ACCOUNTS, st.sampled_from(["admin", "registrar"])),
        st.tuples(st.just("deposit"), ACCOUNTS, AMOUNTS, st.integers(0, 5)),
        st.tuples(st.just("settle"), st.integers(1, 3), WORDS),
        st.tuples(st.just("ask"), ACCOUNTS, AMOUNTS),
        st.tuples(st.just("withdraw"), ACCOUNTS),
        st.tuples(st.just("wait")),
        st.tuples(st.sampled_from(["pause", "unpause"])),
    ),
    max_size=12,
)


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
        "open": lambda: ("open_account", args[0], bench.address(args[1]), "registrar"),
        "deposit": lambda: ("deposit", *args[:2], keccak(b"%d" % args[2]), "registrar"),
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
    }
    function, *values, sender = ledger[name]()
    try:
        outcome = bench.do("ledger", function, *values, sender=sender)
    except ChainRefused as refusal:
        return refusal.code
    assert outcome.ok
    names = {bench.chain.deployment().ledger: "ledger"}
    return [(event.name, known(event.args, names, bench)) for event in outcome.events]


def known(args: Any, names: dict[str, str], bench: Bench) -> dict[str, Any]:
    """Addresses by their role: the two chains have different ones."""
    roles = {bench.address(role): role for role in ("admin", "registrar", "settler")}
    return {name: {**names, **roles}.get(value, value) for name, value in args.items()}


def state(chain: Chain) -> list[Any]:
    accounts = range(5)
    return [
        chain.read("ledger", "seq"),
        chain.read("ledger", "head"),
        [chain.read("ledger", "balance_of", one) for one in accounts],
        [chain.read("ledger", "withdrawal_of", one) for one in accounts],
        [chain.read("ledger", "is_settled", stay) for stay in range(13)],
        chain.read("token", "balanceOf", chain.deployment().ledger),
    ]


def prepared(chain: Chain, clock: Clock) -> Bench:
    bench = Bench(chain, clock)
    registrar = bench.address("registrar")
    bench.do("token", "mint", registrar, 1_000 * UNIT, sender="admin")
    spender = chain.deployment().ledger
    bench.do("token", "approve", spender, 800 * UNIT, sender="registrar")
    for account_id in (1, 2):
        bench.open(account_id, bench.address("admin"))
    return bench


@settings(max_examples=10, deadline=None)
@given(steps=STEPS)
def test_the_contracts_and_the_model_tell_the_same_story(
    server: tuple[DevChainServer, Clock], steps: list[tuple[Any, ...]]
) -> None:
    devchain, clock = server
    keys = dev_role_keys()
    deployment = deploy(devchain.url, keys, UNIT, WITHDRAW_DELAY_S)
    real = prepared(Web3Chain(devchain.url, deployment, keys), clock)
    model = prepared(FakeChain(clock, UNIT, WITHDRAW_DELAY_S), clock)
    for step in steps:
        if step == ("wait",):
            clock.seconds += WITHDRAW_DELAY_S
            continue
        assert act(real, step) == act(model, step), step
    assert state(real.chain) == state(model.chain)
    held = state(real.chain)[-1]
    assert held == UNIT * sum(state(real.chain)[2])
