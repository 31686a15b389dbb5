"""Looking at one page as everybody meets it: axe, small screens, large text, long names, targets, what hides the focus.

Each function returns faults in words, so that a test can look at everything and name it all. Not for how a page is
reached: see visits.
"""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text()
EVERY_RULE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Nothing of these depends on the language, or on the width.
OF_COLOURS = "color-contrast"
OF_WIDTH = ("target-size", "scrollable-region-focusable")
# What words alone can break, where the structure is the same.
OF_WORDS = (
    *("html-has-lang", "html-lang-valid", "valid-lang", "document-title", "empty-heading", "landmark-unique"),
    *("link-name", "button-name", "label", "select-name", "summary-name", "image-alt", "aria-input-field-name"),
    *("aria-progressbar-name", "aria-command-name", "label-title-only", "label-content-name-mismatch", "target-size"),
)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
# 1280 by 1024 px at 400 % zoom (WCAG 1.4.10).
ZOOMED = {"width": 320, "height": 256}

_RUN_AXE = """options => axe.run(document, {...options, resultTypes: ['violations'], iframes: false})
  .then((result) => result.violations.flatMap(({id, nodes}) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 120)} ${node.failureSummary.slice(0, 200)}`)))"""

# The words and the structure of another page in this one's place: what reads them need not fetch the styles again.
_SHOW = """html => {
  const other = new DOMParser().parseFromString(html, 'text/html').documentElement;
  for (const one of [...document.documentElement.attributes]) document.documentElement.removeAttribute(one.name);
  for (const {name, value} of other.attributes) document.documentElement.setAttribute(name, value);
  document.title = other.querySelector('title').textContent;
  document.body.replaceWith(document.adoptNode(other.querySelector('body')));
}"""

# What a reader may set for themselves (WCAG 1.4.12). A sheet made so is not held up by the page's policy.
_SPACE_OUT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
    p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""

_LENGTHEN = """name => {
  for (const one of document.querySelectorAll('bdi')) {
    if (!one.children.length && !one.closest('svg, fieldset')) one.textContent = name;
  }
}"""
LONG_NAME = "Barn- och ungdomspsykiatriska specialistöppenvårdsmottagningen Söderhamn–Hudiksvall–Nordanstig"

# Pressed by patients: at least 44 px. Boxes and circles are pressed by their labels; a link in a sentence is exempt, as
# in WCAG 2.5.8.
_SMALL = """least => {
  const pressed = 'a, button, summary, input:not([type=hidden]), select, textarea, .choice label';
  const inSentence = (one) => one.matches('p a, li a, dd a') && getComputedStyle(one).display === 'inline'
    && [...one.parentElement.childNodes].some((near) => near !== one && near.textContent.trim());
  const exempt = (one) => one.matches('.skip, .hidden, .choice input, .pick input') || !one.checkVisibility()
    || (one.closest('details:not([open])') && !one.matches('summary')) || inSentence(one);
  return [...document.querySelectorAll(pressed)].filter((one) => !exempt(one)).flatMap((one) => {
    const {width, height} = one.getBoundingClientRect();
    const fits = height > least - .5 && width > 23.5;
    return fits ? [] : [`${Math.round(width)} by ${Math.round(height)} px: ${one.outerHTML.slice(0, 100)}`];
  });
}"""

# Whatever has the focus is to be seen, with something round it that was not there before (WCAG 2.4.7, 2.4.11).
_FOCUS = """() => {
  const all = 'a[href], button, summary, input:not([type=hidden]), select, textarea, [tabindex="0"]';
  const faults = [];
  for (const one of document.querySelectorAll(all)) {
    if (!one.checkVisibility() || (one.closest('details:not([open])') && !one.matches('summary'))) continue;
    one.focus({focusVisible: true});
    if (document.activeElement !== one) continue;
    const shown = one.matches('.choice input') ? one.labels[0] : one;
    const {outlineStyle, outlineWidth} = getComputedStyle(shown);
    const told = one.outerHTML.slice(0, 100);
    if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) faults.push(`the focus is not seen: ${told}`);
    const {left, right, top, bottom} = shown.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2];
    const above = document.elementFromPoint(Math.min(Math.max(x, 0), innerWidth - 1), y);
    if (bottom <= 0 || top >= innerHeight) faults.push(`the focus is off the screen: ${told}`);
    else if (!above || !(shown.contains(above) || one.contains(above) || above.contains(shown)))
      faults.push(`something is before the focus: ${told}`);
  }
  document.activeElement.blur();
  return faults;
}"""

SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"


def axe(page: Page, *, only: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> list[str]:
    """What axe finds, by every rule of WCAG 2.2 AA and its own good practice, or only by the rules that are named."""
    options: dict[str, Any] = {"runOnly": {"type": "rule", "values": only} if only else [*EVERY_RULE]}
    options |= {"rules": {name: {"enabled": False} for name in without}} if without else {}
    found: list[str] = page.evaluate(_RUN_AXE, options)
    return found


def show(page: Page, html: str) -> None:
    """Put another page of the same kind in the place of what ``page`` shows; its scripts are not run."""
    page.evaluate(_SHOW, html)


def zoomed(page: Page) -> list[str]:
    """At 400 % zoom: sideways scrolling, and what has the focus and cannot be seen."""
    page.set_viewport_size({**ZOOMED})
    faults = ["scrolls sideways at 400 % zoom"] if page.evaluate(SIDEWAYS) else []
    faults += page.evaluate(_FOCUS)
    page.set_viewport_size({**PHONE})
    return faults


def spaced_out(page: Page, cut_off: str) -> list[str]:
    """What is lost when the reader sets lines, words and letters apart; ``cut_off`` finds it."""
    page.evaluate(_SPACE_OUT)
    faults = [f"with text spacing: {fault}" for fault in page.evaluate(cut_off)]
    page.evaluate("document.adoptedStyleSheets = []")
    return faults


def with_long_names(page: Page) -> list[str]:
    """Whether the longest names make the page scroll sideways. Changes the page."""
    page.set_viewport_size({**ZOOMED})
    page.evaluate(_LENGTHEN, LONG_NAME)
    faults = ["scrolls sideways with long names"] if page.evaluate(SIDEWAYS) else []
    page.set_viewport_size({**PHONE})
    return faults


def small_targets(page: Page, least: int) -> list[str]:
    """What is pressed and smaller than so many pixels."""
    found: list[str] = page.evaluate(_SMALL, least)
    return found
