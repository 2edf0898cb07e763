"""When what happens by itself happens: a handful of periodic sweeps on threads of one scheduler."""

import signal
from collections.abc import Callable, Mapping, Sequence

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from cloud.entrypoints.turns import Turns
from cloud.errors import DatabaseBusy, DatabaseInUse, NoDatabase

log = structlog.get_logger("cloud")
Job = tuple[str, Callable[[], object], float]
"""Its name in metrics and at /readyz, what to do, every so many seconds."""


def scheduler(
    turns: Turns, threads: Mapping[str, int], jobs: Mapping[str, Sequence[Job]]
) -> BackgroundScheduler:
    """`threads`: how many each group of `jobs` has."""
    pools = {name: ThreadPoolExecutor(count) for name, count in threads.items()}
    defaults = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    made = BackgroundScheduler(executors=pools, job_defaults=defaults)
    for group, members in jobs.items():
        for name, job, every_s in members:
            turns.expect(name, every_s)
            asked = [turns, name, job]
            made.add_job(_swept, "interval", asked, seconds=every_s, executor=group)
    return made


def _swept(turns: Turns, name: str, job: Callable[[], object]) -> None:
    """A sweep without its database is tried again at its next turn; one without its place ends."""
    try:
        turns.run(name, job)
    except (DatabaseBusy, NoDatabase) as error:
        log.warning(error.code, error=str(error))
    except DatabaseInUse as error:
        log.error(error.code, error=str(error))
        signal.raise_signal(signal.SIGTERM)
