"""The sensors that the settings name. One that cannot be made is a sensor that says so: the others
go on, and the space tells its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event

from edge.adapters.camera import FrameSource, mark_of, open_camera
from edge.adapters.contained import Broke, Contained, say_nothing
from edge.adapters.i2c import Buses
from edge.adapters.lamps import Lamps, Wires
from edge.adapters.magnetometers import Magnetometer, MagnetometerKind
from edge.adapters.pins import PinFactory, pin_factory
from edge.adapters.temperature import DEVICES, W1Temperature
from edge.adapters.ultrasonic_pins import PinPair, PinUltrasonic, Wait
from edge.adapters.ultrasonic_uart import FrameKind, SerialPort, UartUltrasonic, open_serial
from edge.config import CameraSpec, Config, SensorSpec
from edge.core.camera_source import parse_source
from edge.core.faults import FaultCode
from edge.core.plate_watch import Stillness
from edge.core.readings import IMAGE, Channel, Reading
from edge.errors import PinsMissing
from edge.ports import Sensor

NS = 1_000_000_000
PING_PERIOD_S = 0.5
# A camera speaks when it reads a plate; in between it says that it is there.
CAMERA_PERIOD_S = 1.0
CAMERA_SEEN_S = 5.0
ABSENT_PERIOD_S = 1.0
LIVE = f"{IMAGE}live"
FRAMES: dict[str, FrameKind] = {
    "a02yyuw": "a02yyuw",
    "jsn-sr04t-uart": "jsn-sr04t",
    "aj-sr04m": "aj-sr04m",
}
MAGNETIC: dict[str, MagnetometerKind] = {
    "auto": "auto",
    "qmc5883l": "qmc5883l",
    "hmc5883l": "hmc5883l",
    "qmc5883p": "qmc5883p",
}
NowNs = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Hands:
    """How sensors are reached: the machine's own ways, or a simulation's."""

    now_ns: NowNs
    pins: PinFactory | None
    buses: Buses
    serial: Callable[[str], SerialPort]
    wait: Wait


class AbsentSensor:
    """What stands for a sensor whose driver cannot work on this machine."""

    def __init__(self, channel: Channel, fault: FaultCode, now_ns: NowNs) -> None:
        self.channel, self.period_s = channel, ABSENT_PERIOD_S
        self._fault, self._now_ns = fault, now_ns

    def open(self) -> FaultCode | None:
        return self._fault

    def sample(self) -> Reading | None:
        return Reading(self._now_ns(), self.channel.name, None, self._fault)

    def close(self) -> None:
        """Nothing was opened."""


class CameraSensor:
    """Whether a camera gives pictures, and not one picture for ever. Its source grabs on a thread
    of its own."""

    period_s = CAMERA_PERIOD_S

    def __init__(
        self, channel: Channel, source: FrameSource, now_ns: NowNs, may_rest: bool = False
    ) -> None:
        """`may_rest`: its pictures have no noise of a camera's, as files in a folder."""
        self.channel = channel
        self._source, self._now_ns, self._may_rest = source, now_ns, may_rest
        self._still = Stillness()
        self._say_ns = 0

    def open(self) -> FaultCode | None:
        return None

    def sample(self) -> Reading | None:
        now_ns = self._now_ns()
        if (fault := self._source.fault or self._frozen(now_ns)) is not None:
            self._say_ns = now_ns
            return Reading(now_ns, self.channel.name, None, fault)
        if now_ns < self._say_ns or self._source.latest() is None:
            return None
        self._say_ns = now_ns + round(CAMERA_SEEN_S * NS)
        return Reading(now_ns, self.channel.name, None, LIVE)

    def _frozen(self, now_ns: int) -> FaultCode | None:
        frame = self._source.latest()
        if frame is None or self._may_rest:
            return None
        self._still.saw(mark_of(frame.image), now_ns)
        return "frozen" if self._still.frozen() else None

    def close(self) -> None:
        """The source reconnects by itself; `open_cameras`' caller closes it at the end."""


