"""berth-edge calibrate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from edge.adapters.machine_checks import is_running
from edge.adapters.settings_file import as_yaml, write_calibration
from edge.commands.listening import Listener, listening
from edge.commands.options import CONFIG_FILE, ConfigOption, JsonOption
from edge.config import CalibrationSpec, Config, read_config
from edge.core.calibration import (
    ENOUGH,
    GOOD,
    STEPS,
    Calibration,
    Level,
    Step,
    judge,
    measure_step,
)
from edge.core.readings import Reading
from edge.errors import CalibrationLeft, GatewayRuns, OptionsWrong, UnknownSpace
from edge.feeds import Feed, sensor_feed, stream_feed

NS = 1_000_000_000
SECONDS = 30.0
WAIT_S = 0.5
SAID: dict[Step, str] = {
    "empty": "Leave the space empty, and keep clear of it yourself.",
    "car": "Drive the car in, stop as drivers do, and switch it off.",
    "out": "Drive it out again, and some metres away.",
    "neighbour": "Park it in the neighbour space, as near as it gets.",
}
STEPS_WRONG = (
    "--steps are the moments at which the steps begin, such as 0:30,1:30,2:30 or one more."
)


def calibrate(
    space: Annotated[str, typer.Argument(help="Its name, as the settings have it.")],
    config: ConfigOption = Path(CONFIG_FILE),
    seconds: Annotated[float, typer.Option(min=5, max=600, help="Of each step.")] = SECONDS,
    no_neighbour: Annotated[
        bool, typer.Option("--no-neighbour", help="There is no neighbour space.")
    ] = False,
    readings: Annotated[
        str | None, typer.Option(help="Trace lines in place of the sensors; needs --steps.")
    ] = None,
    steps: Annotated[
        str | None, typer.Option(help="When each step begins, from the first reading: 0:30,1:30,…")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Empty, car in, car out, neighbour's car: learn the levels, and refuse what is too weak."""
    settings = read_config(config)
    begins_s = None if readings is None else _moments(steps)
    if readings is None and is_running(settings.data_path):
        raise GatewayRuns
    feed = sensor_feed(settings) if readings is None else stream_feed(readings)
    if space not in {channel.space for channel in feed.channels.values()}:
        feed.stop()
        raise UnknownSpace(f"It is {space}.")
    console = Console(stderr=True)
    with listening(feed) as listener:
        if begins_s is not None:
            levels = _from_stream(feed, listener, space, begins_s, seconds)
        else:
            wanted = STEPS[:3] if no_neighbour else STEPS
            try:
                levels = _from_sensors(feed, listener, space, wanted, seconds, console)
            except KeyboardInterrupt:
                raise CalibrationLeft from None
    found = judge(levels)
    _tell(found, space, as_json)
    if not found.good:
        raise typer.Exit(1)
    _keep(config, settings, space, found, console)


def _from_stream(
    feed: Feed, listener: Listener, space: str, begins_s: Sequence[float], seconds: float
) -> dict[Step, Level]:
    """By the stream's own time; what is between the steps is left out."""
    kept: list[list[Reading]] = [[] for _ in begins_s]
    first_ns: int | None = None
    while not listener.over:
        for reading in listener.take(WAIT_S):
            first_ns = reading.mono_ns if first_ns is None else first_ns
            at_s = (reading.mono_ns - first_ns) / NS
            for begin_s, taken in zip(begins_s, kept):
                if begin_s <= at_s < begin_s + seconds:
                    taken.append(reading)
    return {step: measure_step(taken, feed.channels, space) for step, taken in zip(STEPS, kept)}


