"""What hangs on the gateway. Which keys a kind needs, and what clashes, stands in `rules`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from contracts.wire.types import Frozen, Instant, Name

SensorKind: TypeAlias = Literal[
    "hc-sr04",
    "jsn-sr04t",
    "a02yyuw",
    "jsn-sr04t-uart",
    "aj-sr04m",
    "auto",
    "qmc5883l",
    "hmc5883l",
    "qmc5883p",
    "ds18b20",
]
Pin: TypeAlias = Annotated[int, Field(ge=0, le=27)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Microtesla: TypeAlias = Annotated[float, Field(ge=-3000, le=3000)]


View: TypeAlias = tuple[Share, Share, Share, Share]


def _view(view: View) -> View:
    left, top, right, bottom = view
    if left >= right or top >= bottom:
        raise ValueError
    return view


class SensorSpec(Frozen):
    """Pins are BCM numbers. Once read, the keys that its kind needs are there, and no others."""

    kind: SensorKind
    space: Name | None = None
    trigger: Pin | None = None
    echo: Pin | None = None
    port: Annotated[str, Field(pattern=r"^/dev/[A-Za-z0-9._/:-]+$")] | None = None
    asks: bool = False
    bus: Annotated[int, Field(ge=0, le=31)] | None = None
    address: Annotated[int, Field(ge=0x08, le=0x77)] | None = None
    mux: Annotated[int, Field(ge=0x70, le=0x77)] | None = None
    mux_channel: Annotated[int, Field(ge=0, le=7)] | None = None
    device: Annotated[str, Field(pattern=r"^28-[0-9a-f]{12}$")] | None = None


class CameraSpec(Frozen):
    """An RTSP source may hold a password: show it only through `words.without_password`.

    `view`: left, top, right and bottom of the space in the picture, each a part of it.
    """

    space: Name
    source: Annotated[
        str,
        Field(
            pattern=r"^(v4l2:/dev/[^\s]+|picamera2:\d|folder:[^\s].*|rtsps?://[^\s/?#]+([/?][^\s]*)?)$"
        ),
    ]
    view: Annotated[View, Field(strict=False), AfterValidator(_view)] | None = None


class OutputSpec(Frozen):
    green: Pin | None = None
    red: Pin | None = None
    buzzer: Pin | None = None
    lock: Pin | None = None
    barrier: Pin | None = None


class CalibrationSpec(Frozen):
    """What `berth-edge calibrate` measured; None is what it could not, for want of a sensor.

    `at`: what a gateway had learned by itself before is forgotten then.
    """

    empty_m: Annotated[float, Field(ge=0.02, le=10)] | None = None
    empty_ut: Annotated[tuple[Microtesla, Microtesla, Microtesla], Field(strict=False)] | None = (
        None
    )
    car_ut: Annotated[float, Field(ge=0, le=3000)] | None = None
    margin: Annotated[float, Field(ge=0, le=100_000)] | None = None
    at: Instant | None = None


class PageSpec(Frozen):
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1024, le=65535)] = 8080
