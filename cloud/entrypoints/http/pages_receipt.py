"""Receipts for people: every link of the chain, PASS or FAIL, with the verifier's own sentence."""

from dataclasses import dataclass

from cloud.entrypoints.http.pages_bill import of_receipt
from cloud.entrypoints.http.pages_form import LIMIT
from cloud.entrypoints.http.pages_speech import Speech
from cloud.entrypoints.http.words_receipt import LINKS_ZH
from contracts.ledger.receipt import Link, Receipt, read, verify


@dataclass(frozen=True, slots=True)
class Checked:
    """`receipt` is absent if the text was none; then the one link says why.

    `ours`: that sentence is this page's and not the verifier's, whose sentences are English.
    """

    links: tuple[Link, ...]
    receipt: Receipt | None = None
    ours: bool = False

    @property
    def ok(self) -> bool:
        return all(link.ok for link in self.links)

    def why(self, s: Speech) -> list[str]:
        return of_receipt(self.receipt, s) if self.receipt and self.ok else []

    def summary(self, s: Speech) -> str:
        if self.ok:
            return s.t("receipt.pass", count=len(self.links))
        broken = [link.name for link in self.links if not link.ok]
        if s.lang == "zh":
            broken = [f"“{s.known('link', name)}”" for name in broken]
        return s.t("receipt.fail", names=s.t("receipt.and").join(broken))

    def plain(self, link: Link, s: Speech) -> str | None:
        """For readers of Chinese, what the link's English sentence amounts to."""
        if s.lang != "zh" or self.ours or link.name not in LINKS_ZH:
            return None
        return LINKS_ZH[link.name][0 if link.ok else 1]


def check(text: bytes | str, s: Speech) -> Checked:
    """Verify what anyone may have written: it cannot raise, whatever the text says."""
    if not text:
        return Checked((Link("format", False, s.t("check.empty")),), ours=True)
    found = read(text)
    if isinstance(found, Link):
        return Checked((found,))
    try:
        return Checked((Link("format", True, "berth-receipt 2"), *verify(found)), found)
    except (ValueError, OverflowError):
        # Times before 1970 or after 9999 read well but cannot be reckoned with.
        return Checked((Link("format", False, s.t("check.odd")),), ours=True)


def too_large(s: Speech) -> Checked:
    return Checked((Link("format", False, s.t("check.large")),), ours=True)


__all__ = ["LIMIT", "Checked", "check", "too_large"]
