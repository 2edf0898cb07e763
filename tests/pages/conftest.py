from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.pages.making import Town, town


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, served_s=0.0) as made:
        yield made


@pytest.fixture
def client(place: Town) -> Iterator[TestClient]:
    with TestClient(place.app) as made:
        yield made
