"""The audit log's chain: every entry holds the hash of the one before it.

Nothing of it can be changed, left out or put elsewhere without all that follows showing it; that
its end was cut off shows against a head that somebody wrote down.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from contracts.ledger.hashing import canonical, digest, keccak

# What the first entry names as the one before it.
BEGINNING = "0x" + keccak(b"berth audit log").hex()


@dataclass(frozen=True, slots=True)
class Entry:
    """`detail`: canonical JSON. `personal`: 0x and the salted digest of what may be erased, or
    nothing.
    """

    seq: int
    at_ms: int
    who: str
    what: str
    about: str
    detail: str
    personal: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: whoever knows it can tell later that nothing before it has changed."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    seq: int
    why: str


START = Head(0, BEGINNING)


def hash_of(entry: Entry) -> str:
    body = asdict(entry)
    del body["hash"]
    return digest(body)


def personal_digest(salt: bytes, text: str) -> str:
    """The salt is as secret as the text: without it a name could be guessed from its digest."""
    return "0x" + keccak(salt + text.encode()).hex()


def canonical_text(values: dict[str, object]) -> str:
    return canonical(values).decode()


def fault(entry: Entry, before: Head) -> str:
    """What is wrong with an entry that stands behind `before`; nothing: an empty text."""
    if entry.seq != before.seq + 1:
        return f"entry {before.seq + 1} is missing"
    if entry.previous != before.hash:
        return "it does not follow the entry before it"
    try:
        same = entry.hash == hash_of(entry)
    except ValueError:  # a forger's number or text may have no canonical form at all
        same = False
    return "" if same else "its content was changed"


def walk(entries: Iterable[Entry], known: Head | None = None) -> Iterator[Head | Broken]:
    """A head for every sound entry, and the first broken one at the end.

    `known`: a head that was written down; it must stand there as it was.
    """
    head = START
    for entry in entries:
        why = fault(entry, head)
        if not why and known and entry.seq == known.seq and entry.hash != known.hash:
            why = "it is not the entry whose hash was written down"
        if why:
            yield Broken(entry.seq, why)
            return
        head = Head(entry.seq, entry.hash)
        yield head
    if known and head.seq < known.seq:
        yield Broken(head.seq + 1, f"the log was cut off: entry {known.seq} was there once")
