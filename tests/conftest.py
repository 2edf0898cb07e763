"""Two levels: unit tests start no process, database, chain or browser, and take seconds."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# On CI a change is judged by the same examples twice; by hand they are drawn anew each time.
settings.register_profile("ci", derandomize=True, print_blob=True)
settings.register_profile("hand", print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "hand")

HERE = Path(__file__).parent
# Whole folders and files by their place; all others are unit tests.
NOT_UNIT = (
    "e2e/",
    "chain/",
    "contracts/test_evidence",
    "foundry/",
    "ledger/",
    "ledger_checks/",
    "receipts/",
    "sim/",
    "edge/test_looking_without",
    "edge/test_plate_command",
    "cloud/test_cli",
    "cloud/test_charges",
    "cloud/test_credits",
    "cloud/test_fees",
    "cloud/test_holds",
    "cloud/test_audit",
    "cloud/test_booking",
    "cloud/test_compliance",
    "cloud/test_depth",
    "cloud/test_disputes",
    "cloud/test_documents",
    "cloud/test_edge_",
    "cloud/test_market",
    "cloud/test_moving",
    "cloud/test_notices",
    "cloud/test_offers",
    "cloud/test_paying",
    "cloud/test_postgres",
    "cloud/test_receipt_titles",
    "cloud/test_robust",
    "cloud/test_search",
    "cloud/test_sensor_alarms",
    "cloud/test_settling",
    "cloud/test_stays",
    "cloud/test_titles",
    "cloud/test_trust",
    "http/",
    "pages/",
    "edge/test_camera_rtsp",
    "edge/test_cli",
    "edge/test_import",
    "edge/test_install",
    "edge/test_outbox",
    "edge/test_over_mqtt",
    "edge/test_page",
    "edge/test_running",
    "edge/test_trace_restart",
    "edge/test_watch.py",
    "sensing/test_below",
    "sensing/test_recorded_data",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(HERE).as_posix()
        unit = not place.startswith(NOT_UNIT)
        item.add_marker(pytest.mark.unit if unit else pytest.mark.integration)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`-m unit` does not even import the others: their libraries alone take seconds."""
    if config.option.markexpr != "unit" or HERE not in collection_path.parents:
        return None
    place = collection_path.relative_to(HERE).as_posix() + "/" * collection_path.is_dir()
    return place.startswith(NOT_UNIT) or None
