"""A real browser: the phone's width, a change without a reload, and a server that goes away."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from tests.pages.making import Town, town

CHROMIUM = "/usr/bin/chromium"
if not os.path.exists(CHROMIUM):
    pytest.skip("no chromium here (apt-get install chromium)", allow_module_level=True)
from playwright.sync_api import Page, expect, sync_playwright  # noqa: E402

ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15_000


class Server(uvicorn.Server):
    """Says when it listens, and on which port."""

    def __init__(self, place: Town, port: int = 0) -> None:
        super().__init__(
            uvicorn.Config(place.app, port=port, log_level="warning", timeout_graceful_shutdown=1)
        )
        self.listens = threading.Event()
        self.port = port

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        self.port = self.servers[0].sockets[0].getsockname()[1]
        self.listens.set()


@contextmanager
def serving(place: Town, port: int = 0) -> Iterator[int]:
    server = Server(place, port)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert server.listens.wait(10)
        yield server.port
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, heartbeat_s=1.0) as made:
        made.lot()
        made.booking("granted")
        yield made


@pytest.fixture
def phone() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = browser.new_page(viewport={"width": 320, "height": 640}, locale="en-GB")
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def small_targets(page: Page) -> list[str]:
    """Links and buttons that a thumb would miss."""
    found: list[str] = page.eval_on_selector_all(
        "a:not(.skip), button, input, textarea",
        "all => all.filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)",
    )
    return found


def test_the_lot_changes_under_the_eyes_of_its_reader(place: Town, phone: Page) -> None:
    problems: list[str] = []
    phone.on("console", lambda message: problems.append(message.text))
    phone.on("pageerror", lambda error: problems.append(str(error)))
    with serving(place) as port:
        phone.goto(f"http://127.0.0.1:{port}/lots/lot-1")
        expect(phone.locator("#line")).to_have_text("Live", timeout=PATIENCE_MS)
        assert not scrolls_sideways(phone)
        assert small_targets(phone) == []
        phone.evaluate("window.kept = true")
        row = phone.get_by_role("row").filter(has_text="lot-1.A03")
        expect(row).to_contain_text("Free", timeout=PATIENCE_MS)
        place.occupy("lot-1.A03")
        expect(row).to_contain_text("Occupied", timeout=PATIENCE_MS)
        expect(phone.locator("#say")).to_contain_text("2 occupied", timeout=PATIENCE_MS)
        assert phone.evaluate("window.kept")
        phone.close()
    assert problems == []


@pytest.mark.parametrize("path", ["/", "/bookings/b-1", "/receipt/check", "/lots/none?lang=zh"])
def test_pages_fit_a_small_phone(place: Town, phone: Page, path: str) -> None:
    with serving(place) as port:
        phone.goto(f"http://127.0.0.1:{port}{path}")
        assert not scrolls_sideways(phone)
        assert small_targets(phone) == []
        phone.close()


def test_a_lost_server_is_said_and_found_again(place: Town, phone: Page) -> None:
    line = phone.locator("#line")
    with serving(place) as port:
        phone.goto(f"http://127.0.0.1:{port}/bookings/b-1")
        expect(line).to_have_text("Live", timeout=PATIENCE_MS)
    expect(line).to_have_text("Not connected, trying again", timeout=PATIENCE_MS)
    with serving(place, port):
        expect(line).to_have_text("Live", timeout=PATIENCE_MS)
        phone.close()
