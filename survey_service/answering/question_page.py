"""What the page of one question shows, as plain values for the template: its words, its fields, what was refused."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel.dates import get_date_format
from flask_babel import ngettext

from instruments import (
    Answered,
    AnswerKind,
    Ask,
    Day,
    FreeText,
    Instrument,
    Item,
    Number,
    Question,
    Scale,
    SeveralChoices,
    SingleChoice,
)
from survey_service.answering.rules import LoggedAnswer
from survey_service.answering.sensitive import is_sensitive
from survey_service.answering.use_cases import SessionState
from survey_service.http.locale import current_locale, day, decimal_sign, gettext, number, text_direction
from translations.catalogue import InstrumentWording
from translations.plurals import cldr_locale

Context = dict[str, Any]

# Fewer figures than these are as well answered from a list.
_SHORTEST_RATING = 5
_MOST_STEPS = 10


def question(
    state: SessionState,
    *,
    item: Item,
    changing: LoggedAnswer | None,
    typed: Sequence[str] | None,
    errors: Mapping[str, str],
) -> Context:
    """One question: the open one, or an earlier one that is being changed; with what was ``typed`` and not taken."""
    position = _position(state, changing)
    given = list(typed) if typed is not None else as_given(item, changing.answer if changing else None)
    part_number = [one.id for one in state.siblings].index(state.session.id) + 1
    is_first = not state.entries or changing is state.entries[0]
    return {
        **worded(state.instrument, item, state.wording, given=given, is_first=is_first),
        "session_id": state.session.id,
        "sequence": state.next_sequence,
        "supersedes": changing.sequence if changing else None,
        "changing": changing is not None,
        "position": position,
        "questions": _honest_range(state, position),
        "progress": _progress(state),
        "part_number": part_number,
        "part_count": len(state.siblings),
        "previous_sequence": _previous(state, changing),
        "errors": errors,
    }


def preview(instrument: Instrument, item: Item, wording: InstrumentWording) -> Context:
    """The page of a question as translators look at it: of nobody's session, and nothing is answered."""
    place = list(instrument.items).index(item.id)
    low, high = instrument.estimated_questions
    return {
        **worded(instrument, item, wording, given=[], is_first=place == 0),
        "session_id": UUID(int=0),
        "sequence": 1,
        "supersedes": None,
        "changing": False,
        "position": place + 1,
        "questions": (max(low, place + 1), max(high, place + 1)),
        "progress": min(1.0, place / high),
        "part_number": 1,
        "part_count": 1,
        "previous_sequence": None,
        "errors": {},
    }


def worded(
    instrument: Instrument, item: Item, wording: InstrumentWording, *, given: Sequence[str], is_first: bool
) -> Context:
    """What the question says and offers, whoever is asked."""
    texts = wording.texts
    options = _options(item.question, texts)
    return {
        "adaptive": instrument.adaptive,
        "branches": any(one.ask_when for one in instrument.items.values()),
        "item_id": item.id,
        "intro": texts.get("intro") if is_first else None,
        "recall": texts.get(f"recall:{item.recall}" if item.recall else "recall"),
        "question": texts[f"item:{item.id}"],
        "hint": texts.get(f"{item.id}:hint"),
        "kind": item.kind.value,
        "options": options,
        "rating": _is_rating(options),
        "ends": _ends(item, texts, given),
        "given": given,
        "skippable": item.skippable,
        "not_applicable": texts["not_applicable"] if item.may_not_apply else None,
        "wording_language": wording.locale,
        "wording_direction": text_direction(wording.locale),
        "scale_direction": wording.scale_direction,
        "footer": texts["footer"],
        "sensitive": is_sensitive(instrument, item),
    }


def typed(item: Item, shown: Context) -> Context:
    """The question for somebody who types an answer in: a scale is a figure, and no picture is drawn."""
    if not isinstance(item.question, Scale | Number):
        return shown
    decimals = item.question.decimals if isinstance(item.question, Number) else 0
    unit = shown["ends"].get("unit")
    low, high = item.question.minimum, item.question.maximum
    return shown | {"kind": "number", "ends": {"minimum": low, "maximum": high, "decimals": decimals, "unit": unit}}


def refused(item: Item, texts: Sequence[str], wording: Mapping[str, str], *, otherwise: str) -> str:
    """What to do about ``texts`` that were not taken, in one sentence; ``otherwise`` for what no form of ours sends."""
    if alone := _joined_alone(item, texts, wording):
        return gettext("“%(answer)s” cannot be joined with another answer. Choose one or the other.", answer=alone)
    match item.question:
        case Scale(low, high) | Number(low, high, decimals=0):
            return gettext("Write a whole number from %(low)s to %(high)s.", low=number(low), high=number(high))
        case Number(low, high, decimals=decimals):
            sentence = ngettext(
                "Write a number from %(low)s to %(high)s, with at most %(num)s decimal.",
                "Write a number from %(low)s to %(high)s, with at most %(num)s decimals.",
                decimals,
                low=number(low),
                high=number(high),
            )
            return str(sentence)
        case Day(earliest, latest) if item.question.read(texts) is not None:
            return gettext("Write a date from %(earliest)s to %(latest)s.", earliest=day(earliest), latest=day(latest))
        case Day():
            return gettext("Write the year with four figures, and the month and the day with figures too.")
        case FreeText(longest) if item.question.read(texts) is not None:
            return gettext("Write at most %(longest)s characters.", longest=number(longest))
        case FreeText():
            return gettext("Write an answer.")
        case _ if item.question.read(texts) is not None:
            return otherwise
        case _ if item.skippable:
            return gettext("Choose an answer, or skip the question.")
        case _:
            return gettext("Choose an answer.")


