"""Runs berth-edge's own commands in processes that die at their Nth change of a file.

Not a test: `python -m tests.http.dying`, a job a line (JSON) on standard input; for each the number
of changes until the command came through, on standard output.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from edge.adapters.enrolling import over_http
from edge.commands.enrol import enrol_at, renew_at, rotate_at
from edge.config import read_config

CHANGES = {"os.rename", "os.remove", "os.link", "os.mkdir", "os.chmod", "os.truncate"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
DIED, MOST = 9, 60


def command(job: dict[str, Any], data: Path) -> None:
    """At the moment of the job's cloud, whose clock stands."""
    if job["what"] == "enrol":
        enrol_at((job["url"], job["code"]), data, job["serial"], over_http, True)
        return
    settings, now = read_config(data / "gateway.yaml"), datetime.fromisoformat(job["now"])
    if job["what"] == "renew":
        renew_at(settings, None, (True, now), over_http, True)
    else:
        rotate_at(settings, None, now, over_http, True)


def die_at(number: int, folder: str) -> None:
    left = [number]

    def hook(event: str, given: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(given[2], int) and given[2] & WRITES
        if not (writes or event in CHANGES) or folder not in str(given[0]):
            return
        left[0] -= 1
        if left[0] == 0:
            os._exit(DIED)

    sys.addaudithook(hook)


def run(job: dict[str, Any], number: int) -> int:
    """The exit status of a child that dies at that change; 0: it came through before."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        if number:
            die_at(number, job["data"])
        command(job, Path(job["data"]))
    except BaseException as error:  # noqa: BLE001 - a child of a fork must not return
        print(repr(error), file=sys.stderr)
        os._exit(1)
    os._exit(0)


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        for before in job.get("before", ()):
            assert run(before, 0) == 0
        status = run(job, job["number"])
        again = run(job, 0) if status == DIED else None
        print(json.dumps([status, again]), flush=True)


if __name__ == "__main__":
    main()
