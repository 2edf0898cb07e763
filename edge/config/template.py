"""What `berth-edge init` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundSensor:
    """A magnetometer that answered on this machine. `space` "" while there is none to give it."""

    name: str
    kind: str
    space: str
    bus: int
    address: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What `berth-edge init` knows once all is asked."""

    gateway: str
    broker: str
    chain_id: str
    ledger: str
    tz: str = "UTC"
    found: Sequence[FoundSensor] = ()
    commands: str = ""


def write_settings(answers: Answers) -> str:
    return TEMPLATE.format(
        gateway=json.dumps(answers.gateway),
        broker=json.dumps(answers.broker),
        chain_id=answers.chain_id,
        ledger=answers.ledger,
        commands=_commands(answers.commands),
        tz=answers.tz,
        sensors="\n".join(_sensor_lines(answers.found)),
    )


def _commands(address: str) -> str:
    if address:
        return f'commands: "{address}"   # whose commands are believed: the cloud\'s command key'
    return '# commands: "0x..."   # the cloud\'s command key; without it any command is believed'


def _sensor_lines(found: Sequence[FoundSensor]) -> Iterator[str]:
    """Those with a space of their own are in use; the others wait, as comments, for one."""
    yield "sensors:" if any(sensor.space for sensor in found) else "# sensors:"
    for sensor in found:
        mark, space = ("  ", sensor.space) if sensor.space else ("#   ", "S1")
        yield (
            f"{mark}{sensor.name}: {{kind: {sensor.kind}, space: {space}, bus: {sensor.bus}, "
            f"address: 0x{sensor.address:02X}}}   # answered when this file was made"
        )


TEMPLATE = """\
# Settings of one Berth gateway. `berth-edge check-config` says what is wrong with them.

gateway: {gateway}   # its name; the cloud and the topics know it by this
data: .   # folder for the signing key and the outbox, from this file's folder
broker: {broker}   # mqtt://host:1883, mqtt://user:password@host:1883; mqtts://host:8883 with tls/
tz: {tz}   # the lot's time zone, written into recorded traces

ledger:   # where its signatures count; elsewhere they mean nothing
  chain_id: {chain_id}
  address: "{ledger}"

{commands}

# spaces: [S1, S2]   # only these; without it, all that the sensors or the readings name

# Sensors, each with a name of your choice. Pins are BCM numbers, 0 to 27; `berth-edge wiring` draws
# them. Without any, readings come on a stream (run --readings).
{sensors}
#   us0:   {{kind: hc-sr04, space: S1, trigger: 23, echo: 24}}     # or jsn-sr04t; echo by a divider
#   us1:   {{kind: a02yyuw, space: S2, port: /dev/serial0}}        # or jsn-sr04t-uart, aj-sr04m
#   us2:   {{kind: aj-sr04m, space: S3, port: /dev/ttyUSB0, asks: true}}   # with a 120k resistor
#   mag0:  {{kind: auto, space: S1, bus: 1}}                       # or qmc5883l, hmc5883l, qmc5883p
#          several of one kind: behind a TCA9548A, each with `mux: 0x70, mux_channel: 3` or the like
#   temp0: {{kind: ds18b20, device: 28-00000abcdef0}}              # the lot's air: no space

# Cameras confirm who came; they never end a stay. A password here is shown to nobody.
# cameras:
#   cam0: {{space: S1, source: "v4l2:/dev/video0"}}   # or rtsp://host/path, picamera2:0, folder:/x
#   cam1: {{space: S2, source: "rtsp://host/path", view: [0.2, 0.3, 0.8, 1.0]}}   # its part of it

# Plates in the cameras' pictures, read here and nowhere else. Needs berth[vision].
# plates:
#   regions: [cn]            # of cn, eu, br, us; `shapes: {{br: [AAA0A00]}}` adds what is missing
#   detector: ours           # or the path of your own YOLO model, .onnx or .pt
#   frames: 6                # an arrival, 5 to 8
#   pace_s: 1.0              # from one to the next, 0.2 to 5
#   residents: []            # plates at home here, shown in clear
#   keep_unexpected_min: 10  # how long a read of a car that nobody expects is known, 1 to 60
#   evidence_days: 7         # encrypted frames of doubtful arrivals (evidence_key), 1 to 90
#   evidence_stays: 20       # and of at most so many, 1 to 200
# With `evidence_key`, the operator's (`berth-edge evidence key` makes one); without, none is kept.

# Lamps, lock and barrier of a space, by BCM pin; each is optional. Lock and barrier on 12, 13,
# or 16 to 27: others move before the gateway runs.
# outputs:
#   S1: {{green: 17, red: 27, buzzer: 22, lock: 25, barrier: 26}}

# calibration:   # written by `berth-edge calibrate S1`
#   S1: {{empty_m: 2.31, empty_ut: [12.0, -3.1, 40.2], car_ut: 14.2, margin: 4.7}}

# page:   # the gateway's own page; host 0.0.0.0 for a phone at the kerb
#   host: 127.0.0.1
#   port: 8080              # 1024 to 65535

# timing:
#   heartbeat_s: 10         # status messages, 1 to 3600
#   keepalive_s: 30         # MQTT keepalive, 5 to 3600
#   plate_wait_s: 5         # how long an arrival waits for its plate, 0 to 60
#   plate_before_s: 15      # plate reads this long before an arrival count, 0 to 300
#   seen_every_s: 60        # how often what was seen is written, 1 to 600
#   boot_known_s: 60        # a space still unknown then is reported as unknown, 5 to 3600
#   ack_timeout_s: 2        # without the cloud's acknowledgement, send again, 0.1 to 60
#   ack_timeout_max_s: 30   # doubled at each try up to this, 1 to 3600
#   drain_s: 30             # at the end of the readings, wait so long for it, 0 to 3600

# limits:
#   window_events: 20           # sent and not yet acknowledged, 1 to 200
#   keep_acked_events: 10000    # kept for the cloud to ask for again, 0 to 1000000
#   inbox_items: 1000           # read ahead, 10 to 100000
"""
