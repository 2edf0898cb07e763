"""Those who look on: lamps, watchdog, recorder and the page's snapshot."""

from datetime import timedelta

from edge_rig import MAY_1, NS, Rig, make_grant

from contracts.wire.messages import Telemetry
from edge.adapters.fake_lamps import FakeLamps
from edge.core.health import Health
from edge.core.live import Live
from edge.core.readings import NO_ECHO, Channel, Reading
from edge.ports import Machine, Moment
from edge.watchers import Keeper, LampKeeper, Looks, Pulse, Scene

CHANNELS = {
    "us0": Channel("us0", "ultrasonic", "S1"),
    "mag0": Channel("mag0", "magnetic", "S1", "qmc5883l", 10_000.0),
    "temp0": Channel("temp0", "temperature", None),
}


def moment(real_s: float, connected: bool = True) -> Moment:
    at = MAY_1 + timedelta(seconds=real_s)
    return Moment(int(real_s * NS), real_s, at, "synced", connected, 0)


class Service:
    def __init__(self) -> None:
        self.said: list[str] = []

    def ready(self) -> None:
        self.said.append("ready")

    def alive(self) -> None:
        self.said.append("alive")

    def stopping(self) -> None:
        self.said.append("stopping")


def test_ready_is_said_once_and_life_while_readings_come() -> None:
    service = Service()
    pulse = Pulse(service, sampled=True)
    for second in range(0, 21):
        pulse.took(Reading(second * NS, "us0", None, "timeout"))
        pulse.turned(moment(second))
    pulse.close()
    assert service.said == ["ready", *["alive"] * 5, "stopping"]


def test_a_sampler_that_hangs_is_not_alive_and_a_stream_that_rests_is() -> None:
    for sampled, expected in ((True, 7), (False, 25)):
        service = Service()
        pulse = Pulse(service, sampled)
        for second in range(0, 121):
            pulse.turned(moment(second))
        assert service.said.count("alive") == expected


def test_lamps_show_what_was_told_whether_someone_is_expected_and_whether_the_cloud_is_there() -> (
    None
):
    lamps = FakeLamps(["S1"])
    granted = False
    keeper = LampKeeper(lamps, ["S1"], lambda space, at: granted)
    keeper.turned(moment(0))
    rig = Rig()
    rig.empty(1)
    keeper.changed(rig.events()[-1])
    keeper.turned(moment(0.25))
    keeper.turned(moment(2, connected=False))
    granted = True
    keeper.turned(moment(4))
    assert [shown for _, shown in lamps.changes] == ["unknown", "free", "unlinked", "expected"]
    keeper.close()
    assert not lamps.looks["S1"].lock_closed


def test_the_core_tells_who_is_expected_now() -> None:
    rig = Rig()
    rig.command(make_grant())
    assert rig.core.granted("S1", MAY_1 + timedelta(minutes=5))
    assert not rig.core.granted("S2", MAY_1 + timedelta(minutes=5))
    assert not rig.core.granted("S1", MAY_1 + timedelta(days=1))


class Tape:
    def __init__(self) -> None:
        self.heard: list[object] = []

    def took(self, reading: Reading) -> None:
        self.heard.append(reading)

    def changed(self, change: object) -> None:
        self.heard.append(change)

    def tick(self, now_ns: int) -> None:
        self.heard.append(now_ns)

    def close(self) -> None:
        self.heard.append("closed")


def test_the_recorder_hears_readings_events_and_time() -> None:
    tape = Tape()
    keeper = Keeper(tape)
    reading = Reading(1, "us0", 5.0)
    keeper.took(reading)
    keeper.turned(moment(3))
    keeper.close()
    assert tape.heard == [reading, 3 * NS, "closed"]


def scene(live: Live) -> Scene:
    health = Health(CHANNELS)
    return Scene(live, Looks("gw-1", "1", health.states, Machine, lambda: {"S1": 3}, {}))


def test_a_snapshot_has_the_newest_values_in_plain_units() -> None:
    live = Live(CHANNELS, ["S1"], {"S1": (0.0, 0.0, 40.0)})
    shown = scene(live)
    shown.took(Reading(1 * NS, "temp0", 20.0))
    shown.took(Reading(1 * NS, "us0", 5827.0))
    shown.took(Reading(1 * NS, "mag0", (3000, 0, 8000)))
    shown.turned(moment(1))
    assert shown.snapshot is not None
    view = shown.snapshot.spaces[0]
    assert round(view.distance_m or 0, 2) == 1.0
    assert round(view.field_ut or 0, 1) == 85.4
    assert round(view.change_ut or 0, 1) == 50.0
    assert (view.occupancy, view.told) == ("unknown", None)
    assert shown.snapshot.passes == {"S1": 3}


def test_old_values_are_not_shown_as_new_ones() -> None:
    live = Live(CHANNELS, ["S1"])
    live.took(Reading(1 * NS, "us0", 5827.0))
    assert live.views(2 * NS)[0].distance_m is not None
    assert not live.views(9 * NS)[0].echo_heard


def test_nothing_in_range_is_heard_and_has_no_distance() -> None:
    live = Live(CHANNELS, ["S1"])
    live.took(Reading(1 * NS, "us0", None, NO_ECHO))
    live.took(Reading(1 * NS, "mag0", (1, 1, 1), "overflow"))
    view = live.views(1 * NS)[0]
    assert (view.echo_heard, view.distance_m, view.field_ut) == (True, None, None)


def test_without_a_calibration_the_first_seconds_are_the_empty_space() -> None:
    live = Live(CHANNELS, ["S1"])
    for tenth in range(40):
        live.took(Reading(tenth * NS // 10, "mag0", (1000, 0, 0) if tenth < 20 else (1500, 0, 0)))
    change_ut = live.views(4 * NS)[0].change_ut
    assert change_ut is not None and round(change_ut, 1) == 5.0


def test_a_trail_has_one_value_a_second_and_does_not_grow() -> None:
    live = Live(CHANNELS, ["S1"])
    for half in range(600):
        live.took(Reading(half * NS // 2, "us0", 5827.0))
        view = live.views(half * NS // 2)[0]
    assert len(view.trail_m) == 120


def test_events_are_shown_as_they_were_told() -> None:
    rig = Rig()
    rig.empty(1)
    rig.car(5)
    live = Live(CHANNELS, ["S1"])
    shown = scene(live)
    for event in [*rig.events(None), *rig.events()]:
        shown.changed(event)
    shown.turned(moment(6))
    assert shown.snapshot is not None
    told = shown.snapshot.spaces[0].told
    assert told is not None and (told.kind, told.occupancy) == ("arrival", "occupied")


def test_no_watcher_here_says_anything_to_the_cloud() -> None:
    said: list[Telemetry] = []
    for watcher in (Pulse(Service(), True), scene(Live(CHANNELS, ["S1"])), Keeper(Tape())):
        said += watcher.turned(moment(0))
    assert said == []
