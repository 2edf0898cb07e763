"""A short run of tests/http/fuzz.py; the long one belongs to the gate."""

from pathlib import Path

import pytest

from tests.http.fuzz import WHO, Fuzz, Wrong
from tests.http.rig import Front, opened

CASES = 2


def test_whatever_is_sent_as_whoever_is_answered_as_described(tmp_path: Path) -> None:
    fuzz = Fuzz(opened(tmp_path))
    assert fuzz.run(CASES) >= CASES * len(WHO) * 30
    assert {200, 401, 403, 404, 409, 422} <= set(fuzz.statuses)
    assert not [status for status in fuzz.statuses if status >= 500]


class Lies(Fuzz):
    """Looks at one operation only, whose description is changed."""

    def operations(self):  # type: ignore[no-untyped-def]
        found = [one for one in super().operations() if one.path.endswith("/balance")]
        for operation in found:
            del operation.definition.raw["responses"]["200"]
        return iter(found)


def test_an_answer_that_the_description_lacks_is_found(front: Front) -> None:
    with pytest.raises(Wrong, match="is not described"):
        Lies(front).run(1)
