"""Pages by the keyboard alone."""

from playwright.sync_api import Page


def tab_to(page: Page, role: str, name: str | None = None) -> None:
    """Press Tab until the focus is there, as somebody without a mouse does."""
    wanted = page.get_by_role(role, name=name) if name else page.get_by_role(role)
    for _ in range(40):
        page.keyboard.press("Tab")
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
