"""What the gateway refuses. Each class is a code; its docstring is the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MOST_TOLD = 20


class EdgeError(Exception):
    """The gateway cannot go on."""

    code = "edge"
    remedy = ""
    exit_code = 1

    def __init__(self, detail: str = "") -> None:
        sentence = (self.__doc__ or "").strip()
        super().__init__(" ".join(part for part in (sentence, detail, self.remedy) if part))
        self.detail = detail


class Mistake(NamedTuple):
    line: int
    column: int
    sentence: str


class ConfigWrong(EdgeError, ValueError):
    """The configuration has mistakes."""

    code = "config_wrong"
    exit_code = 2

    def __init__(self, name: str, mistakes: Sequence[Mistake]) -> None:
        """One sentence for each place; the first that is given counts."""
        places = {(mistake.line, mistake.column): mistake for mistake in reversed(mistakes)}
        self.mistakes = sorted(places.values())
        super().__init__(name)

    def __str__(self) -> str:
        told = self.mistakes[:MOST_TOLD]
        lines = [f"{self.detail}:{line}:{column}: {said}" for line, column, said in told]
        if more := len(self.mistakes) - len(told):
            lines.append(f"{self.detail}: and {more} more.")
        return "\n".join(lines)


class OptionsWrong(EdgeError, ValueError):
    """Options are missing or wrong."""

    code = "options_wrong"
    exit_code = 2

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))

    def __str__(self) -> str:
        return self.detail


class ConfigMissing(EdgeError, FileNotFoundError):
    """There is no configuration file at that place."""

    code = "config_missing"
    remedy = "Make one with `berth-edge init`, or name another with --config."
    exit_code = 2


class ConfigExists(EdgeError, FileExistsError):
    """A configuration is there already, and is not overwritten."""

    code = "config_exists"
    remedy = "Edit it, or move it away first; the signing key beside it is kept either way."
    exit_code = 2


class KeyMissing(EdgeError, FileNotFoundError):
    """The data folder holds no signing key."""

    code = "key_missing"
    remedy = "Make one with `berth-edge init`; a lost key cannot be recovered."
    exit_code = 2


class KeyReadable(EdgeError, PermissionError):
    """Others on this machine can read the signing key."""

    code = "key_readable"
    remedy = "Run `chmod 600` on it, and make a new key if anyone may have copied it."
    exit_code = 2


class KeyForeign(EdgeError, PermissionError):
    """This user may not read the signing key."""

    code = "key_foreign"
    remedy = "Run as the user that made it, or give it to this one with `chown`."
    exit_code = 2


class KeyMalformed(EdgeError, ValueError):
    """The signing key is not 32 bytes written as 0x and 64 hex digits."""

    code = "key_malformed"
    remedy = "Restore it from your copy, or move it away and run `berth-edge init`."
    exit_code = 2


class KeyExists(EdgeError, FileExistsError):
    """A signing key is there already, and is never overwritten."""

    code = "key_exists"
    remedy = (
        "Keep it, or move it away first: events signed by it need it no more, but its name does."
    )
    exit_code = 2


class HeaderWrong(EdgeError, ValueError):
    """The stream of readings does not begin with a trace header."""

    code = "header_wrong"
    remedy = "Line 1 of a stream names its clock and its channels."
    exit_code = 2


class ReadingsMissing(EdgeError, FileNotFoundError):
    """There are no readings at that place."""

    code = "readings_missing"
    remedy = "Name a trace file, or - for standard input."
    exit_code = 2


class NothingToRead(EdgeError, ValueError):
    """The settings name no sensor and no camera."""

    code = "nothing_to_read"
    remedy = "Name them under `sensors:`, or give a stream of readings with --readings."
    exit_code = 2


class PageUnusable(EdgeError, OSError):
    """The gateway's page cannot be served at that address."""

    code = "page_unusable"
    remedy = "Set another `page: {host: ..., port: ...}`, or stop what uses it."


