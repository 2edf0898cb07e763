"""Opens and closes those who look on at a running gateway, as its settings want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from structlog.typing import FilteringBoundLogger

from edge.adapters.machine import ThisMachine
from edge.adapters.page import PageServer
from edge.compose import own_version, watched
from edge.config import Config
from edge.core.fusion import SpaceDetector
from edge.core.gateway import Gateway
from edge.core.live import Live
from edge.core.promises import kinds_of, promises_of
from edge.core.space import Detector
from edge.errors import PageUnusable, VisionMissing
from edge.feeds import Feed
from edge.ports import Put, Watcher
from edge.telemetry import Reporter
from edge.watchers import Keeper, LampKeeper, Looks, Pulse, Scene, Service, ShowsSpaces

KEPT = "kept"
# With what the outbox writes in a busy day it stays below 20 MB (bench/writes.py).
KEPT_BYTES_A_DAY = 4_000_000


class Lookers:
    """Telemetry and watchdog always; lamps, page and recorder as set, and only beside sensors."""

    def __init__(
        self,
        config: Config,
        feed: Feed,
        log: FilteringBoundLogger,
        safe_mode: bool,
        lamps: ShowsSpaces | None = None,
    ) -> None:
        """`lamps` are open already, and are closed here."""
        self._config, self._feed, self._log, self._safe_mode = config, feed, log, safe_mode
        self._lamps = lamps
        self._page: PageServer | None = None

    def open(
        self,
        core: Gateway,
        detectors: Mapping[str, Detector],
        machine: ThisMachine,
        service: Service,
        put: Put,
    ) -> Sequence[Watcher]:
        """`put`: onto the agent's inbox, for plates that are read here."""
        config, feed, log = self._config, self._feed, self._log
        reporter = Reporter(config.gateway, feed.channels, machine, log, feed.absent)
        watchers: list[Watcher] = [reporter, Pulse(service, feed.sampled)]
        if self._lamps is not None:
            watchers.append(LampKeeper(self._lamps, sorted(config.outputs), core.granted))
        if config.page is not None:
            watchers.append(self._open_page(reporter, detectors, machine))
        if feed.sampled:
            watchers.append(Keeper(_recorder(config, feed, log)))
        if config.plates is not None and feed.frames:
            watchers += self._open_plates(core, detectors, put)
        return watchers

    def close(self) -> None:
        """However the gateway ends: the lamps go dark, and what locks opens."""
        if self._lamps is not None:
            self._lamps.close()
        if self._page is not None:
            self._page.close()

    def _open_plates(
        self, core: Gateway, detectors: Mapping[str, Detector], put: Put
    ) -> Sequence[Watcher]:
        """Without its libraries the spaces are watched, and plates are not read."""
        try:
            from edge.adapters.open_looking import Around, open_looker
        except ImportError:
            missing = VisionMissing("numpy cannot be imported.")
            self._log.error(missing.code, detail=str(missing))
            return ()
        around = Around(self._feed.frames, core, detectors, put, self._log)
        return (open_looker(self._config, around),)

    def _open_page(
        self, reporter: Reporter, detectors: Mapping[str, Detector], machine: ThisMachine
    ) -> Watcher:
        config, feed = self._config, self._feed
        empty_ut = {
            space: found.empty_ut
            for space, found in config.calibration.items()
            if found.empty_ut is not None
        }
        spaces = watched(config, feed.channels)
        live = Live(feed.channels, spaces, empty_ut)
        looks = Looks(
            gateway=config.gateway,
            version=own_version(),
            states=lambda: reporter.states,
            machine=machine,
            passes=lambda: {
                space: detector.passes.count
                for space, detector in detectors.items()
                if isinstance(detector, SpaceDetector)
            },
            promises=promises_of(kinds_of(feed.channels.values(), spaces)),
            safe_mode=self._safe_mode,
        )
        scene = Scene(live, looks)
        assert config.page is not None
        try:
            self._page = PageServer(config.page.host, config.page.port, lambda: scene.snapshot)
            self._log.info("page", url=self._page.url)
        except PageUnusable as error:
            # The spaces are watched without it.
            self._log.error(error.code, detail=str(error))
        return scene


def _recorder(config: Config, feed: Feed, log: FilteringBoundLogger) -> Any:
    from edge.adapters.recorder import Means, Recorder

    means = Means(
        tell=lambda code, detail: log.info(f"recorder_{code}", detail=detail),
        day_bytes=KEPT_BYTES_A_DAY,
    )
    return Recorder(config.data_path / KEPT, feed.header, means=means)
