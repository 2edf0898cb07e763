from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cloud.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    from tests.cloud.rig import Rig  # the unit tests beside it need no database

    return Rig(tmp_path)
