"""The same contracts on the fake and on the dev chain through web3."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chain_bench import UNIT, WITHDRAW_DELAY_S, Bench, Clock

from cloud.adapters.chain import Web3Chain
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.adapters.fake_chain import FakeChain


@pytest.fixture(params=["fake", "devchain"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    clock = Clock()
    if request.param == "fake":
        yield Bench(FakeChain(clock, UNIT, WITHDRAW_DELAY_S), clock)
        return
    server = DevChainServer(tmp_path, now=clock)
    url = server.start()
    try:
        keys = dev_role_keys()
        deployment = deploy(url, keys, UNIT, WITHDRAW_DELAY_S)
        yield Bench(Web3Chain(url, deployment, keys), clock)
    finally:
        server.stop()
