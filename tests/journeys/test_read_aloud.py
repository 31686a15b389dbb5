"""What a screen reader is told of each kind of question: names, roles, order, states; and what the keyboard meets.

The tree is the browser's own, so that what is asserted is what is said. The questions are those of `tests.preview`.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

ANSWERED = frozenset(("radio", "checkbox", "textbox", "spinbutton", "slider", "radiogroup", "group", "button", "link"))
# The way out of each question, in the order in which it is met.
ONWARDS = [("button", "Nästa"), ("button", "Hoppa över frågan"), ("link", "Sluta och fortsätt senare")]


@pytest.fixture(scope="module")
def phone(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    yield page
    page.close()


class Told(dict[str, Any]):
    """One thing of the browser's accessibility tree: its role, name, description and states."""


def told(page: Page) -> list[Told]:
    """What the main part of the page is to a screen reader, in reading order: what can be answered or pressed."""
    session = page.context.new_cdp_session(page)
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    main = session.send("DOM.querySelector", {"nodeId": root, "selector": "main"})["nodeId"]
    nodes = session.send("Accessibility.queryAXTree", {"nodeId": main})["nodes"]
    session.detach()
    found = []
    for node in nodes:
        role, name = node["role"]["value"], node.get("name", {}).get("value", "")
        if node.get("ignored") or role not in ANSWERED or not name:
            continue
        states = {one["name"]: one["value"].get("value") for one in node.get("properties", ())}
        described = node.get("description", {}).get("value", "")
        found.append(
            Told(role=role, name=name, described=described, value=node.get("value", {}).get("value"), **states)
        )
    return found


def names(page: Page) -> list[tuple[str, str]]:
    return [(one["role"], one["name"]) for one in told(page)]


def of(page: Page, role: str) -> list[Told]:
    return [one for one in told(page) if one["role"] == role]


def test_one_of_several_answers_is_a_group_named_by_its_question(phone: Page, preview: str) -> None:
    """C6"""
    phone.goto(f"{preview}/sv/question_not_applicable")
    assert names(phone) == [
        ("link", "Tillbaka"),
        ("radiogroup", "Hur är det att gå i trappor?"),
        ("radio", "Jag kan gå i trappor precis som vanligt, utan att tänka på det"),
        ("radio", "Jag kan gå i trappor om jag håller i ledstången hela vägen upp och ner"),
        ("radio", "Jag behöver sjukvårdspersonal eller rehabiliteringsassistent bredvid mig"),
        ("radio", "Det gäller inte mig, jag går aldrig i trappor"),
        *ONWARDS,
    ]


def test_the_time_that_a_question_is_about_is_said_with_it(phone: Page, preview: str) -> None:
    phone.goto(f"{preview}/sv/question")
    (group,) = of(phone, "radiogroup")
    assert group["name"].startswith("Tänk på veckan som har gått. Hur ofta")
    assert [one["checked"] for one in of(phone, "radio")] == ["false"] * 5


def test_a_row_of_figures_says_what_its_ends_mean(phone: Page, preview: str) -> None:
    phone.goto(f"{preview}/sv/rating")
    figures = [one["name"] for one in of(phone, "radio")]
    assert figures[0] == "0 – inget besvär alls"
    assert figures[1:-1] == [str(number) for number in range(1, 10)]
    assert figures[-1] == "10 – så besvärligt som jag kan tänka mig"


def test_several_answers_say_that_several_may_be_chosen(phone: Page, preview: str) -> None:
    phone.goto(f"{preview}/sv/several")
    (group,) = of(phone, "group")
    assert (group["name"], group["described"]) == ("Vem har hjälpt dig hemma?", "Du får välja flera.")
    assert len(of(phone, "checkbox")) == 5


