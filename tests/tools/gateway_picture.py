"""Draws docs/pictures/gateway.png again: `python -m tests.tools.gateway_picture` (needs Chromium).

The page of a gateway in the middle of tests/data/first-stay, with one sensor unplugged.
"""

from itertools import takewhile

from playwright.sync_api import sync_playwright

from edge.adapters.page import PageServer
from edge.commands.watch import Watching
from edge.compose import spaces_of
from edge.core.promises import kinds_of, promises_of
from edge.core.readings import Reading
from edge.feeds import stream_feed
from edge.page.snapshot import Snapshot
from edge.ports import Machine
from firmware_sim.trace import TraceReader
from tests.tools.tidy import ROOT

TRACE = ROOT / "tests" / "data" / "first-stay.trace.jsonl.gz"
OUT = ROOT / "docs" / "pictures" / "gateway.png"
CHROMIUM = "/usr/bin/chromium"
NS = 1_000_000_000
UNTIL_S, UNPLUGGED_S = 330, 240
PHONE = {"width": 390, "height": 844}


def snapshot() -> Snapshot:
    feed = stream_feed(str(TRACE))
    watching = Watching(feed, None)
    with TraceReader(TRACE) as reader:
        for reading in takewhile(lambda it: it.mono_ns < UNTIL_S * NS, reader):
            watching.take(_unplugged(reading))
            watching.second_began()
    return Snapshot(
        gateway="gw-1",
        version="0.1.0",
        at=watching.at,
        clock="synced",
        connected=True,
        waiting=0,
        mono_ns=UNTIL_S * NS,
        real_s=0.0,
        machine=Machine(27_400, 48.5, 14.2),
        spaces=watching.views,
        channels=watching.states,
        passes=watching.passes,
        promises=promises_of(kinds_of(feed.channels.values(), spaces_of(feed.channels))),
    )


def _unplugged(reading: Reading) -> Reading:
    if reading.channel == "us2" and reading.mono_ns > UNPLUGGED_S * NS:
        return Reading(reading.mono_ns, "us2", None, "timeout")
    return reading


def main() -> None:
    shown = snapshot()
    server = PageServer("127.0.0.1", 0, lambda: shown, lambda: 0.0)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport=PHONE, device_scale_factor=2, color_scheme="light")
        page.goto(server.url)
        page.screenshot(path=OUT)
        browser.close()
    server.close()


if __name__ == "__main__":
    main()
