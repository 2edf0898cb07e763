"""Which sensors of a space count now: those that speak, and that can be believed."""

from __future__ import annotations

from edge.core.echo import NS, EchoTrack
from edge.core.field import FieldTrack
from edge.core.occupancy import DetectorSettings
from edge.core.signs import Tracks

FACE_SAMPLES = 6
# A field that has not come to rest for so long tells nothing.
RESTLESS_S = 60.0
# So long a space with two sensors waits for the ultrasonic before the field decides alone.
WAIT_S = 120.0


class Hearing(Tracks):
    def __init__(self, settings: DetectorSettings, echo: EchoTrack, field: FieldTrack) -> None:
        super().__init__(settings, echo, field)
        self.first_ns: int | None = None

    def listen(self, now_ns: int) -> None:
        limit_ns = now_ns - int(self.settings.silent_s * NS)
        echo, field = self.echo, self.field
        echo_heard = echo.last_ns is not None and echo.last_ns > limit_ns
        echo_heard = echo_heard and echo.face_n < FACE_SAMPLES
        field_heard = field.last_ns is not None and field.last_ns > limit_ns
        if self.first_ns is None:
            self.first_ns = now_ns
        if field_heard and (self._restless(now_ns) if echo_heard else self._waits(now_ns)):
            field_heard = False
        self.heard = ("echo",) * echo_heard + ("field",) * field_heard

    def _restless(self, now_ns: int) -> bool:
        """A lift or an inverter beside it keeps the field moving: then the echo decides alone."""
        calm_ns = max(self.field.calm_ns or 0, self.first_ns or 0)
        return now_ns - calm_ns > RESTLESS_S * NS

    def _waits(self, now_ns: int) -> bool:
        """Nothing is known of the empty level, and the ultrasonic may yet begin to speak."""
        expected = self.has_echo and self.echo.last_ns is None and self.field.baseline_ut is None
        return expected and now_ns - (self.first_ns or 0) < WAIT_S * NS

    def stirs(self, occupied: bool) -> bool:
        """Something is there that may be a car that comes, or another one than was in. It costs a
        look of the camera, so what is heard of both sensors must have changed, not one echo."""
        echo, field = self.echo, self.field
        if occupied:
            moved = echo.moved_ns is not None, field.left_ns is not None
            heard = "echo" in self.heard, "field" in self.heard
            return any(heard) and all(m for m, h in zip(moved, heard) if h)
        if "echo" in self.heard:
            return echo.near_ns is not None
        return field.moved_ns is not None or field.from_empty_ut() >= self.settings.on_ut
