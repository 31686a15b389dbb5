"""Reading a page that is shown in the language that nobody speaks: what was never translated, what does not fit.

For tests in a browser. Not for which pages, nor for how they are reached.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from types import SimpleNamespace

from babel import Locale
from playwright.sync_api import Page

MONTHS = tuple(Locale("en").months["format"]["wide"].values())

# Texts as they are seen or said, each from one element; what belongs to a closed menu is read too.
READ = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const inside = walker.currentNode.parentElement;
    if (!inside.closest('script, noscript, style, textarea')) found.push(walker.currentNode.data);
  }
  const said = ['aria-label', 'title', 'alt', 'placeholder', 'data-left', 'data-over'];
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


def never_translated(page: Page, given: Sequence[str]) -> list[str]:
    """Texts of the page, seen or said, that have been through no catalogue and are not the data it was given."""
    longest_first = sorted({*given}, key=len, reverse=True)
    return [text.strip() for text in page.evaluate(READ) if own_words(text, longest_first)]


def cut_off(page: Page) -> list[str]:
    """What is wider than its place."""
    return [str(fault) for fault in page.evaluate(CUT_OFF)]


def own_words(text: str, given: Sequence[str]) -> str:
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
        case _ if is_dataclass(value) and not isinstance(value, type):
            yield from strings(asdict(value))
        case list() | tuple() | set() | frozenset():
            for one in value:
                yield from strings(one)
