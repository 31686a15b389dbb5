"""What is painted before the style sheet is there is what stands when it is: nothing on the first screen moves.

The service is the real one, with its policy: the devices complain of whatever it forbids.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from instruments import Library
from instruments.library import SHIPPED
from survey_service.http import first_screen
from survey_service.http.static_files import FOLDER, compact_styles
from survey_service.settings import Settings
from tests.journeys.serving import open_question, served, signed_in
from tests.journeys.visits import Devices, free_ports
from tests.own_instruments import own_instruments
from tests.world import World

pytestmark = pytest.mark.browser

QUESTIONS = (
    "promis-anxiety",
    *(f"tiny-{kind}" for kind in ("several-choices", "number", "scale", "rating", "date", "free-text", "statement")),
)
SHEET = "**/app.css*"
# Every rule, as the browser has read it.
_READ = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return [...sheet.cssRules].map((rule) => rule.cssText);
}"""


@pytest.fixture(scope="module")
def instruments_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_instruments(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def library(instruments_folder: Path) -> Library:
    return Library.load(SHIPPED, instruments_folder / "data")


@pytest.fixture
def settings(settings: Settings, instruments_folder: Path) -> Settings:
    return replace(settings, instruments=instruments_folder, base_url=f"http://localhost:{free_ports().web}")


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with served(world.services) as address:
        yield address


@pytest.fixture
def pages(world: World) -> Mapping[str, tuple[str, str]]:
    """By name: where the page is, and the cookie of whoever sees it."""
    questions = {kind: open_question(world, kind) for kind in QUESTIONS}
    who = world.new_identity()
    _patient, occasion = world.enrol(who, protocol="both")
    cookie = world.patient_cookie(who)
    mine = {"inbox": ("/inbox", cookie), "notice": (f"/surveys/{occasion.id}", cookie)}
    return questions | mine | {"sign-in": ("/sign-in", ""), "home": ("/", "")}


class FirstVisit:
    """To one page, on a device that has never been there: the sheet is held back until it is let go."""

    def __init__(self, phone: Page, url: str, path: str, cookie: str) -> None:
        self._phone = phone
        self._held: list[Route] = []
        phone.context.clear_cookies()
        if cookie:
            signed_in(phone, url, cookie)
        phone.route(SHEET, self._hold)
        phone.goto(url + path, wait_until="commit")
        phone.locator(".foot a").last.wait_for(state="attached")

    def seen(self) -> bytes:
        """The screen, once its pictures are there."""
        self._phone.evaluate("() => Promise.all([...document.images].map((one) => one.decode()))")
        return self._phone.screenshot(animations="disabled")

    def let_go(self) -> None:
        self._held.pop().continue_()
        self._phone.wait_for_load_state("load")

    def _hold(self, route: Route) -> None:
        self._held.append(route)

    def come_again(self) -> None:
        self._phone.unroute(SHEET)
        self._phone.reload()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("locale", ["sv-SE", "ar"])
def test_nothing_on_the_first_screen_moves_when_the_sheet_comes(
    world: World,
    url: str,
    pages: Mapping[str, tuple[str, str]],
    devices: Devices,
    tmp_path: Path,
    locale: str,
    colours: str,
) -> None:
    """C6"""
    phone = devices.phone(locale=locale, color_scheme=colours)
    moved = []
    for name, (path, cookie) in pages.items():
        visit = FirstVisit(phone, url, path, cookie)
        before = visit.seen()
        assert phone.locator("style").count() == 1
        visit.let_go()
        then = visit.seen()
        visit.come_again()
        assert phone.locator("style").count() == 0
        after = visit.seen()
        if not before == then == after:
            moved.append(name)
            for moment, picture in {"before": before, "then": then, "after": after}.items():
                (tmp_path / f"{name}-{moment}.png").write_bytes(picture)
    assert moved == [], f"pictures in {tmp_path}"


def test_without_script_it_is_the_same(url: str, pages: Mapping[str, tuple[str, str]], devices: Devices) -> None:
    """C6"""
    phone = devices.phone(java_script_enabled=False)
    for name in ("tiny-scale", "sign-in"):
        visit = FirstVisit(phone, url, *pages[name])
        before = visit.seen()
        visit.let_go()
        assert visit.seen() == before


def test_a_browser_reads_the_same_from_a_sheet_without_its_spaces(chromium: Browser) -> None:
    page = chromium.new_page()
    for file in FOLDER.glob("*.css"):
        assert page.evaluate(_READ, compact_styles(file.read_text())) == page.evaluate(_READ, file.read_text())
    whole = page.evaluate(_READ, (FOLDER / "app.css").read_text())
    beginning = page.evaluate(_READ, first_screen.STYLES)
    assert whole[: len(beginning)] == beginning
    page.close()
