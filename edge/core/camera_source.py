"""Where a camera's pictures come from, as it is written in the settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast, get_args

SourceKind: TypeAlias = Literal["v4l2", "rtsp", "picamera2", "folder"]
RTSP = re.compile(r"(rtsps?://)(?:[^/?#]*@)?([^@/?#\s]+)([/?#]\S*)?")
PLAIN_HOST = re.compile(r"[^:]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


class BadSource(ValueError):
    """A camera's source is v4l2:/dev/video0, rtsp://host/path, picamera2:0 or folder:/path."""

    def __init__(self) -> None:
        # What was written may hold a password.
        super().__init__((self.__doc__ or "").strip())


@dataclass(frozen=True, slots=True)
class CameraSource:
    """`where` is a device, a URL, a number or a folder; a URL may hold a password, str() never."""

    kind: SourceKind
    where: str = field(repr=False)

    def __str__(self) -> str:
        if self.kind != "rtsp":
            return f"{self.kind}:{self.where}"
        # Many cameras take the password in the path: the host is shown, or nothing.
        parts = RTSP.fullmatch(self.where)
        if parts is None or "@" in (parts[3] or "") or not PLAIN_HOST.fullmatch(parts[2]):
            return "rtsp://..."
        return f"{parts[1]}{parts[2]}/..."


def parse_source(text: str) -> CameraSource:
    """Raises BadSource."""
    kind, _, where = text.partition(":")
    if kind in ("rtsp", "rtsps"):
        kind, where = "rtsp", text if RTSP.fullmatch(text) else ""
    good = bool(where) and not (kind == "picamera2" and not where.isdecimal())
    if kind not in get_args(SourceKind) or not good:
        raise BadSource
    return CameraSource(cast(SourceKind, kind), where)
