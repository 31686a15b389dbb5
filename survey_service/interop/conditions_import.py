"""What an item hangs on, from ``enableWhen`` to the fields of ``ask_when``.

For translating comparisons and for joining what groups and questions above an item add. Whether a comparison makes
sense (an option that exists, an item that comes before) is for the definition's own reader.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instruments.conditions import Joined, Operator
from instruments.writing import Fields, Value
from survey_service.interop import vocabulary
from survey_service.interop.elements import Element
from survey_service.interop.flattening import Asked, Remarks
from survey_service.interop.options_import import Coding

_OPERATORS = {symbol: operator for operator, symbol in vocabulary.OPERATORS.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """An item that a condition may look at: its id, and its codes by how the Questionnaire names them."""

    id: str
    codes: Mapping[Coding, int]


def condition(
    conditions: Sequence[Asked], known: Mapping[str, Known], remarks: Remarks, *, is_own: bool
) -> Fields | None:
    """All of them together; None where there is none.

    Raises
    ------
    FhirError
        If they cannot be told in one list with one ``all`` or ``any``, or a comparison cannot be told at all.
    """
    lists = []
    for asked in conditions:
        if asked.answered:
            lists.append((Joined.ALL, [_comparison(known[asked.answered].id, Operator.ANSWERED, True)]))
        else:
            is_only = len(conditions) == 1
            lists.append(_one(asked.element, known, remarks, is_own=is_own, is_only=is_only))
    if not lists:
        return None
    if len(lists) == 1:
        joined, comparisons = lists[0]
        single = len(comparisons) == 1 and joined is Joined.ALL
        return comparisons[0] if single else {joined.value: comparisons}
    if any(joined is Joined.ANY and len(comparisons) > 1 for joined, comparisons in lists):
        place = conditions[-1].element
        raise place.error("", "its conditions and those of what it is in cannot be told as one list of all or any")
    return {Joined.ALL.value: [comparison for _, comparisons in lists for comparison in comparisons]}


def _one(
    element: Element, known: Mapping[str, Known], remarks: Remarks, *, is_own: bool, is_only: bool
) -> tuple[Joined, list[Fields]]:
    entries = [entry for entry in element.elements("enableWhen") if not _is_companion(entry)]
    behaviour = element.text("enableBehavior")
    if not entries or (behaviour is None and len(entries) > 1):
        raise element.error("enableBehavior", "is missing" if entries else "has no condition to go with")
    if behaviour not in {None, *Joined}:
        raise element.error("enableBehavior", "must be all or any")
    joined = Joined(behaviour or Joined.ALL)
    comparisons = [_read(entry, known) for entry in entries]
    return (joined, comparisons) if is_own else _also_unanswered(element, joined, comparisons, remarks, is_only=is_only)


def _also_unanswered(
    element: Element, joined: Joined, comparisons: list[Fields], remarks: Remarks, *, is_only: bool
) -> tuple[Joined, list[Fields]]:
    """In FHIR, "is not" also holds where there is no answer. Said here wherever a list of any can say it."""
    negated = [one["item"] for one in comparisons if Operator.IS_NOT.value in one]
    answered = {one["item"] for one in comparisons if one.get(Operator.ANSWERED.value) is True}
    if not negated or (joined is Joined.ALL and answered.issuperset(map(str, negated))):
        return joined, comparisons
    if is_only and (joined is Joined.ANY or len(comparisons) == 1):
        unanswered = [_comparison(str(item), Operator.ANSWERED, False) for item in dict.fromkeys(negated)]
        return Joined.ANY, [*comparisons, *unanswered]
    remarks.add(f"{element.place}.enableWhen: is asked only where the questions of its != have been answered")
    return joined, comparisons


def _is_companion(entry: Element) -> bool:
    extension = entry.extension(vocabulary.COMPANION)
    return extension is not None and extension.flag("valueBoolean") is True


def _read(entry: Element, known: Mapping[str, Known]) -> Fields:
    link_id, symbol = entry.required_text("question"), entry.required_text("operator")
    if link_id not in known:
        raise entry.error("question", f"there is no question with the linkId {link_id!r}")
    if symbol not in _OPERATORS:
        raise entry.error("operator", f"{symbol!r} is not one of {' '.join(_OPERATORS)}")
    asked, operator = known[link_id], _OPERATORS[symbol]
    value = entry.flag("answerBoolean") if operator is Operator.ANSWERED else _value(entry, asked)
    if value is None:
        raise entry.error("answerBoolean", "is missing: whether there is an answer is true or false")
    return _comparison(asked.id, operator, value)


def _value(entry: Element, asked: Known) -> Value:
    coding = entry.element("answerCoding")
    if coding is not None:
        return _code(entry, asked, (coding.text("system"), coding.text("code") or coding.required_text("display")))
    number, text = entry.whole("answerInteger"), entry.text("answerString")
    if asked.codes and (text or number is not None):
        return _code(entry, asked, ("", text or str(number)))
    found: list[Value | None] = [number, entry.number("answerDecimal"), entry.day("answerDate")]
    values = [value for value in found if value is not None]
    if len(values) != 1:
        raise entry.error("", "must compare with a coding, a number or a date")
    return values[0]


def _code(entry: Element, asked: Known, coding: tuple[str | None, str]) -> int:
    """The option that is meant; one that is named without its system if only one option has that code."""
    meant = [code for (system, name), code in asked.codes.items() if name == coding[1] and coding[0] in {None, system}]
    if len(meant) != 1:
        raise entry.error("", f"{coding[1]!r} is not one option of {entry.text('question')}")
    return meant[0]


def _comparison(item: str, operator: Operator, value: Value) -> Fields:
    return {"item": item, operator.value: value}
