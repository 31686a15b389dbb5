"""Every kind of question: what it accepts, reads from a form, and writes so that it reads back the same."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import (
    AnswerValue,
    Day,
    FreeText,
    Library,
    Number,
    Question,
    QuestionKind,
    Scale,
    SeveralChoices,
    SingleChoice,
    Statement,
)

CHOICE = SingleChoice("set", (3, 1, -2))
CHOICES = SeveralChoices("set", (1, 2, 3, 9), alone=(9,))
NUMBER = Number(Decimal(-5), Decimal("99.5"), 1, "kg")
SCALE = Scale(-10, 100)
TEXT = FreeText(20)
DAY = Day(date(2020, 2, 29), date(2029, 12, 31))
STATEMENT = Statement()

KINDS = (CHOICE, CHOICES, NUMBER, SCALE, TEXT, DAY, STATEMENT)
VALUES: tuple[object, ...] = (
    *(-10, -2, 0, 1, 3, 100, 101, True, 1.0, None),
    *((), (1,), (1, 2), (2, 1), (1, 1), (9,), (1, 9), (4,), [1, 2], (True, 2), (1.0,)),
    *(Decimal("-5.0"), Decimal("99.5"), Decimal("99.51"), Decimal("99.6"), Decimal("1E+1")),
    *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")),
    *("a", "å" * 20, "a" * 21, "", " ", " a", "a\n", "a\nb", "a\r\nb", "a\0b", "a\ud800", b"a"),
    *(date(2020, 2, 28), date(2020, 2, 29), date(2029, 12, 31), date(2030, 1, 1), datetime(2024, 5, 1, 12)),  # noqa: DTZ001
)


@pytest.mark.parametrize(
    ("question", "accepted"),
    [
        (CHOICE, [-2, 1, 3]),
        (CHOICES, [(1,), (1, 2), (9,)]),
        (NUMBER, [Decimal("-5.0"), Decimal("99.5"), Decimal("1E+1")]),
        (SCALE, [-10, -2, 0, 1, 3, 100]),
        (TEXT, ["a", "å" * 20, "a\nb"]),
        (DAY, [date(2020, 2, 29), date(2029, 12, 31)]),
        (STATEMENT, []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_question_accepts_its_own_values_and_nothing_else(question: Question, accepted: list[object]) -> None:
    """B12"""
    found = [value for value in VALUES if question.accepts(value)]
    assert list(map(repr, found)) == list(map(repr, accepted))


@pytest.mark.parametrize(
    ("question", "texts", "value"),
    [
        (CHOICE, ["3"], 3),
        (CHOICE, [" 3 "], 3),
        (CHOICE, ["-2"], -2),
        (CHOICES, ["2", "1"], (1, 2)),
        (CHOICES, ["2,1", "1"], (1, 2)),
        (NUMBER, ["72.5"], Decimal("72.5")),
        (NUMBER, ["72,50"], Decimal("72.5")),
        (NUMBER, ["-0,0"], Decimal(0)),
        (NUMBER, ["10"], Decimal(10)),
        (SCALE, ["007"], 7),
        (TEXT, ["  a\r\nb\rc  "], "a\nb\nc"),
        (DAY, ["2024-02-29"], date(2024, 2, 29)),
        (DAY, ["20240229"], date(2024, 2, 29)),
    ],
)
def test_what_a_form_sends_is_read(question: Question, texts: list[str], value: AnswerValue) -> None:
    read = question.read(texts)
    assert (read, repr(read)) == (value, repr(value))


ELSEWHERE = "٣"  # three, in Arabic
UNREADABLE = ["", " ", "\0", "3\0", "x", "3 4", "1e2", "1_0", "+3", "--3", ELSEWHERE, "３", "9" * 1_000_000, "NaN"]


@pytest.mark.parametrize("text", UNREADABLE, ids=lambda text: ascii(text[:8]))
@pytest.mark.parametrize("question", [CHOICE, CHOICES, NUMBER, SCALE, DAY], ids=lambda kind: kind.kind)
def test_what_cannot_be_read_is_none(question: Question, text: str) -> None:
    assert question.read([text]) is None


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        *((question, []) for question in KINDS),
        *((question, ["1", "2"]) for question in KINDS if question is not CHOICES),
        (CHOICES, ["1", "x"]),
        (CHOICES, ["1,,2"]),
        *((NUMBER, [text]) for text in ("1.", ".5", "1,2,3", "1.234,5", "1 000", "1.1234567", "1234567890")),
        *((DAY, [text]) for text in ("2023-02-29", "2026-13-01", "0000-01-01", "2026-1-1", "26-01-01", "2026-W01-1")),
        (STATEMENT, ["anything"]),
    ],
)
def test_what_does_not_fit_the_kind_is_none(question: Question, texts: list[str]) -> None:
    assert question.read(texts) is None


def test_a_text_with_a_null_or_half_a_character_is_read_and_not_accepted() -> None:
    assert not any(TEXT.accepts(TEXT.read([text]) or "") for text in ("a\0b", "a\ud83d"))


def test_a_statement_writes_nothing() -> None:
    with pytest.raises(AssertionError, match="a statement has no answer"):
        STATEMENT.write(1)


@st.composite
def single_choices(draw: st.DrawFn) -> tuple[Question, AnswerValue]:
    codes = draw(st.lists(st.integers(-999_999, 999_999), min_size=1, unique=True))
    return SingleChoice("set", tuple(codes)), draw(st.sampled_from(codes))


@st.composite
def several_choices(draw: st.DrawFn) -> tuple[Question, AnswerValue]:
    codes = draw(st.lists(st.integers(-999_999, 999_999), min_size=1, unique=True))
    chosen = draw(st.sets(st.sampled_from(codes), min_size=1))
    return SeveralChoices("set", tuple(codes)), tuple(sorted(chosen))


@st.composite
def numbers(draw: st.DrawFn) -> tuple[Question, AnswerValue]:
    decimals = draw(st.integers(0, 6))
    bound = Decimal(999_999_999)
    value = draw(st.decimals(-bound, bound, allow_nan=False, places=draw(st.integers(0, decimals))))
    return Number(-bound, bound, decimals), value


@st.composite
def scales(draw: st.DrawFn) -> tuple[Question, AnswerValue]:
    low, high = sorted(draw(st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=2, unique=True)))
    return Scale(low, high), draw(st.integers(low, high))


@st.composite
def days(draw: st.DrawFn) -> tuple[Question, AnswerValue]:
    day = draw(st.dates() | st.integers(1, 2499).map(lambda n: date(4 * n, 2, 28) + timedelta(days=1)))
    return Day(date.min, date.max), day


texts = st.text(min_size=1, max_size=50).map(lambda text: (FreeText(50), text))


@given(single_choices() | several_choices() | numbers() | scales() | days() | texts)
def test_an_accepted_answer_comes_back_from_its_text(case: tuple[Question, AnswerValue]) -> None:
    question, value = case
    if question.accepts(value):
        assert question.read([question.write(value)]) == value
    else:
        assert isinstance(question, FreeText)


@given(st.text(max_size=60))
def test_a_text_that_is_read_is_accepted_unless_it_is_too_long_or_cannot_be_stored(text: str) -> None:
    read = TEXT.read([text])
    if read is not None:
        assert TEXT.accepts(read) == (len(read) <= 20 and "\0" not in read)


@given(st.text())
def test_no_text_whatever_breaks_a_question(text: str) -> None:
    for question in KINDS:
        read = question.read([text])
        if read is not None and question.accepts(read):
            assert question.read([question.write(read)]) == read


def test_every_kind_has_a_tiny_questionnaire(tiny: Library) -> None:
    kinds = {item.kind for instrument in tiny.instruments.values() for item in instrument.items.values()}
    assert kinds == set(QuestionKind)
