from pathlib import Path

import pytest

from tests.http.rig import Front, opened


@pytest.fixture
def front(tmp_path: Path) -> Front:
    """One of the test's own, to change as it likes."""
    return opened(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Front:
    """For tests that leave things as they were, or where it makes no difference."""
    return opened(tmp_path_factory.mktemp("shared"))
