"""Where a camera's pictures come from, as it is written in the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast, get_args

SourceKind: TypeAlias = Literal["v4l2", "rtsp", "picamera2", "folder"]


class BadSource(ValueError):
    """A camera's source is v4l2:/dev/video0, rtsp://host/path, picamera2:0 or folder:/path."""

    def __init__(self) -> None:
        # What was written may hold a password.
        super().__init__((self.__doc__ or "").strip())


@dataclass(frozen=True, slots=True)
class CameraSource:
    """`where` is a device, a URL, a number or a folder; it may hold a password, str() never does."""

    kind: SourceKind
    where: str = field(repr=False)

    def __str__(self) -> str:
        if self.kind != "rtsp":
            return f"{self.kind}:{self.where}"
        # Many cameras take the password in the path: nothing but the host is shown.
        scheme, _, rest = self.where.partition("://")
        host = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
        return f"{scheme}://{host}/..."


def parse_source(text: str) -> CameraSource:
    """Raises BadSource."""
    kind, _, where = text.partition(":")
    if kind in ("rtsp", "rtsps"):
        kind, where = "rtsp", text
        if not text.partition("://")[2].rpartition("@")[2].strip("/"):
            raise BadSource
    good = bool(where) and not (kind == "picamera2" and not where.isdecimal())
    if kind not in get_args(SourceKind) or not good:
        raise BadSource
    return CameraSource(cast(SourceKind, kind), where)
