"""Pictures of every page with made-up data, at phone and desktop width.

`.venv/bin/python -m tests.preview.screenshots [PAGE ...]` takes them into ./screenshots/preview, in Swedish and Arabic,
and in Swedish in the dark scheme too. What a picture cannot show is checked by tests/journeys/test_everybody.py.
"""

import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.preview.app import ROOT, create_app
from tests.preview.samples import pages

WIDTHS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def main() -> int:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        take_every_page(browser, ROOT / "screenshots" / "preview", ("sv", "ar"), sys.argv[1:] or pages("sv"))
        browser.close()
    return 0


def take_every_page(
    browser: Browser, folder: Path, locales: Sequence[str], names: Iterable[str] = tuple(pages("sv"))
) -> None:
    """Each page once for a language, a width and a scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    server = make_server("127.0.0.1", 0, create_app(), threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    looks = [(locale, width, "light") for locale in locales for width in WIDTHS] + [("sv", "phone", "dark")]
    for locale, width, scheme in looks:
        page = browser.new_page(viewport=WIDTHS[width], color_scheme=scheme, reduced_motion="reduce")
        for name in names:
            page.goto(f"http://127.0.0.1:{server.server_port}/{locale}/{name}")
            suffix = "" if scheme == "light" else f"-{scheme}"
            page.screenshot(path=folder / f"{name}-{locale}-{width}{suffix}.png", full_page=True)
        page.close()
    server.shutdown()


if __name__ == "__main__":
    raise SystemExit(main())
