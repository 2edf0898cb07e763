"""berth-cloud trace: one stay's story, from the sensor's event to the block."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from cloud.cli_settings import Data, Json, database_of, existing

Asked = Annotated[
    str, typer.Argument(help="A stay's number, a booking's id, or an event's gateway:epoch:seq.")
]


def trace(asked: Asked, data: Data = None, as_json: Json = False) -> None:
    """Tell what is on record of one stay, in order; log lines about it name its first event."""
    from cloud.usecases import tracing

    config = existing(data)
    steps = database_of(config).read(lambda session: tracing.story(session, asked))
    if as_json:
        print(json.dumps([asdict(step) for step in steps], ensure_ascii=False))
        return
    for step in steps:
        print(f"{step.at:24} {step.what:10} {step.name:24} {step.says}")
