"""The gateway's settings. Each mistake is one sentence with its line and column."""

from edge.config.last_good import read_config_or_last_good, remember_good
from edge.config.options import check_options
from edge.config.parts import kinds_in, parts_of
from edge.config.plates import PlatesSpec
from edge.config.reading import parse_config, read_config
from edge.config.sensors import (
    CalibrationSpec,
    CameraSpec,
    OutputSpec,
    PageSpec,
    SensorKind,
    SensorSpec,
)
from edge.config.settings import Config
from edge.config.template import Answers, FoundSensor, write_settings

__all__ = [
    "Answers",
    "CalibrationSpec",
    "CameraSpec",
    "Config",
    "FoundSensor",
    "OutputSpec",
    "PageSpec",
    "PlatesSpec",
    "SensorKind",
    "SensorSpec",
    "check_options",
    "kinds_in",
    "parse_config",
    "parts_of",
    "read_config",
    "read_config_or_last_good",
    "remember_good",
    "write_settings",
]
