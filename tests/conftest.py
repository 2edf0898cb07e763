"""Two levels: unit tests start no process, database, chain or browser, and take seconds."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import canaries

# On CI a change is judged by the same examples twice; by hand they are drawn anew each time.
settings.register_profile("ci", derandomize=True, print_blob=True, deadline=None)
settings.register_profile("hand", print_blob=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "hand")

HERE = Path(__file__).parent
# Whole folders and files by their place; all others are unit tests.
NOT_UNIT = (
    "broker/",
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
    "cloud/test_certificates",
    "cloud/test_charges",
    "cloud/test_claims",
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
    "cloud/test_erasing.py",
    "cloud/test_erasing_postgres",
    "cloud/test_plate_sealing",
    "cloud/test_retention",
    "cloud/test_market",
    "cloud/test_moving",
    "cloud/test_no_show",
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
    "cloud/test_gateway_",
    "cloud/test_hostile_gateway",
    "cloud/test_titles",
    "cloud/test_backup",
    "cloud/test_health",
    "cloud/test_intake",
    "cloud/test_tracing",
    "cloud/test_trust",
    "http/",
    "pages/",
    "edge/test_camera_rtsp",
    "edge/test_cli",
    "edge/test_import",
    "edge/test_install",
    "edge/test_outbox",
    "edge/test_over_mqtt",
    "edge/test_stolen_card",
    "edge/test_tls_mqtt",
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """After each test of the cloud: no plate stands in what it printed or left (invariant I11)."""
    report = yield
    place = item.path.relative_to(HERE).as_posix()
    if call.when == "teardown" and report.passed and place.startswith(canaries.WATCHED):
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        found = [*canaries.said_in(report.sections), *(canaries.left_in(folder) if folder else ())]
        if found:
            report.outcome, report.longrepr = "failed", f"A plate in clear: {'; '.join(found)}."
    return report


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`-m unit` does not even import the others: their libraries alone take seconds."""
    if config.option.markexpr != "unit" or HERE not in collection_path.parents:
        return None
    place = collection_path.relative_to(HERE).as_posix() + "/" * collection_path.is_dir()
    return place.startswith(NOT_UNIT) or None
