"""Every kind of question over HTTP: ordered, answered as by a browser without script, kept, scored, told to the unit.

The tiny questionnaires have one feature each. Scores are worked out by hand beside the answers.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from instruments import AnswerKind, AnswerValue, Ask, Library
from instruments.library import SHIPPED
from survey_service.settings import Settings
from tests.integration.sittings import Controls, sit_down
from tests.own_instruments import add_copy, add_number_that_may_not_apply, own_instruments
from tests.world import World

# Two thousand characters as the service counts them: line breaks, letters of two scripts, emoji of several code points.
LONG_TEXT = (
    ("Först gick det bra.\n\nSedan sämre: 👩🏽‍⚕️🦵 ”aj” & <b>nej</b> – ثم تحسّن.\n" * 40)[:1999].strip().ljust(2000, "!")
)

SKIP = {"skip": "1"}
NOT_APPLICABLE = {"value": "not_applicable"}
SKIPPED, SHOWN, DOES_NOT_APPLY = AnswerKind.SKIPPED, AnswerKind.SHOWN, AnswerKind.NOT_APPLICABLE

Fields = dict[str, Any]


@pytest.fixture(scope="session")
def instruments_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny questionnaires, and some that were added by copying files."""
    folder = own_instruments(tmp_path_factory.mktemp("own"))
    add_copy(folder, of="tiny-free-text", as_="memoirs", instead={"longest = 200": "longest = 2000"})
    add_copy(folder, of="tiny-free-text", as_="wanted-text", instead={"skippable = true": "skippable = false"})
    add_number_that_may_not_apply(folder)
    add_copy(folder, of="tiny-koos", as_="garden-walks", instead={"decimals = 1": "decimals = 2", "Jorden": "Myllan"})
    return folder


@pytest.fixture(scope="session")
def library(instruments_folder: Path) -> Library:
    return Library.load(SHIPPED, instruments_folder / "data")


@pytest.fixture
def settings(settings: Settings, instruments_folder: Path) -> Settings:
    return replace(settings, instruments=instruments_folder)


def value(text: str) -> Fields:
    return {"value": text}


def day(year: str, month: str, day: str) -> Fields:
    return {"year": year, "month": month, "day": day}


@dataclass(frozen=True)
class Sat:
    """What is sent page by page, and what must come of it: answers, scores, and words on the unit's page."""

    instrument: str
    sent: list[Fields]
    answers: dict[str, AnswerValue | AnswerKind]
    scores: dict[str, float | None] = field(default_factory=dict)
    words: tuple[str, ...] = ()


def coded(instrument: str, items: str, codes: list[int | None], **scores: float | None) -> Sat:
    """Single choices, None for one that was skipped."""
    return Sat(
        instrument,
        [SKIP if code is None else value(str(code)) for code in codes],
        {item: SKIPPED if code is None else code for item, code in zip(items.split(), codes, strict=True)},
        {f"{instrument.replace('-', '_')}.{name}": score for name, score in scores.items()},
    )


KOOS_ITEMS = "soil1 soil2 soil3 soil4 tools1 tools2 tools3 tools4 paths1 paths2 paths3 paths4"
# Means 6/4, 8/2 and 1/3 of 4, turned round: 62.5, 0 and 91.67; their mean is 51.39.
KOOS_CODES = [0, 1, 2, 3, 4, None, None, 4, 0, 0, 1, None]
CHORES = "dishes beds bins floors windows laundry plants post dust"

