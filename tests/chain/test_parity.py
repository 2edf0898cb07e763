"""The same signed transactions on our dev chain and on anvil: gas, status and logs are the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.gas import NO_DELAY_S, Ours
from bench.peers import npm
from bench.peers.wire import Node, Recorder, Ticking, differences, replay
from cloud.adapters.dev_keys import DEV_CHAIN_ID
from cloud.adapters.devchain import DevChainServer

START_S = 1_780_000_000
BURN = "0x000000000000000000000000000000000000dEaD"
REVERTS = "0x5f5ffd"  # PUSH0 PUSH0 REVERT, as creation code


@pytest.fixture
def anvil() -> Iterator[Node]:
    try:
        npm.anvil_path()
    except npm.Absent as absent:
        pytest.skip(str(absent))
    with npm.anvil(DEV_CHAIN_ID, START_S) as url:
        node = Node(url)
        node.fund_dev_accounts()
        yield node


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Recorder]:
    server = DevChainServer(tmp_path, now=Ticking(START_S))
    try:
        yield Recorder(Node(server.start()))
    finally:
        server.stop()


def test_money_titles_and_batches_cost_and_log_the_same_on_both(
    ours: Recorder, anvil: Node
) -> None:
    assert NO_DELAY_S == 0
    lot = Ours(ours)
    lot.deploy()
    lot.share()
    lot.money()
    lot.settle("batch", 20, 40)
    theirs = replay(anvil, ours)
    assert len(theirs) > 50
    assert differences(ours.receipts, theirs) == []


def test_what_fails_fails_on_both_with_the_same_gas(ours: Recorder, anvil: Node) -> None:
    raws = [ours.sign(5, None, REVERTS), ours.sign(5, BURN, "0x00ff"), ours.sign(5, None, "0xfe")]
    mine = [ours.node.include(raw) for raw in raws]
    theirs = [anvil.include(raw) for raw in raws]
    assert [receipt["status"] for receipt in mine] == ["0x0", "0x1", "0x0"]
    assert differences(mine, theirs) == []


def test_a_difference_in_gas_status_or_logs_is_seen(ours: Recorder) -> None:
    receipt = ours.node.include(ours.sign(5, BURN, "0x"))
    for change in ({"gasUsed": "0x1"}, {"status": "0x0"}, {"contractAddress": BURN}):
        assert differences([receipt], [{**receipt, **change}]) == [0]
    assert differences([receipt], [dict(receipt)]) == []
