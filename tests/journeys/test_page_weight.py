"""What the page of a question weighs, for each kind of question: little enough for a poor connection."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from instruments import Library
from instruments.library import SHIPPED
from survey_service.access.web import COOKIE
from survey_service.settings import Settings
from tests.journeys.page_weight import weigh
from tests.journeys.serving import open_question, served
from tests.journeys.visits import free_ports
from tests.own_instruments import add_number_that_may_not_apply, own_instruments
from tests.world import World

pytestmark = pytest.mark.browser

MOST_AT_FIRST = 30 * 1024
MOST_AGAIN = 6 * 1024
KINDS = (
    *(f"tiny-{kind}" for kind in ("statement", "rating", "several-choices", "number", "scale", "date", "free-text")),
    "tiny-does-not-apply",
    "sunflower-or-none",
    "promis-anxiety",
    "eq5d-5l",
)


@pytest.fixture(scope="module")
def instruments_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = own_instruments(tmp_path_factory.mktemp("own"))
    add_number_that_may_not_apply(folder)
    return folder


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


@pytest.mark.parametrize("locale", ["sv-SE", "ar"])
def test_the_page_of_a_question_is_light_at_first_and_lighter_again(
    world: World, url: str, chromium: Browser, locale: str
) -> None:
    """C6"""
    too_heavy, others = {}, set()
    for kind in KINDS:
        path, cookie = open_question(world, kind)
        page = chromium.new_context(locale=locale).new_page()  # one that looks at requests would keep nothing
        page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": url}])
        first = weigh(page, url + path)
        assert page.locator("style").count() == 1
        again = weigh(page, url + path)
        assert page.locator("style").count() == 0  # by the cookie that the first page gave
        others |= {address for address in (*first.bytes_of, *again.bytes_of) if not address.startswith(url)}
        if first.total > MOST_AT_FIRST or again.total > MOST_AGAIN:
            too_heavy[kind] = (first.bytes_of, again.bytes_of)
        page.context.close()
    assert too_heavy == {}
    assert others == set()
