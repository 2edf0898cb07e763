"""The folder of sealed frames. Only `berth-edge evidence` hands one out; nothing sends it."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts.wire.messages import Event
from edge.adapters.sealing import KEY_BYTES, NotSealed, label_of, public_of, seal, unseal
from edge.config.whole_file import write_whole
from edge.core.plate_evidence import EvidenceLimits, Held, misdated, too_many, too_old

FOLDER, END, PART_END = "evidence", ".sealed", ".part"
NAME = re.compile(r"(\d{8}T\d{6}Z)(-[a-z0-9-]{1,80}?)(-undated)?\.sealed")
UNDATED = "-undated"
TIME = "%Y%m%dT%H%M%SZ"
JPEG_QUALITY = 85
# A frame of a camera is a tenth of it.
MAX_SEALED_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class About:
    """The stay that the frames are of: its first event."""

    gateway: str
    space: str
    epoch: int
    seq: int
    at: datetime
    undated: bool = False
    """Told by a clock that nobody had set."""

    @classmethod
    def of(cls, event: Event) -> About:
        number, at = (event.epoch, event.seq), event.reported_at
        return cls(event.gateway, event.space or "", *number, at, event.clock == "unsynced")

    @property
    def name(self) -> str:
        plain = re.sub(r"[^a-z0-9]+", "-", self.space.lower()).strip("-")[:40] or "space"
        which = f"-{plain}-{self.epoch}-{self.seq}{UNDATED if self.undated else ''}"
        return _name(self.at, which)

    def label(self, frames: int) -> bytes:
        fields = {
            "gateway": self.gateway,
            "space": self.space,
            "epoch": self.epoch,
            "seq": self.seq,
            "at": self.at.isoformat(),
            "frames": frames,
        }
        return json.dumps(fields, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Kept:
    """A new file, and those that went for it."""

    name: str
    erased: tuple[str, ...] = ()


class EvidenceFolder:
    """All of it may raise OSError."""

    def __init__(
        self,
        data: Path,
        limits: EvidenceLimits,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._folder, self._limits, self._random = data / FOLDER, limits, random

    def keep(self, about: About, jpegs: Sequence[bytes], public: str) -> Kept:
        """Older ones make room; none goes for its age, as this clock may be years ahead."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealed = seal(_zipped(jpegs), about.label(len(jpegs)), public, self._random(KEY_BYTES))
        write_whole(self._folder / about.name, [sealed], PART_END)
        others = [held for held in self.held() if held.name != about.name]
        gone = too_many(others, about.at, self._limits.stays - 1)
        return Kept(about.name, tuple(self._unlinked(gone)))

    def held(self) -> list[Held]:
        """Oldest first."""
        names = sorted(path.name for path in self._folder.glob(f"*{END}"))
        return [held for name in names if (held := _held(name)) is not None]

    def erase(self, now: datetime) -> list[str]:
        """What is too old or too many. `now` of a set clock: what another had dated gets a time."""
        gone = self._unlinked(too_old(self.held(), now, self._limits))
        for held in self.held():
            if misdated(held, now):
                self._date(held, now)
        gone += self._unlinked(too_many(self.held(), now, self._limits.stays))
        for left_over in self._folder.glob(f"*{PART_END}"):
            left_over.unlink(missing_ok=True)
        return gone

    def _date(self, held: Held, now: datetime) -> None:
        found = NAME.fullmatch(held.name)
        if found is not None and (path := self._folder / held.name).is_file():
            path.replace(self._folder / _name(now, found[2]))

    def _unlinked(self, names: Sequence[str]) -> list[str]:
        """Those that were there."""
        there = [name for name in names if (self._folder / name).is_file()]
        for name in there:
            (self._folder / name).unlink(missing_ok=True)
        return there

    def sealed(self, name: str) -> bytes | None:
        """None if it is not there (any more)."""
        path = self._folder / name
        if NAME.fullmatch(name) is None or not path.is_file():
            return None
        return path.read_bytes()


def about_of(sealed: bytes) -> dict[str, Any]:
    """The label as it was written. Raises NotSealed."""
    try:
        fields = json.loads(label_of(sealed))
    except ValueError:
        raise NotSealed from None
    if not isinstance(fields, dict):
        raise NotSealed
    return fields


def frames_of(sealed: bytes, key: bytes) -> list[bytes]:
    """JPEG files, oldest first. Raises NotSealed."""
    try:
        with zipfile.ZipFile(io.BytesIO(unseal(sealed, key))) as archive:
            return [archive.read(name) for name in sorted(archive.namelist())]
    except zipfile.BadZipFile:
        raise NotSealed from None


def jpeg_of(image: Any) -> bytes | None:
    """None for what is no picture."""
    import cv2  # berth[vision]

    try:
        good, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    except cv2.error:
        return None
    return bytes(data) if good else None


def _zipped(jpegs: Sequence[bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
        for number, jpeg in enumerate(jpegs):
            archive.writestr(f"{number}.jpg", jpeg)
    return raw.getvalue()


def _name(at: datetime, which: str) -> str:
    return f"{at.astimezone(UTC):{TIME}}{which}{END}"


def _held(name: str) -> Held | None:
    found = NAME.fullmatch(name)
    try:
        at = datetime.strptime(found[1], TIME).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
    return Held(name, at, bool(found and found[3])) if at else None


def make_operator_key(path: Path) -> str:
    """The public half of a new key, its file of mode 0600. OSError, also where one is already."""
    key = os.urandom(KEY_BYTES)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"0x{key.hex()}\n")
    return public_of(key)


def load_operator_key(path: Path) -> bytes:
    """Raises OSError, or ValueError for what is no key."""
    key = bytes.fromhex(path.read_text(encoding="ascii").strip().removeprefix("0x"))
    public_of(key)
    return key
