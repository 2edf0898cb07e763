"""The doctor's look at the certificate: whether there is one, and whether it is renewed in time."""

from __future__ import annotations

from datetime import UTC, datetime

from edge.adapters.checks import Check, Level
from edge.adapters.enrol_errors import NotEnrolled
from edge.adapters.identity import TlsFolder, ends_at
from edge.config import Config

# The timer begins 30 days before the end: half of them in vain is no accident.
LATE_DAYS = 15
FIX = "Run `berth-edge renew`; see `systemctl status berth-edge-renew.timer`."


def wants_certificate(config: Config) -> bool:
    """Of a broker that asks for one, or where there is one already."""
    return config.broker.startswith("mqtts:") or TlsFolder(config.data_path).path.exists()


def check_certificate(config: Config, now: datetime | None = None) -> Check:
    """`now`: real time, if not this machine's; it reads no other clock than TLS does."""
    try:
        until = ends_at(TlsFolder(config.data_path).certificate())
    except NotEnrolled as error:
        return Check("certificate", Level.FAILED, "there is none that reads", error.remedy)
    left = until - (now or datetime.now(UTC))
    said = f"good until {until:%Y-%m-%d}"
    if left.total_seconds() <= 0:
        return Check("certificate", Level.FAILED, f"over since {until:%Y-%m-%d}", FIX)
    if left.days < LATE_DAYS:
        return Check("certificate", Level.WARNING, f"{said}: it was not renewed in time", FIX)
    return Check("certificate", Level.OK, said)
