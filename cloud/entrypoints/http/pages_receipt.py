"""Receipts for people: every link of the chain, PASS or FAIL, with the verifier's own sentence."""

from dataclasses import dataclass

from cloud.entrypoints.http.pages_bill import of_receipt
from cloud.entrypoints.http.pages_form import LIMIT
from cloud.entrypoints.http.pages_speech import Speech
from cloud.entrypoints.http.words_proof import LINKS_MORE
from cloud.entrypoints.http.words_receipt import LINKS_ZH
from contracts.ledger.credit import Credit
from contracts.ledger.files import Paper, read, verify_paper
from contracts.ledger.pending import Pending, PendingCharge, PendingCredit
from contracts.ledger.receipt import Link, Receipt

Waiting = Pending | PendingCredit | PendingCharge
SAID_ZH = LINKS_ZH | LINKS_MORE[1]


@dataclass(frozen=True, slots=True)
class Checked:
    """`receipt` is absent if the text was none, or is not filed yet; a credit's is what it mends.

    `ours`: the link's sentence is this page's and not the verifier's, whose sentences are English.
    """

    links: tuple[Link, ...]
    receipt: Receipt | None = None
    ours: bool = False
    waits: Waiting | None = None

    @property
    def ok(self) -> bool:
        return self.waits is None and not self.broken

    @property
    def broken(self) -> list[str]:
        return [link.name for link in self.links if not link.ok]

    def why(self, s: Speech) -> list[str]:
        return of_receipt(self.receipt, s) if self.receipt and self.ok else []

    def summary(self, s: Speech) -> str:
        if self.ok:
            return s.t("receipt.pass", count=len(self.links))
        broken = self.broken
        if self.waits is not None and not broken:
            return _waits(self.waits, len(self.links), s)
        if s.lang == "zh":
            broken = [f"“{s.known('link', name)}”" for name in broken]
        return s.t("receipt.fail", names=s.t("receipt.and").join(broken))

    def plain(self, link: Link, s: Speech) -> str | None:
        """For readers of Chinese, what the link's English sentence amounts to."""
        if s.lang != "zh" or self.ours or link.name not in SAID_ZH:
            return None
        return SAID_ZH[link.name][0 if link.ok else 1]


def check(text: bytes | str, s: Speech) -> Checked:
    """Verify what anyone may have written: it cannot raise, whatever the text says."""
    if not text:
        return Checked((Link("format", False, s.t("check.empty")),), ours=True)
    found = read(text)
    if isinstance(found, Link):
        return Checked((found,))
    try:
        links = (Link("format", True, f"{found.format} {found.version}"), *verify_paper(found))
        return Checked(links, _receipt_of(found), waits=_waiting(found))
    except (ValueError, OverflowError):
        # Times before 1970 or after 9999 read well but cannot be reckoned with.
        return Checked((Link("format", False, s.t("check.odd")),), ours=True)


def _receipt_of(paper: Paper) -> Receipt | None:
    if isinstance(paper, Credit):
        return paper.corrects
    return paper if isinstance(paper, Receipt) else None


def _waiting(paper: Paper) -> Waiting | None:
    return paper if isinstance(paper, Waiting) else None


def _waits(paper: Waiting, count: int, s: Speech) -> str:
    if isinstance(paper, PendingCharge):
        return s.t("waits.charge", stay=paper.stay)
    if isinstance(paper, PendingCredit):
        return s.t("waits.credit", stay=paper.stay)
    if paper.draft is None:
        return s.t("waits.bare", stay=paper.stay)
    return s.t("waits.held", stay=paper.stay, count=count)


def too_large(s: Speech) -> Checked:
    return Checked((Link("format", False, s.t("check.large")),), ours=True)


__all__ = ["LIMIT", "Checked", "check", "too_large"]
