"""The gateway's settings. Each mistake is one sentence with its line and column."""

from edge.config.options import check_options
from edge.config.reading import parse_config, read_config
from edge.config.settings import Config
from edge.config.template import TEMPLATE

__all__ = ["TEMPLATE", "Config", "check_options", "parse_config", "read_config"]
