"""Pages by the keyboard alone. Wherever Tab comes to on the way, it has to be seen (WCAG 2.4.7, 2.4.11)."""

from playwright.sync_api import Page

# Circles and boxes show the focus round their labels.
_UNSEEN = """() => {
  const one = document.activeElement;
  if (one === document.body || one === null) return null;
  const shown = one.matches('.choice input') ? one.labels[0] : one;
  const {outlineStyle, outlineWidth} = getComputedStyle(shown);
  if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) return `no outline: ${one.outerHTML.slice(0, 100)}`;
  const {left, right, top, bottom} = shown.getBoundingClientRect();
  if (bottom <= 0 || top >= innerHeight) return `off the screen: ${one.outerHTML.slice(0, 100)}`;
  const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
  const above = document.elementFromPoint((left + right) / 2, y);
  return above && (shown.contains(above) || one.contains(above) || above.contains(shown)) ? null
    : `covered: ${one.outerHTML.slice(0, 100)}`;
}"""


def tab_to(page: Page, role: str, name: str | None = None) -> None:
    """Press Tab until the focus is there, as somebody without a mouse does, who sees where it is."""
    wanted = page.get_by_role(role, name=name) if name else page.get_by_role(role)
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(_UNSEEN) is None
        if any(one.evaluate("one => one === document.activeElement") for one in wanted.all()):
            return
    raise AssertionError(f"Tab does not come to {role} {name or ''}.")


def press_on(page: Page, role: str, name: str) -> None:
    tab_to(page, role, name)
    press_enter(page)


def press_enter(page: Page) -> None:
    """Enter, and wait for what the service answers."""
    with page.expect_navigation():
        page.keyboard.press("Enter")
