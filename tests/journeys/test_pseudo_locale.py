"""Every page in the language that nobody speaks, on a phone: no text without brackets, nothing cut off.

The pages are those of `tests.preview`: every template in every state, filled with made-up data.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.pseudo_reading import cut_off, never_translated, strings
from tests.preview.app import FRAME_TEXTS
from tests.preview.samples import pages
from translations.pseudo import PSEUDO, pseudo

pytestmark = pytest.mark.browser

PAGES = [name for name, page in pages("en").items() if not page.template.startswith("email/")]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def phone(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport=PHONE, reduced_motion="reduce")
    yield page
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_text_of_the_page_has_been_through_the_catalogue(phone: Page, preview: str, name: str) -> None:
    """E2"""
    phone.goto(f"{preview}/{PSEUDO}/{name}")
    assert never_translated(phone, [*strings(pages("en")[name].context), *FRAME_TEXTS]) == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_when_texts_are_two_fifths_longer(phone: Page, preview: str, name: str) -> None:
    """C6, E2"""
    phone.goto(f"{preview}/{PSEUDO}/{name}")
    assert cut_off(phone) == []


def test_a_text_that_never_saw_the_catalogue_is_found(phone: Page, preview: str) -> None:
    """Otherwise the other tests would find nothing to complain of in an empty page."""
    phone.goto(f"{preview}/{PSEUDO}/home")
    phone.evaluate("document.querySelector('main').append('Forgotten here')")
    assert never_translated(phone, FRAME_TEXTS) == ["Forgotten here"]


def test_a_text_that_does_not_fit_is_found(phone: Page, preview: str) -> None:
    phone.goto(f"{preview}/{PSEUDO}/home")
    phone.evaluate("document.querySelector('main h1').style.cssText = 'white-space: nowrap; overflow: hidden'")
    assert any("h1" in fault for fault in cut_off(phone))


def test_the_pseudo_language_is_what_the_pages_show(phone: Page, preview: str) -> None:
    phone.goto(f"{preview}/{PSEUDO}/home")
    assert phone.locator("html").get_attribute("lang") == "en-XA"
    assert phone.get_by_role("link", name=pseudo("Sign in and answer")).count() == 1
