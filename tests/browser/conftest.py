"""One browser per module, and a server for the page with data in the place of a workspace."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect, sync_playwright

WEB = Path(__file__).parents[2] / "bot" / "sandbox" / "web"
GALLERY = Path(__file__).parent / "gallery"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; connect-src 'self'"

USUAL: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800},
    "reduced_motion": "reduce",
    "timezone_id": "UTC",
    "locale": "en-US",
}
PATIENCE = 30_000
#: What Chromium says of requests that were under way while somebody (Docker, for example) added a network to the machine.
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
expect.set_options(timeout=PATIENCE)

World = dict[str, Any]


class _Files(SimpleHTTPRequestHandler):
    """The page's files, the gallery's, and the world that the test wants."""

    world: ClassVar[World] = {}

    def do_GET(self) -> None:
        if self.path == "/world.json":
            body = json.dumps(self.world).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            super().do_GET()

    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0]
        folder, rest = (GALLERY, name[9:]) if name.startswith("/gallery/") else (WEB, name[1:])
        return str(folder / (rest or "index.html"))

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store" if self.path == "/world.json" else "max-age=600")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Silence: a test says what it needs."""


def opened(page: Page, address: str) -> Page:
    """The page, ready; asked for again when the machine's network changed just then."""
    for attempt in range(3):
        page.goto("about:blank")
        with suppress(Error):
            page.goto(address)
            page.get_by_role("heading", level=1).wait_for(timeout=PATIENCE if attempt == 2 else 6000)
            return page
    raise AssertionError(f"{address} does not come up: {page.content()[:2000]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for longer: as long as Playwright is there, this thread has a running event loop, and a test of another module
    that the same worker runs could not have one of its own.
    """
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def gallery_address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    thread = threading.Thread(target=partial(server.serve_forever, 0.05), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def usual(browser: Browser) -> Iterator[Page]:
    """The page that most tests share: its cache makes the second look a fast one."""
    context = browser.new_context(**USUAL)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def new_page(browser: Browser, usual: Page) -> Iterator[Callable[..., Page]]:
    """Opens pages; whatever they complain about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def hear(line: ConsoleMessage) -> None:
        if line.type == "error" and NETWORK_CHANGED not in line.text:
            complaints.append(f"{line.text} {line.location.get('url', '')}".strip())

    def fail(error: object) -> None:
        complaints.append(str(error))

    def open_page(**settings: Any) -> Page:
        page = usual
        if settings:
            context = browser.new_context(**{**USUAL, **settings})
            context.set_default_timeout(PATIENCE)
            contexts.append(context)
            page = context.new_page()
        page.on("pageerror", fail)
        page.on("console", hear)
        return page

    yield open_page
    for context in contexts:
        context.close()
    usual.remove_listener("pageerror", fail)
    usual.remove_listener("console", hear)
    assert complaints == []


@pytest.fixture
def gallery(new_page: Callable[..., Page], gallery_address: str) -> Callable[..., Page]:
    def show(world: World, where: str = "", **settings: Any) -> Page:
        _Files.world = world
        page = new_page(**settings)
        return opened(page, f"{gallery_address}/gallery/?as={world['me']}#{where or 'C1'}")

    return show
