"""Receipts for people: every link of the chain, PASS or FAIL, with the verifier's own sentence."""

from dataclasses import dataclass

from cloud.entrypoints.http.pages_form import LIMIT
from cloud.entrypoints.http.pages_speech import Speech
from contracts.ledger.receipt import Link, Receipt, read, verify


@dataclass(frozen=True, slots=True)
class Checked:
    """`receipt` is absent if the text was none; then the one link says why."""

    links: tuple[Link, ...]
    receipt: Receipt | None = None

    @property
    def ok(self) -> bool:
        return all(link.ok for link in self.links)

    def summary(self, s: Speech) -> str:
        if self.ok:
            return s.t("receipt.pass", count=len(self.links))
        broken = [link.name for link in self.links if not link.ok]
        return s.t("receipt.fail", names=", ".join(broken))


def check(text: bytes | str, s: Speech) -> Checked:
    """Verify what anyone may have written: it cannot raise, whatever the text says."""
    if not text:
        return Checked((Link("format", False, s.t("check.empty")),))
    found = read(text)
    if isinstance(found, Link):
        return Checked((found,))
    try:
        return Checked((Link("format", True, "berth-receipt 1"), *verify(found)), found)
    except (ValueError, OverflowError):
        # Times before 1970 or after 9999 read well but cannot be reckoned with.
        return Checked((Link("format", False, s.t("check.odd")),))


def too_large(s: Speech) -> Checked:
    return Checked((Link("format", False, s.t("check.large")),))


__all__ = ["LIMIT", "Checked", "check", "too_large"]