SATS = [
    Sat("tiny-single-choice", [value("3")], {"breakfast": 3}, {"tiny_single_choice.liking": 3}, ("Mycket god",)),
    Sat("tiny-several-choices", [{"value": ["3", "1"]}], {"eaten": (1, 3)}, words=("Bröd; Frukt",)),
    Sat("tiny-several-choices", [value("9")], {"eaten": (9,)}, words=("Inget av detta",)),
    Sat("tiny-number", [value("72,5")], {"height": Decimal("72.5")}, {"tiny_number.height": 72.5}, ("72,5 cm",)),
    Sat("tiny-number", [value(" 72.50 ")], {"height": Decimal("72.5")}, {"tiny_number.height": 72.5}, ("72,5 cm",)),
    Sat("tiny-scale", [value("7")], {"weather": 7}, {"tiny_scale.weather": 7}, ("Hur fint var vädret?",)),
    Sat("tiny-date", [day("2026", "4", "8")], {"sown": date(2026, 4, 8)}, words=("8 april 2026",)),
    Sat("tiny-free-text", [value("En trana.\r\nTvå! ")], {"birds": "En trana.\nTvå!"}, words=("En trana.\nTvå!",)),
    Sat("tiny-statement", [{}, value("1"), {}], {"welcome": SHOWN, "walked": 1, "goodbye": SHOWN}, words=("Ja",)),
    Sat(
        "tiny-does-not-apply",
        [NOT_APPLICABLE, value("3")],
        {"dog": DOES_NOT_APPLY, "neighbour": 3},
        {"tiny_does_not_apply.company": 3},
        ("Gäller inte mig", "Mycket trevligt"),
    ),
    Sat("tiny-skipping", [value("4"), SKIP], {"coffee": 4, "tea": SKIPPED}, {"tiny_skipping.cups": None}),
    Sat("tiny-proxy", [value("2")], {"walked": 2}),
    coded("tiny-koos", KOOS_ITEMS, KOOS_CODES, soil=62.5, tools=0, paths=91.7, summary=51.4),
    # 12 of seven answered, times nine sevenths: 15.43.
    coded("tiny-phq", CHORES, [1, 2, 3, 0, 1, 2, 3, None, None], sum=15),
    # 10 of the 15 that three questions can give.
    coded("tiny-odi", "hill mud rain night", [3, 2, None, 5], percentage=67),
    coded("tiny-lookup", "apples pears", [2, 3], score=71.5),
    coded("tiny-lookup", "apples pears", [3, 3], score=None),
    # Ten points for liking fried eggs most, ten for liking boiled ones least.
    coded("tiny-points", "fried boiled", [3, 1], eggs=20, often_fried=100),
]


@pytest.mark.parametrize("sat", SATS, ids=lambda sat: sat.instrument)
def test_an_answer_is_kept_exactly_scored_and_told_in_words(world: World, app: Flask, sat: Sat) -> None:
    """D3, D4"""
    sitting = sit_down(world, app, sat.instrument)
    session_id = sitting.session_id
    statuses = [sitting.send(**fields).status_code for fields in sat.sent]
    assert statuses == [303] * len(sat.sent)
    assert sitting.address.endswith("/done")
    assert sitting.answers(session_id) == sat.answers
    response_id = sitting.response_id(session_id)
    assert {name: score.value for name, score in sitting.scores(response_id).items()} == pytest.approx(sat.scores)
    page = sitting.staff_page(response_id)
    assert [words for words in sat.words if words not in page] == []
    assert page.count('<td class="words">') == sum(answer is not SHOWN for answer in sat.answers.values())
    assert sitting.visitor.get(sitting.address).status_code == 200


@dataclass(frozen=True)
class Refused:
    """What is sent, the sentence that must answer it, and what the fields must hold then."""

    instrument: str
    sent: Fields
    sentence: str
    kept: dict[str, list[str]]


HEIGHT = "Write a number from 0 to 500, with at most 1 decimal."
RANGE = "Write a date from 1 January 2020 to 31 December 2029."
FIGURES = "Write the year with four figures, and the month and the day with figures too."
ONE = "Choose an answer."
ONE_OR_SKIP = "Choose an answer, or skip the question."
ALONE = "“None of these” cannot be joined with another answer. Choose one or the other."
WEATHER = "Write a whole number from 0 to 10."


def kept_day(year: str, month: str, day: str) -> dict[str, list[str]]:
    return {"year": [year], "month": [month], "day": [day]}