def _joined_alone(item: Item, texts: Sequence[str], wording: Mapping[str, str]) -> str | None:
    """The answer among several that rules out every other one."""
    if len(texts) > 1 and item.may_not_apply and AnswerKind.NOT_APPLICABLE in texts:
        return wording["not_applicable"]
    if len(texts) > 1 and isinstance(item.question, SeveralChoices):
        ruling_out = (code for code in item.question.alone if str(code) in texts)
        return next((wording[f"option:{item.question.option_set}:{code}"] for code in ruling_out), None)
    return None


def _position(state: SessionState, changing: LoggedAnswer | None) -> int:
    """The number of the question among those asked; what is only to be read has none and takes that of the next."""
    if changing is not None:
        earlier = state.entries[: state.entries.index(changing)]
        return 1 + sum(entry.answer.kind is not AnswerKind.SHOWN for entry in earlier)
    assert isinstance(state.step, Ask)
    return state.step.position


def _honest_range(state: SessionState, position: int) -> tuple[int, int]:
    """Fewest and most questions as far as is known now: never fewer than the one being asked."""
    low, high = state.instrument.estimated_questions
    return max(low, position), max(high, position)


def _progress(state: SessionState) -> float:
    """How far along, between 0 and 1, counted against the most questions there can be."""
    asked = sum(entry.answer.kind is not AnswerKind.SHOWN for entry in state.entries)
    return min(1.0, asked / state.instrument.estimated_questions[1])


def _previous(state: SessionState, changing: LoggedAnswer | None) -> int | None:
    """The answer that Back leads to."""
    if not state.instrument.changeable:
        return None
    earlier = [entry.sequence for entry in state.entries]
    if changing is not None:
        earlier = earlier[: earlier.index(changing.sequence)]
    return earlier[-1] if earlier else None


def _options(question: Question, texts: Mapping[str, str]) -> list[Context]:
    if not isinstance(question, SingleChoice | SeveralChoices):
        return []
    alone = question.alone if isinstance(question, SeveralChoices) else ()
    return [
        {"code": code, "label": texts[f"option:{question.option_set}:{code}"], "alone": code in alone}
        for code in question.options
    ]


def _is_rating(options: Sequence[Context]) -> bool:
    """Whether the options are figures in a row, of which only the first and the last may have words after them."""
    if len(options) < _SHORTEST_RATING or not all(one["label"].startswith(str(one["code"])) for one in options):
        return False
    return all(one["label"] == str(one["code"]) for one in options[1:-1])


def _ends(item: Item, texts: Mapping[str, str], given: Sequence[str]) -> Context:
    """Where the answer must lie, and what is written beside the field."""
    match item.question:
        case Scale(low, high):
            labels = {part: texts[f"{item.id}:{part}"] for part in ("top", "bottom", "instruction")}
            value = item.question.read(given)
            shown = value if value is not None and item.question.accepts(value) else None
            return {"minimum": low, "maximum": high, "steps": _steps_of_scale(high - low), "value": shown, **labels}
        case Number(low, high, decimals, unit):
            label = texts[f"{item.id}:unit"] if unit else None
            return {"minimum": low, "maximum": high, "decimals": decimals, "unit": label}
        case Day():
            return {"fields": _day_fields()}
        case FreeText(longest):
            return {"longest": longest}
        case _:
            return {}


def _steps_of_scale(span: int) -> int:
    """Into how many equal parts the marks divide a scale, at whole numbers."""
    return span if span <= _MOST_STEPS else max(n for n in range(1, _MOST_STEPS + 1) if span % n == 0)


def _day_fields() -> tuple[str, str, str]:
    """The parts of a date, in the order in which the reader's language writes them with figures."""
    year_first = get_date_format("short", locale=cldr_locale(current_locale())).pattern.startswith("y")
    return ("year", "month", "day") if year_first else ("day", "month", "year")


def as_given(item: Item, answer: Answered | None) -> list[str]:
    """An answer as the form would send it; a day as year, month and day."""
    if answer is not None and answer.kind is AnswerKind.NOT_APPLICABLE:
        return [AnswerKind.NOT_APPLICABLE]
    if answer is None or answer.value is None:
        return []
    match answer.value:
        case tuple() as codes:
            return [str(code) for code in codes]
        case date() as on:
            return [str(on.year), str(on.month), str(on.day)]
        case Decimal() as value:
            return [item.question.write(value).replace(".", decimal_sign())]
        case value:
            return [item.question.write(value)]
