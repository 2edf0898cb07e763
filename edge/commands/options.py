"""What the commands share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from structlog.typing import FilteringBoundLogger

CONFIG_FILE = "gateway.yaml"
ConfigOption = Annotated[Path, typer.Option("--config", help="The gateway's settings.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


def json_log(gateway: str) -> FilteringBoundLogger:
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        gateway=gateway,
    )
    return log