def _from_sensors(
    feed: Feed,
    listener: Listener,
    space: str,
    steps: Sequence[Step],
    seconds: float,
    console: Console,
) -> dict[Step, Level]:
    levels: dict[Step, Level] = {}
    for number, step in enumerate(steps, 1):
        console.print(f"[bold]{number} of {len(steps)}: {SAID[step]}[/bold]")
        hint = " (or s, to leave this step out)" if step == "neighbour" else ""
        answer = _answer(console, f"Press Enter when it is so{hint}. ")
        if step == "neighbour" and answer.strip().lower() == "s":
            break
        listener.forget()
        taken = _for_a_while(listener, feed.clock.mono_ns, seconds, console)
        levels[step] = measure_step(taken, feed.channels, space)
        console.print("  " + describe(levels[step]), markup=False)
        if levels[step].silent:
            break
    return levels


def _answer(console: Console, question: str) -> str:
    """Ctrl-C and the end of the input leave the calibration, here as while it measures."""
    try:
        return console.input(question)
    except EOFError:
        console.print()
        raise CalibrationLeft from None


def _for_a_while(
    listener: Listener, now_ns: Callable[[], int], seconds: float, console: Console
) -> list[Reading]:
    taken: list[Reading] = []
    begun_ns = now_ns()
    columns = (TextColumn("  measuring"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=seconds)
        while (passed_s := (now_ns() - begun_ns) / NS) < seconds:
            taken += listener.take(WAIT_S)
            progress.update(task, completed=passed_s)
    return taken


def describe(level: Level) -> str:
    """What a step measured, in plain units."""
    parts = []
    if level.echo_samples:
        near = level.distance_m
        parts.append("nothing in range" if near is None else f"{near:.2f} m")
    if level.field_ut is not None:
        x, y, z = level.field_ut
        noise_ut = level.field_noise_ut
        parts.append(f"field {x:.1f} {y:.1f} {z:.1f} µT, noise {noise_ut:.2f} µT")
    return ", ".join(parts) or "no reading"


def verdict(margin: float) -> str:
    """The margin in plain words."""
    if margin < ENOUGH:
        return "too weak"
    return "good" if margin >= GOOD else "enough, not more"


def _tell(found: Calibration, space: str, as_json: bool) -> None:
    if as_json:
        print(
            json.dumps(
                {
                    "space": space,
                    "good": found.good,
                    **_spec(found).model_dump(exclude={"at"}),
                    "echo_margin": found.echo_margin and round(found.echo_margin, 2),
                    "findings": [finding.en for finding in found.findings],
                }
            )
        )
        return
    for name, margin in (("magnetometer", found.field_margin), ("ultrasonic", found.echo_margin)):
        if margin is not None:
            print(
                f"{name}: the car moves it {margin:.1f} times as much as everything else: "
                f"{verdict(margin)}"
            )
    for finding in found.findings:
        print(f"Refused: {finding.en}")


def _keep(config: Path, settings: Config, space: str, found: Calibration, console: Console) -> None:
    spec = _spec(found).model_copy(update={"at": datetime.now(UTC)})
    console.print(f"calibration of {space}: {as_yaml(spec)}", markup=False, soft_wrap=True)
    backup = write_calibration(config, space, spec)
    console.print(f"Written to {config}; as it was before: {backup}", markup=False, soft_wrap=True)


def _spec(found: Calibration) -> CalibrationSpec:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 2)

    empty_ut = found.empty_ut and tuple(round(part, 2) for part in found.empty_ut)
    return CalibrationSpec(
        empty_m=rounded(found.empty_m),
        empty_ut=empty_ut,  # type: ignore[arg-type]
        car_ut=rounded(found.car_ut),
        margin=rounded(found.margin),
    )


def _moments(steps: str | None) -> list[float]:
    moments = list(_seconds(steps or ""))
    if not 3 <= len(moments) <= len(STEPS) or moments != sorted(moments):
        raise OptionsWrong([STEPS_WRONG])
    return moments


def _seconds(text: str) -> Iterator[float]:
    for part in text.split(","):
        minutes, _, rest = part.strip().rpartition(":")
        try:
            yield (int(minutes) if minutes else 0) * 60 + float(rest)
        except ValueError:
            raise OptionsWrong([STEPS_WRONG]) from None