class SettingsUnwritable(EdgeError, OSError):
    """The settings file could not be changed, and is as it was."""

    code = "settings_unwritable"
    remedy = "Write the lines that were shown into it by hand, or free its folder."


class GatewayRuns(EdgeError, OSError):
    """The gateway runs and holds the sensors."""

    code = "gateway_runs"
    remedy = "Stop it first: `sudo systemctl stop berth-edge`, and start it again afterwards."


class CalibrationLeft(EdgeError):
    """The calibration was left before its last step; the settings are as they were."""

    code = "calibration_left"
    remedy = "Start it again when the space is free and a car is at hand."


class UnknownSpace(EdgeError, ValueError):
    """No sensor of these settings belongs to that space."""

    code = "unknown_space"
    remedy = "Name one of the spaces that the sensors name."
    exit_code = 2


class OutboxUnwritable(EdgeError, OSError):
    """The outbox could not be written, so nothing of this turn was sent."""

    code = "outbox_unwritable"
    remedy = "Free space on the data folder's disk and see that it is not mounted read-only."


class OutboxForeign(EdgeError, ValueError):
    """The outbox in the data folder belongs to another gateway or another version."""

    code = "outbox_foreign"
    remedy = "Give each gateway its own data folder."
    exit_code = 2


class OutboxBusy(EdgeError, OSError):
    """Another berth-edge runs on this data folder."""

    code = "outbox_busy"
    remedy = "Stop it first, or give this one its own folder."


class PinsMissing(EdgeError, OSError):
    """The pins of this machine cannot be used."""

    code = "pins_missing"
    remedy = (
        "On a Raspberry Pi `sudo deploy/install.sh` installs the library and puts the user berth "
        "into the group gpio: run as berth. On any other machine leave `outputs:` out, or give "
        "readings from a file with --readings."
    )
    exit_code = 2


class BundleUnwritable(EdgeError, OSError):
    """The support file could not be written."""

    code = "bundle_unwritable"
    remedy = "Name a file in a folder that you may write to, with --out."
    exit_code = 2


class DrawingUnwritable(EdgeError, OSError):
    """The drawing could not be written."""

    code = "drawing_unwritable"
    remedy = "Name a file in a folder that is there and that you may write to, with --svg."
    exit_code = 2


class RecordingExists(EdgeError, FileExistsError):
    """A file is there already, and a recording never overwrites."""

    code = "recording_exists"
    remedy = "Name another with --out, or move it away first."
    exit_code = 2


class RecordingBroken(EdgeError, OSError):
    """The recording could not be written; what was written before can be replayed."""

    code = "recording_broken"
    remedy = "Free space on the disk, or name a folder that you may write to with --out."


class VisionMissing(EdgeError, ImportError):
    """Plates cannot be read on this machine."""

    code = "vision_missing"
    remedy = "Install the extra: pip install 'berth[vision]'."
    exit_code = 2


class YoloMissing(VisionMissing):
    """A model in ultralytics' own format, and no ultralytics."""

    code = "yolo_missing"
    remedy = (
        "Install the extra: pip install 'berth[yolo]' (AGPL-3.0), or export the model to .onnx."
    )


class ReaderMissing(VisionMissing):
    """The plate reader of this project is not in this installation."""

    code = "reader_missing"
    remedy = "Install berth anew, or name other readers than `own` under plates.readers."


class PlateModelWrong(EdgeError, ValueError):
    """The file is no model that can be used for plates."""

    code = "plate_model_wrong"
    remedy = "Name a YOLO detection or pose model of plates, .pt or .onnx, or leave it out."
    exit_code = 2


class TlsUnusable(EdgeError):
    """The gateway's certificate cannot be used, and mqtts needs one."""

    code = "tls_unusable"
    remedy = "Run `berth-edge enrol` with a claim code; or use mqtt:// on a network that is yours."
