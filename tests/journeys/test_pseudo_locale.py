"""Every page in the language that nobody speaks, on a phone: no text without brackets, nothing cut off.

The pages are those of `tests.preview`: every template in every state, filled with made-up data.
"""

import re
from collections.abc import Iterator, Mapping
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from babel import Locale
from playwright.sync_api import Browser, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.preview.app import FRAME_TEXTS, create_app
from tests.preview.samples import pages
from translations.pseudo import PSEUDO, pseudo

pytestmark = pytest.mark.browser

PAGES = [name for name, page in pages("en").items() if not page.template.startswith("email/")]
PHONE = {"width": 390, "height": 844}
MONTHS = tuple(Locale("en").months["format"]["wide"].values())

# Texts as they are seen or said, each from one element; what belongs to a closed menu is read too.
READ = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const inside = walker.currentNode.parentElement;
    if (!inside.closest('script, style, textarea')) found.push(walker.currentNode.data);
  }
  const said = ['aria-label', 'aria-valuetext', 'title', 'alt', 'placeholder', 'data-empty', 'data-left', 'data-over'];
  for (const name of said) for (const one of document.querySelectorAll(`[${name}]`)) found.push(one.getAttribute(name));
  return found;
}"""

# What is wider than its place: sticks out of the screen, or out of the box that it stands in. A table may be scrolled
# in a box that says so.
CUT_OFF = """() => {
  const seen = (one) => one.checkVisibility() && !one.closest('.hidden, .skip, details:not([open]) > :not(summary)');
  const scrolls = (box) => /auto|scroll/.test(getComputedStyle(box).overflowX);
  const scrolled = (one) => scrolls(one) || (one.parentElement && scrolled(one.parentElement));
  const told = (one) => `${one.tagName.toLowerCase()}.${one.className} ${one.textContent.trim().slice(0, 60)}`;
  const faults = [];
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page scrolls sideways');
  for (const one of document.body.querySelectorAll('*')) {
    if (!seen(one) || one.closest('svg') || scrolled(one)) continue;
    const box = one.getBoundingClientRect();
    if (box.right > innerWidth + 1 || box.left < -1) faults.push(`outside the screen: ${told(one)}`);
    if (one.matches('input, select, textarea, progress')) continue;
    const { display, overflowX, overflowY } = getComputedStyle(one);
    if (display !== 'inline' && one.scrollWidth > one.clientWidth + 1) faults.push(`wider than its box: ${told(one)}`);
    const cuts = [overflowX, overflowY].some((way) => way === 'hidden' || way === 'clip');
    if (cuts && one.scrollHeight > one.clientHeight + 1) faults.push(`cut off below: ${told(one)}`);
  }
  return faults;
}"""


@pytest.fixture(scope="module")
def preview() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(), threaded=True, request_handler=Silent)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


class Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def phone(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport=PHONE, reduced_motion="reduce")
    yield page
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_text_of_the_page_has_been_through_the_catalogue(phone: Page, preview: str, name: str) -> None:
    """E2"""
    phone.goto(f"{preview}/{PSEUDO}/{name}")
    given = sorted({*strings(pages("en")[name].context), *FRAME_TEXTS}, key=len, reverse=True)
    assert [text.strip() for text in phone.evaluate(READ) if own_words(text, given)] == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_when_texts_are_two_fifths_longer(phone: Page, preview: str, name: str) -> None:
    """C6, E2"""
    phone.goto(f"{preview}/{PSEUDO}/{name}")
    assert phone.evaluate(CUT_OFF) == []


def test_a_text_that_never_saw_the_catalogue_is_found(phone: Page, preview: str) -> None:
    """Otherwise the other tests would find nothing to complain of in an empty page."""
    phone.goto(f"{preview}/{PSEUDO}/home")
    phone.evaluate("document.querySelector('main').append('Forgotten here')")
    assert [text for text in phone.evaluate(READ) if own_words(text, FRAME_TEXTS)] == ["Forgotten here"]


def test_a_text_that_does_not_fit_is_found(phone: Page, preview: str) -> None:
    phone.goto(f"{preview}/{PSEUDO}/home")
    phone.evaluate("document.querySelector('main h1').style.cssText = 'white-space: nowrap; overflow: hidden'")
    assert any("h1" in fault for fault in phone.evaluate(CUT_OFF))


def own_words(text: str, given: list[str] | tuple[str, ...]) -> str:
    """What is left of a text without translated sentences, the data given to the page, and the names of months."""
    if any(text.strip() in one for one in given):  # as the labels at the ends of a scale, without their figures
        return ""
    left = text
    for one in (*given, *MONTHS):
        left = left.replace(one, "").replace(one.capitalize(), "")
    while (outside := re.sub(r"\[[^\[\]]*\]", "", left)) != left:  # one sentence may stand in another
        left = outside
    return "".join(re.findall(r"[^\W\d_]+", left))


def strings(value: object) -> Iterator[str]:
    """Every text in what a page was given, whatever it lies in; short codes of one letter are no text."""
    match value:
        case str() if len(value) > 1 or not value.isascii():
            yield value
        case Mapping():
            for one in value.values():
                yield from strings(one)
        case SimpleNamespace():
            yield from strings(vars(value))
        case list() | tuple() | set() | frozenset():
            for one in value:
                yield from strings(one)


def test_the_pseudo_language_is_what_the_pages_show(phone: Page, preview: str) -> None:
    phone.goto(f"{preview}/{PSEUDO}/home")
    assert phone.locator("html").get_attribute("lang") == "en-XA"
    assert phone.get_by_role("link", name=pseudo("Sign in and answer")).count() == 1