REFUSED = [
    Refused("tiny-single-choice", {}, ONE, {}),
    Refused("tiny-single-choice", value("4"), "That answer is not one of those that can be given.", {}),
    Refused("tiny-single-choice", {"value": ["1", "2"]}, ONE, {"value": ["1", "2"]}),
    Refused("tiny-single-choice", NOT_APPLICABLE, ONE, {}),
    Refused("tiny-several-choices", {}, ONE_OR_SKIP, {}),
    Refused("tiny-several-choices", {"value": ["2", "9"]}, ALONE, {"value": ["2", "9"]}),
    Refused("tiny-number", {}, HEIGHT, {"value": [""]}),
    Refused("tiny-number", value("72,55"), HEIGHT, {"value": ["72,55"]}),
    Refused("tiny-number", value("500.1"), HEIGHT, {"value": ["500.1"]}),
    Refused("tiny-number", value("tall, 'very'"), HEIGHT, {"value": ["tall, 'very'"]}),
    Refused("tiny-number", value("1e2"), HEIGHT, {"value": ["1e2"]}),
    Refused("tiny-scale", value("11"), WEATHER, {"value": ["11"]}),
    Refused("tiny-scale", value("1e308"), WEATHER, {"value": ["1e308"]}),
    Refused("tiny-scale", value("7.5"), WEATHER, {"value": ["7.5"]}),
    Refused("tiny-date", {}, FIGURES, kept_day("", "", "")),
    Refused("tiny-date", day("2026", "", "8"), FIGURES, kept_day("2026", "", "8")),
    Refused("tiny-date", day("26", "4", "8"), FIGURES, kept_day("26", "4", "8")),
    Refused("tiny-date", day("2026", "2", "30"), FIGURES, kept_day("2026", "2", "30")),
    Refused("tiny-date", day("2026", "april", "8"), FIGURES, kept_day("2026", "april", "8")),
    Refused("tiny-date", day("2019", "12", "31"), RANGE, kept_day("2019", "12", "31")),
    Refused("tiny-free-text", value("\nå" * 150), "Write at most 200 characters.", {"value": ["\nå" * 150]}),
]


def test_what_cannot_be_taken_is_said_in_one_sentence_and_nothing_typed_is_lost(world: World, app: Flask) -> None:
    """B12"""
    sittings = {name: sit_down(world, app, name, language="en") for name in {one.instrument for one in REFUSED}}
    for one in REFUSED:
        sitting = sittings[one.instrument]
        answer = sitting.send(**one.sent)
        page = answer.get_data(as_text=True)
        assert (answer.status_code, page.count(f'id="value-error">{escaped(one.sentence)}</p>')) == (400, 1), one
        held = {name: values for name, values in Controls(page).values.items() if values}
        assert held == one.kept, one
        assert sitting.answers() == {}


def escaped(sentence: str) -> str:
    return sentence.replace("'", "&#39;")


def test_what_does_not_apply_cannot_be_joined_with_an_answer(world: World, app: Flask) -> None:
    sitting = sit_down(world, app, "sunflower-or-none", language="en")
    session_id = sitting.session_id
    answer = sitting.send(value=["72", "not_applicable"])
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "“No sunflower” cannot be joined with another answer." in page
    assert Controls(page).values["value"] == ["72", "not_applicable"]
    sitting.send(value=["", "not_applicable"])
    assert sitting.answers(session_id) == {"height": DOES_NOT_APPLY}


def test_two_thousand_characters_come_back_as_they_were_written(world: World, app: Flask) -> None:
    assert len(LONG_TEXT) == 2000
    sitting = sit_down(world, app, "memoirs", "tiny-single-choice")
    memoirs = sitting.session_id
    refused = sitting.send(value=LONG_TEXT + "!")
    assert refused.status_code == 400
    assert Controls(refused.get_data(as_text=True)).values["value"] == [LONG_TEXT + "!"]
    sitting.send(value=LONG_TEXT.replace("\n", "\r\n"))
    assert sitting.answers(memoirs) == {"birds": LONG_TEXT}
    assert LONG_TEXT in sitting.staff_page(sitting.response_id(memoirs))


def test_a_question_that_must_be_answered_cannot_be_skipped(world: World, app: Flask) -> None:
    sitting = sit_down(world, app, "tiny-skipping", language="en")
    assert 'name="skip"' not in sitting.page()
    answer = sitting.send(**SKIP)
    assert (answer.status_code, sitting.answers()) == (400, {})
    assert "This question cannot be skipped." in answer.get_data(as_text=True)
    sitting.send(value="4")
    assert 'name="skip"' in sitting.page()


def test_a_question_that_applies_to_everybody_does_not_offer_otherwise(world: World, app: Flask) -> None:
    everybody, some = (sit_down(world, app, name) for name in ("tiny-single-choice", "tiny-does-not-apply"))
    assert everybody.controls().offered["value"] == ["1", "2", "3"]
    assert some.controls().offered["value"] == ["1", "2", "3", "not_applicable"]


