"""One figure of bench/results.json."""

import subprocess
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]


def result(
    name: str, value: float, unit: str, peer: tuple[str, float | None], digits: int = 3
) -> Row:
    """`ratio` is None where the peer is nothing, or is missing."""
    peer_name, peer_value = peer
    return {
        "name": name,
        "value": round(value, digits),
        "unit": unit,
        "peer": peer_name,
        "peer_value": None if peer_value is None else round(peer_value, digits),
        "ratio": round(value / peer_value, 3) if peer_value else None,
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
