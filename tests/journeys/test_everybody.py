"""Every page in every language and state, for everybody. WCAG 2.2 AA.

The pages are those of `tests.preview`: every template in every state (errors, empty, full). In Swedish each is fetched
as it would be; the other languages change its words, and Arabic its direction, and are put in its place.
"""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from tests.journeys.looking import (
    AXE,
    DESKTOP,
    OF_COLOURS,
    OF_WIDTH,
    OF_WORDS,
    PHONE,
    SIDEWAYS,
    axe,
    show,
    small_targets,
    spaced_out,
    with_long_names,
    zoomed,
)
from tests.journeys.pseudo_reading import CUT_OFF
from tests.preview.app import create_app
from tests.preview.samples import pages

pytestmark = pytest.mark.browser

PAGES = {name: page for name, page in pages("sv").items() if not page.template.startswith("email/")}
OF_PATIENTS = [name for name, page in PAGES.items() if page.signed_in in (None, "patient", "tablet")]
OTHERS = ("en", "fi", "ar", "sv_simple")


@pytest.fixture(scope="module")
def rendered() -> FlaskClient:
    return create_app().test_client()


@pytest.fixture(scope="module")
def phone(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={**PHONE}, reduced_motion="reduce")
    context.add_init_script(AXE)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_accessible_in_every_language_width_and_scheme(
    phone: Page, preview: str, rendered: FlaskClient, name: str
) -> None:
    """C6"""
    phone.goto(f"{preview}/sv/{name}")
    faults = axe(phone)
    phone.emulate_media(color_scheme="dark")
    faults += [f"dark: {fault}" for fault in axe(phone, only=(OF_COLOURS,))]
    phone.emulate_media(color_scheme="light")
    phone.set_viewport_size({**DESKTOP})
    faults += [f"desktop: {fault}" for fault in axe(phone, only=OF_WIDTH)]
    phone.set_viewport_size({**PHONE})
    for locale in OTHERS:
        show(phone, rendered.get(f"/{locale}/{name}").get_data(as_text=True))
        found = axe(phone, without=(OF_COLOURS,)) if locale == "ar" else axe(phone, only=OF_WORDS)
        faults += [f"{locale}: {fault}" for fault in found]
        for size in (DESKTOP, PHONE):
            phone.set_viewport_size({**size})
            faults += [f"{locale}: scrolls sideways at {size['width']} px"] if phone.evaluate(SIDEWAYS) else []
    assert faults == []


@pytest.mark.parametrize("name", OF_PATIENTS)
def test_nothing_of_the_patients_page_is_lost_to_large_text_or_a_large_finger(
    phone: Page, preview: str, name: str
) -> None:
    """C6"""
    for locale in ("sv", "ar"):
        phone.goto(f"{preview}/{locale}/{name}")
        faults = small_targets(phone, 44) + zoomed(phone) + spaced_out(phone, CUT_OFF) + with_long_names(phone)
        assert (locale, faults) == (locale, [])


@pytest.mark.parametrize("name", sorted(set(PAGES) - set(OF_PATIENTS)))
def test_the_staffs_page_can_be_pressed_and_takes_long_names_at_400_percent(
    phone: Page, preview: str, name: str
) -> None:
    phone.goto(f"{preview}/sv/{name}")
    assert small_targets(phone, 24) + with_long_names(phone) == []
