"""The bugs that `make mutants` plants in whose plate a stay that is told again is matched by."""

from tests.tools.planted import Mutant

RETOLD = "tests/cloud/test_stay_retold.py"
RETELLING = "tests/edge/test_retelling.py"
TOLD_AGAIN = (
    Mutant(
        "a driver who waits in the camera's view is billed a stranger's stay",
        "edge/core/space.py",
        "self._reads.came(change.at_ns, self._release_ns(change))",
        "self._reads.came(change.at_ns, change.at_ns + 86_400 * NS)",
        RETOLD,
    ),
    Mutant(
        "a waiting driver's plate outvotes that of the car in the space",
        "edge/core/arrival_reads.py",
        "        if mono_ns <= self._until_ns:",
        "        if mono_ns <= self._until_ns or self._own:",
        RETOLD,
    ),
    Mutant(
        "an arrival that was told early loses the plate it waited for",
        "edge/core/arrival_reads.py",
        "        if mono_ns <= self._until_ns:",
        "        if False:",
        RETELLING,
    ),
    Mutant(
        "after a restart a stranger gets the plate of whoever is in view",
        "edge/core/space.py",
        "        if self._verdict is not named:\n",
        "        if True:\n",
        RETELLING,
    ),
    Mutant(
        "the evidence of a stay told again lacks its arrival",
        "cloud/usecases/dispute_evidence.py",
        "EventRow.seq >= stay.began_seq,",
        "EventRow.seq >= stay.first_seq,",
        RETOLD,
    ),
    Mutant(
        "a stay that the gateway knew by itself forgets how it opened",
        "cloud/usecases/stay_matches.py",
        "    stay.opened_seq = stay.began_seq\n    stay.first_seq = came.event.seq\n",
        "    stay.first_seq = came.event.seq\n",
        RETOLD,
    ),
)