def open_sensors(
    config: Config,
    now_ns: NowNs,
    pins: PinFactory | None = None,
    buses: Buses | None = None,
    serial: Callable[[str], SerialPort] = open_serial,
    wait: Wait = Event.wait,
) -> list[Sensor]:
    """One for each of `config.sensors`, none of them opened yet. Never raises.

    Without `pins` this machine's own are taken, if any sensor needs them. `wait` is the pin
    drivers': a simulation passes its own time in it.
    """
    specs = config.sensors
    if pins is None and any(spec.trigger is not None for spec in specs.values()):
        pins = pins_or_none()
    hands = Hands(now_ns, pins, buses or Buses(), serial, wait)
    return [_sensor(name, spec, hands) for name, spec in specs.items()]


def open_cameras(
    cameras: Mapping[str, CameraSpec],
    now_ns: NowNs,
    make: Callable[[str, NowNs], FrameSource] | None = None,
    broke: Broke = say_nothing,
) -> tuple[list[Sensor], list[FrameSource]]:
    """The sensors, and the sources that the caller closes at the end."""

    def opened(name: str, source: str) -> FrameSource:
        if make is not None:
            return make(source, now_ns)
        return open_camera(parse_source(source), now_ns, lambda kind: broke(name, kind))

    sources = [opened(name, spec.source) for name, spec in cameras.items()]
    sensors: list[Sensor] = [
        CameraSensor(Channel(name, "camera", spec.space), source, now_ns, is_folder(spec.source))
        for (name, spec), source in zip(cameras.items(), sources)
    ]
    return sensors, sources


def is_folder(source: str) -> bool:
    return source.startswith("folder:")


def channels_of(sensors: Iterable[Sensor], cameras: Iterable[Sensor] = ()) -> dict[str, Channel]:
    """After `probe_all`, as a probed magnetometer knows its scale only then."""
    return {sensor.channel.name: sensor.channel for sensor in (*sensors, *cameras)}


def probe_all(
    sensors: Sequence[Sensor], now_ns: NowNs, broke: Broke = say_nothing
) -> dict[str, str]:
    """Each is opened and closed again; what does not answer, with its fault."""
    found: dict[str, str] = {}
    for driver in sensors:
        sensor = Contained(driver, now_ns, broke)
        fault = sensor.open()
        sensor.close()
        if fault is not None:
            found[driver.channel.name] = fault
    return found


def open_lamps(config: Config, pins: PinFactory | None = None) -> Lamps | None:
    """None if no outputs are set. Raises PinsMissing: a lock that cannot be moved is no trifle."""
    if not config.outputs:
        return None
    wires = {space: Wires(**spec.model_dump()) for space, spec in config.outputs.items()}
    return Lamps(wires, pins if pins is not None else pin_factory().factory)


def pins_or_none() -> PinFactory | None:
    try:
        return pin_factory().factory
    except PinsMissing:
        return None


def _sensor(name: str, spec: SensorSpec, hands: Hands) -> Sensor:
    now_ns, pins = hands.now_ns, hands.pins
    if spec.kind in MAGNETIC:
        bus = hands.buses.at(spec.bus or 0, spec.mux, spec.mux_channel or 0)
        kind = MAGNETIC[spec.kind]
        return Magnetometer(name, spec.space, bus, kind, spec.address, now_ns)
    if spec.kind == "ds18b20":
        return W1Temperature(name, DEVICES / (spec.device or ""), now_ns)
    channel = Channel(name, "ultrasonic", spec.space, spec.kind)
    if spec.kind in FRAMES:
        port, frame = hands.serial(spec.port or ""), FRAMES[spec.kind]
        return UartUltrasonic(channel, port, frame, spec.asks, now_ns, PING_PERIOD_S)
    if pins is None or spec.trigger is None or spec.echo is None:
        return AbsentSensor(channel, "missing", now_ns)
    pair = PinPair(spec.trigger, spec.echo)
    return PinUltrasonic(channel, pair, pins, now_ns, PING_PERIOD_S, hands.wait)