def test_what_is_typed_is_named_by_the_question_and_says_its_bounds(phone: Page, preview: str) -> None:
    phone.goto(f"{preview}/sv/number")
    (number,) = of(phone, "textbox")
    assert (number["name"], number["described"]) == (
        "Hur mycket väger du? kg",
        "Ungefär räcker. Du behöver inte väga dig.",
    )
    phone.goto(f"{preview}/sv/free_text")
    (text,) = of(phone, "textbox")
    assert text["name"] == "Vad vill du att vi tar upp på besöket?"
    assert "Högst 500 tecken." in text["described"]
    phone.goto(f"{preview}/sv/date")
    assert [one["name"] for one in of(phone, "textbox")] == ["År", "Månad", "Dag"]


def test_a_fault_is_said_at_the_field_and_leads_there_from_the_summary(phone: Page, preview: str) -> None:
    phone.goto(f"{preview}/sv/date_error")
    summary = phone.get_by_role("alert")
    expect(summary).to_be_focused()
    (group,) = of(phone, "group")
    assert "Skriv året med fyra siffror" in group["described"]
    assert all(one["invalid"] == "true" for one in of(phone, "textbox"))
    summary.get_by_role("link").click()
    expect(phone.get_by_role("textbox", name="År")).to_be_focused()


def test_the_scale_has_no_value_until_one_is_given(phone: Page, preview: str) -> None:
    """C6: a slider that nobody has moved would be said as its middle."""
    phone.goto(f"{preview}/sv/vas")
    assert of(phone, "slider") == []
    (number,) = of(phone, "spinbutton")
    assert (number["name"], number["valuetext"]) == ("Din siffra", "")
    assert (number["valuemin"], number["valuemax"]) == (0, 100)
    assert number["described"] == "Tryck på skalan eller skriv en siffra. Ett heltal från 0 till 100"
    assert phone.evaluate("new FormData(document.querySelector('main form')).get('value')") == ""


def test_the_scale_follows_the_number_and_can_be_pressed_instead_of_dragged(phone: Page, preview: str) -> None:
    """C6: WCAG 2.5.7."""
    phone.goto(f"{preview}/sv/vas")
    number = phone.get_by_role("spinbutton")
    number.focus()
    phone.keyboard.type("40")
    (slider,) = of(phone, "slider")
    assert (slider["name"], slider["value"], slider["orientation"]) == ("Dra till din siffra", 40, "vertical")
    box = phone.locator("[data-vas-slider]").bounding_box()
    assert box is not None
    phone.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.1)
    assert int(number.input_value()) > 85
    number.fill("")
    assert of(phone, "slider") == []


@pytest.mark.parametrize("name", ["question_selected", "several_selected", "rating_selected", "vas_answered", "inbox"])
def test_what_is_chosen_and_focused_is_seen_where_the_reader_chooses_the_colours(
    phone: Page, preview: str, name: str
) -> None:
    """C6: forced colours paint over backgrounds, so that a border, an outline or a mark has to say it."""
    phone.emulate_media(forced_colors="active")
    try:
        phone.goto(f"{preview}/sv/{name}")
        button = phone.locator("main .button").first
        button.focus()
        assert button.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
        assert button.evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"
        for chosen in phone.locator(".choice input:checked").all():
            assert chosen.evaluate(_STANDS_OUT)
    finally:
        phone.emulate_media(forced_colors="none")


# Against the first that is not chosen, as the reader sees the label.
_STANDS_OUT = """one => {
  const other = document.querySelector('.choice input:not(:checked)');
  const seen = (input) => {
    const {borderTopColor, borderTopWidth} = getComputedStyle(input.labels[0]);
    return `${borderTopColor} ${borderTopWidth}`;
  };
  return seen(one) !== seen(other);
}"""


def test_nothing_moves_for_who_wants_no_motion(phone: Page, preview: str) -> None:
    """C6"""
    phone.goto(f"{preview}/sv/question")
    moving = """() => [...document.querySelectorAll('*')].filter((one) => {
      const {transitionDuration, animationName} = getComputedStyle(one);
      return animationName !== 'none' || transitionDuration.split(',').some((time) => parseFloat(time) > 0);
    }).length"""
    assert phone.evaluate(moving) == 0
    phone.emulate_media(reduced_motion="no-preference")
    assert phone.evaluate(moving) > 0
    phone.emulate_media(reduced_motion="reduce")
