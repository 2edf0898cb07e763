"""The planted bugs can be planted: the slow run that shows them caught must not stop half-way."""

import pytest

from tests.tools.mutants import ALL
from tests.tools.planted import Mutant
from tests.tools.tidy import ROOT


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.bug)
def test_the_text_that_a_bug_replaces_is_there(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text("utf-8")
    assert mutant.old in text and mutant.old != mutant.new
    assert (ROOT / mutant.tests.split("::")[0].split(" ")[0]).exists()


def test_every_bug_has_a_name_of_its_own() -> None:
    assert len({mutant.bug for mutant in ALL}) == len(ALL)
