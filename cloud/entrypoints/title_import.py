"""An import from its file to the library: many short writes, and one that makes it count."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from cloud.adapters.db import Database
from cloud.adapters.title_files import BadFile, TitleFile
from cloud.core.reasons import Refusal
from cloud.core.title_rows import Lined, Problem, check
from cloud.usecases import audit, title_staging, title_swap, titles
from cloud.usecases.title_staging import MAX_PROBLEMS, Begun
from cloud.usecases.titles import Imported

STEP_ROWS = 10_000  # in one write: what a killed import has to do again


@dataclass(frozen=True, slots=True)
class Ask:
    """`run` names this process; `again` and `max_problems` are the operator's.

    `who`: in the words of the audit log.
    """

    run: str
    now_ms: int
    salts: Callable[[int], bytes]
    again: bool = False
    max_problems: int = MAX_PROBLEMS
    step_rows: int = STEP_ROWS
    who: str = audit.SYSTEM


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told: once how it begins, after each step the rows so far, and of each stage."""

    begun: Callable[[Begun], None] = lambda _begun: None
    rows: Callable[[int], None] = lambda _rows: None
    stage: Callable[[str], None] = lambda _stage: None


def run(
    db: Database, file: TitleFile, ask: Ask, watch: Watch
) -> Imported | Refusal | list[Problem]:
    """A file with problems leaves nothing behind. Raises CloudError, OSError."""
    begun = db.write(lambda s: title_staging.begin(s, file.sha256, ask.run, ask.again))
    if isinstance(begun, Refusal):
        return begun
    watch.begun(begun)
    if begun.same is not None:
        same = begun.same
        return db.read(lambda s: titles.imported(s, same))
    ended = _stage_all(db, file, (begun.rows, ask), watch)
    if isinstance(ended, Refusal):
        return ended
    watch.stage("checking")
    problems = db.read(lambda s: titles.verdict(s, ask.max_problems))
    if ended or problems:
        db.write(lambda s: title_staging.end(s, ask.run))
        real = [problem for problem in problems if problem is not titles.EMPTY or not ended]
        return sorted([*real, *ended])[: ask.max_problems]
    watch.stage("growing the tree")
    plan = db.read(title_swap.plan)
    watch.stage("writing the library")
    made = db.write(lambda s: titles.finish(s, ask.run, plan, ask.now_ms, ask.who))
    if not isinstance(made, Refusal):
        watch.stage("clearing up")
        db.write(lambda s: title_staging.end(s, ask.run))
    return made


def _stage_all(
    db: Database, file: TitleFile, asked: tuple[int, Ask], watch: Watch
) -> Sequence[Problem] | Refusal:
    """What ended the reading before the file's end, or nothing."""
    done, ask = asked
    bad = 0
    try:
        for rows in _steps(itertools.islice(file.rows(), done, None), ask.step_rows):
            found = check(rows, ask.salts(len(rows)), done + 1)
            step = partial(title_staging.stage, run=ask.run, rows=done, found=found)
            refused = db.write(step)
            if refused is not None:
                return refused
            done, bad = done + len(rows), bad + len(found[1])
            watch.rows(done)
            if bad >= ask.max_problems:
                return ()
    except BadFile as error:
        return error.problems
    return ()


def _steps(rows: Iterator[Lined], size: int) -> Iterator[list[Lined]]:
    while step := list(itertools.islice(rows, size)):
        yield step