@pytest.mark.parametrize("sent", [value(""), value(" \r\n "), {}], ids=["empty", "blank", "no field"])
def test_an_optional_text_left_empty_is_skipped_by_next(world: World, app: Flask, sent: Fields) -> None:
    """C6: the hint beside it says that it may be left empty."""
    sitting = sit_down(world, app, "tiny-free-text")
    session_id = sitting.session_id
    assert sitting.send(**sent).status_code == 303
    assert sitting.answers(session_id) == {"birds": SKIPPED}


def test_a_text_that_is_wanted_cannot_be_left_empty(world: World, app: Flask) -> None:
    sitting = sit_down(world, app, "wanted-text", language="en")
    refused = sitting.send(value=" ")
    assert (refused.status_code, sitting.answers()) == (400, {})
    assert "Write an answer." in refused.get_data(as_text=True)


def test_something_to_read_has_no_number_and_takes_no_answer(world: World, app: Flask) -> None:
    sitting = sit_down(world, app, "tiny-statement", language="en")
    assert "<title>To read" in sitting.page()
    assert sitting.controls().offered == {}
    sitting.send()
    assert "Question 1 of 1" in sitting.page()
    sitting.back()
    assert "<title>To read" in sitting.page()
    assert "You are changing" not in sitting.page()
    sitting.send()
    assert "Question 1 of 1" in sitting.page()


def test_an_answer_whose_question_falls_away_stands_aside_and_comes_back(world: World, app: Flask) -> None:
    """A garden with beds, of tomatoes; then no garden after all; then the garden again."""
    sitting = sit_down(world, app, "tiny-conditions")
    for fields in (value("1"), value("3"), {"value": ["1", "2"]}, value("12,5")):
        sitting.send(**fields)
    garden = f"{sitting.address}/answers/1"
    with_garden = {"garden": 1, "beds": 3, "crops": (1, 2), "tomatoes": Decimal("12.5")}
    assert sitting.answers() == with_garden
    assert asked(sitting.state()) == "sown"

    sitting.address = garden
    assert sitting.controls().values["value"] == ["1"]
    sitting.send(value="2")
    assert (sitting.answers(), asked(sitting.state())) == ({"garden": 2}, "wish")

    sitting.back()
    sitting.send(value="1")
    assert (sitting.answers(), asked(sitting.state())) == (with_garden, "sown")


def asked(state: Any) -> str:
    assert isinstance(state.step, Ask)
    return state.step.item.id


def test_an_earlier_answer_is_shown_as_it_was_given(world: World, app: Flask) -> None:
    sitting = sit_down(world, app, "tiny-conditions")
    for fields in (value("1"), value("3"), {"value": ["1", "2"]}, value("12.50"), day("2026", "06", "1")):
        sitting.send(**fields)
    shown = []
    for _ in range(5):
        sitting.back()
        shown.append(sitting.controls().values)
    assert shown == [kept_day("2026", "6", "1"), *({"value": one} for one in (["12,5"], ["1", "2"], ["3"], ["1"]))]


def test_an_earlier_does_not_apply_is_shown_as_chosen(world: World, app: Flask) -> None:
    sitting = sit_down(world, app, "tiny-does-not-apply")
    sitting.send(**NOT_APPLICABLE)
    sitting.back()
    assert sitting.controls().values == {"value": ["not_applicable"]}


def test_a_copied_instrument_is_ordered_answered_and_scored_without_any_code(world: World, app: Flask) -> None:
    """D4: a folder with a definition and its wording, with an id, a word and a rounding of its own."""
    copied = coded("garden-walks", KOOS_ITEMS, KOOS_CODES, soil=62.5, tools=0, paths=91.67, summary=51.39)
    sitting = sit_down(world, app, copied.instrument)
    session_id = sitting.session_id
    for fields in copied.sent:
        sitting.send(**fields)
    response_id = sitting.response_id(session_id)
    assert {name: score.value for name, score in sitting.scores(response_id).items()} == pytest.approx(copied.scores)
    assert "Myllan" in sitting.staff_page(response_id)
