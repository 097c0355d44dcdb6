"""Serve a folder of pages on this machine and open them in the system's Chromium."""

import contextlib
import functools
import http.server
import threading
import urllib.parse
from dataclasses import dataclass, field

from playwright.sync_api import sync_playwright

from bootstrap import find_browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line of log for each request."""

    def log_message(self, *arguments):
        """Keep quiet: the tests report what a page asked for."""


@contextlib.contextmanager
def serve(folder):
    """Serve `folder` on a free loopback port; yield the address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def chromium():
    """Start the system's Chromium without a window; yield it."""
    path = find_browser()
    if path is None:
        raise RuntimeError(
            "No Chromium was found: install it with 'sudo apt-get install chromium', "
            "or name an installed one in the variable CHROMIUM."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that was opened, and what happened while it loaded."""

    page: object
    status: int = 0
    errors: list = field(default_factory=list)
    outside: list = field(default_factory=list)


def is_local(address):
    """Tell whether `address` lies on this machine."""
    parts = urllib.parse.urlsplit(address)
    return parts.scheme in ("file", "data", "blob", "about") or parts.hostname == "127.0.0.1"


@contextlib.contextmanager
def visit(browser, address, viewport=WIDE, dark=False):
    """Open `address`, letting no request leave this machine; yield the Visit."""
    # Reduced motion: colours change over at once, not in a fraction of a second.
    context = browser.new_context(
        viewport=viewport, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    )
    page = context.new_page()
    seen = Visit(page)

    def guard(route):
        if is_local(route.request.url):
            route.continue_()
        else:
            seen.outside.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    response = page.goto(address, wait_until="networkidle")
    seen.status = response.status
    try:
        yield seen
    finally:
        context.close()
