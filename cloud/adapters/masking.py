"""Hides secrets in every log entry, before it is written: a structlog processor."""

from collections.abc import MutableMapping
from typing import Any

from cloud.core.masking import masked


def mask(_logger: Any, _name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Stands right before what writes the entry: traces are text by then."""
    return {name: masked(name, value) for name, value in entry.items()}
