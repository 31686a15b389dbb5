"""Pictures of every page at phone and desktop width into ./screenshots, and the checks a picture cannot show.

`.venv/bin/python -m tests.preview.screenshots [PAGE ...]` exits with 1 if a page breaks an axe rule, the
content security policy or its size, scrolls sideways at 320 px (400 % zoom), or has a target below 24 px
(48 px for buttons and fields).
"""

import re
import sys
import threading
from collections.abc import Iterator
from urllib.request import urlopen

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.preview.app import ROOT, create_app
from tests.preview.questions import question_pages
from tests.preview.samples import pages

FOLDER = ROOT / "screenshots"
BASE = "http://127.0.0.1:5098"
WIDTHS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# Bytes of a question page, uncompressed: with its static files, and without.
FIRST_VISIT, NEXT_VISIT = 30_000, 6_000
STATIC = ROOT / "survey_service" / "http" / "static"

# Radio buttons and boxes are pressed by their labels (in a list, by labels without words); links inside a sentence are
# exempt (WCAG 2.5.8); closed menus are unseen.
SMALL_TARGETS = """() => {
  const exempt = (one) => one.matches('.skip, .choice input, .pick input') || !one.checkVisibility()
    || one.closest('details:not([open])') && !one.matches('summary')
    || one.matches('a') && getComputedStyle(one).display === 'inline';
  const large = '.button, button, summary, input:not([type=hidden]), select, textarea, .choice label, .pick';
  const least = (one) => one.matches(large) ? 47.5 : 24;
  return [...document.querySelectorAll('a, ' + large)]
    .filter((one) => !exempt(one))
    .filter((one) => one.getBoundingClientRect().height < least(one) || one.getBoundingClientRect().width < 24)
    .map((one) => one.outerHTML.slice(0, 90));
}"""


def main() -> int:
    server = make_server("127.0.0.1", 5098, create_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    FOLDER.mkdir(exist_ok=True)
    wanted = sys.argv[1:] or list(pages("sv"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        faults = [fault for locale in ("sv", "en", "ar") for name in wanted for fault in inspect(browser, locale, name)]
        browser.close()
    faults += sizes()
    print("\n".join(faults) or "no fault")
    server.shutdown()
    return 1 if faults else 0


def inspect(browser: Browser, locale: str, name: str) -> Iterator[str]:
    at = f"{locale}/{name}"
    for width, viewport in WIDTHS.items():
        for scheme in ("light", "dark") if locale == "sv" and not name.startswith("email") else ("light",):
            page = browser.new_page(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
            complaints: list[str] = []
            page.on("console", lambda message, to=complaints: to.append(message.text))
            page.on("pageerror", lambda error, to=complaints: to.append(str(error)))
            page.goto(f"{BASE}/{at}")
            suffix = "" if scheme == "light" else "-dark"
            page.screenshot(path=FOLDER / f"{name}-{locale}-{width}{suffix}.png", full_page=True)
            for complaint in complaints:
                if not name.startswith("email"):
                    yield f"{at} {width} {scheme}: console: {complaint}"
            yield from (f"{at} {width} {scheme}: {broken}" for broken in axe(page))
            if not name.startswith("email"):
                yield from (f"{at} {width}: small target {target}" for target in page.evaluate(SMALL_TARGETS))
            page.close()
    yield from zoomed(browser, at)


def axe(page: Page) -> Iterator[str]:
    for violation in Axe().run(page, options=RULES).response["violations"]:
        for node in violation["nodes"]:
            yield f"axe {violation['id']}: {node['html'][:120]} {node['failureSummary'][:160]!r}"


def zoomed(browser: Browser, at: str) -> Iterator[str]:
    page = browser.new_page(viewport={"width": 320, "height": 256})
    page.goto(f"{BASE}/{at}")
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield f"{at}: scrolls sideways at 320 px"
    page.close()


def sizes() -> Iterator[str]:
    static = sum((STATIC / name).stat().st_size for name in ("app.css", "app.js", "mark.svg"))
    for name in question_pages("sv"):
        with urlopen(f"{BASE}/sv/{name}") as answer:
            page = answer.read()
        if re.search(rb"<style|\sstyle=|<script>|\son\w+=", page):
            yield f"{name}: inline style or script"
        if len(page) > NEXT_VISIT or len(page) + static > FIRST_VISIT:
            yield f"{name}: too large"


if __name__ == "__main__":
    raise SystemExit(main())
