"""The rig, on SQLite; in the files named here once more on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cloud.postgres import Server
    from tests.cloud.rig import Rig

BOTH_ENGINES = (
    "test_charges.py",
    "test_credits.py",
    "test_disputes.py",
    "test_market.py",
    "test_offers.py",
    "test_offers_back.py",
    "test_settling.py",
    "test_settling_books.py",
    "test_settling_rules.py",
    "test_stays.py",
    "test_titles_and_registrations.py",
    "test_trust.py",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames and metafunc.definition.path.name in BOTH_ENGINES:
        metafunc.parametrize("engine", ["sqlite", "postgresql"])


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    from tests.cloud.postgres import Server, binaries  # the unit tests beside it need no database

    programs = binaries()
    if programs is None:
        pytest.skip("there is no PostgreSQL server here (Debian: apt-get install postgresql)")
    server = Server(programs)
    yield server
    server.close()


@pytest.fixture
def url(engine: str, request: pytest.FixtureRequest) -> str | None:
    """Of an empty database on the server; None: SQLite."""
    return None if engine == "sqlite" else str(request.getfixturevalue("server").emptied())


@pytest.fixture
def rig(tmp_path: Path, url: str | None) -> Iterator[Rig]:
    yield from _rig(tmp_path, url)


@pytest.fixture
def file_rig(tmp_path: Path) -> Iterator[Rig]:
    yield from _rig(tmp_path, None)


@pytest.fixture
def server_rig(tmp_path: Path, server: Server) -> Iterator[Rig]:
    yield from _rig(tmp_path, server.emptied())


def _rig(folder: Path, url: str | None) -> Iterator[Rig]:
    from tests.cloud.rig import Rig

    rig = Rig(folder, url=url)
    yield rig
    rig.db.close()
