"""One item of an instrument as an item of a FHIR Questionnaire.

For the structure of a question, its options, bounds and condition, and the texts around it.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from instruments import Day, Definition, FreeText, Item, Number, Scale, SeveralChoices, SingleChoice, Statement
from instruments.conditions import Comparison, Condition, Joined, Operator
from instruments.definition import ScoresDeclared
from survey_service.interop import vocabulary
from survey_service.interop.texts import Texts
from survey_service.interop.vocabulary import OPERATORS

Json = dict[str, Any]


def item_element(item: Item, definition: Definition, texts: Texts, *, url: str) -> Json:
    """The item; ``url`` is the Questionnaire's, which the systems of its codes begin with."""
    kind, extensions = _kind(item, texts)
    told = [*extensions, *_own_extensions(item, texts)]
    answers = {} if isinstance(item.question, Statement) else {"required": not item.skippable}
    condition = _condition(item.ask_when, definition, url) if item.ask_when else {}
    options = list(_options(item, definition, texts, url=url))
    beside = list(_beside(item, texts))
    return {
        **({"extension": told} if told else {}),
        "linkId": item.id,
        **texts.of("text", f"item:{item.id}"),
        "type": kind,
        **condition,
        **answers,
        **({"repeats": True} if isinstance(item.question, SeveralChoices) else {}),
        **({"maxLength": item.question.longest} if isinstance(item.question, FreeText) else {}),
        **({"answerOption": options} if options else {}),
        **({"item": beside} if beside else {}),
    }


def code_system(url: str, option_set: str) -> str:
    """The system of the codes of an option set."""
    return f"{url}/options/{quote(option_set, safe='')}"


def is_whole(number: Decimal | int) -> bool:
    return number == int(number)


def is_integer(question: Number) -> bool:
    """Whether its answers and bounds are whole, so that FHIR's integer says the same."""
    return question.decimals == 0 and is_whole(question.minimum) and is_whole(question.maximum)


def _kind(item: Item, texts: Texts) -> tuple[str, list[Json]]:
    match item.question:
        case SingleChoice() | SeveralChoices():
            return "choice", []
        case Number() as question if is_integer(question):
            return "integer", [*_bounds("Integer", int(question.minimum), int(question.maximum)), *_unit(item, texts)]
        case Number() as question:
            places = {"url": vocabulary.DECIMALS, "valueInteger": question.decimals}
            return "decimal", [*_bounds("Decimal", question.minimum, question.maximum), places, *_unit(item, texts)]
        case Scale(minimum, maximum):
            step = {"url": vocabulary.SLIDER_STEP, "valueInteger": 1}
            return "integer", [_control("slider"), *_bounds("Integer", minimum, maximum), step]
        case FreeText():
            return "text", []
        case Day(earliest, latest):
            return "date", _bounds("Date", earliest.isoformat(), latest.isoformat())
        case Statement():
            return "display", []


def _bounds(kind: str, minimum: Any, maximum: Any) -> list[Json]:
    value = f"value{kind}"
    return [{"url": vocabulary.MINIMUM, value: minimum}, {"url": vocabulary.MAXIMUM, value: maximum}]


def _control(code: str) -> Json:
    concept = {"coding": [{"system": vocabulary.CONTROLS, "code": code}]}
    return {"url": vocabulary.ITEM_CONTROL, "valueCodeableConcept": concept}


def _unit(item: Item, texts: Texts) -> list[Json]:
    assert isinstance(item.question, Number)
    if not item.question.unit:
        return []
    coding = {"system": vocabulary.UCUM, "code": item.question.unit, **texts.of("display", f"{item.id}:unit")}
    return [{"url": vocabulary.UNIT, "valueCoding": coding}]


def _own_extensions(item: Item, texts: Texts) -> Iterator[Json]:
    if isinstance(item.question, SingleChoice | SeveralChoices):
        yield {"url": vocabulary.OPTION_SET, "valueString": item.question.option_set}
    elif item.may_not_apply:
        yield {"url": vocabulary.MAY_NOT_APPLY, "valueCoding": _not_applicable(texts)}
    if item.recall:
        yield {"url": vocabulary.RECALL, "valueString": item.recall}
    if item.sensitive:
        yield {"url": vocabulary.SENSITIVE, "valueBoolean": True}


def _not_applicable(texts: Texts) -> Json:
    coding = {"system": vocabulary.ABSENT, "code": vocabulary.NOT_APPLICABLE}
    return coding | texts.of("display", "not_applicable")


def _options(item: Item, definition: Definition, texts: Texts, *, url: str) -> Iterator[Json]:
    question = item.question
    if not isinstance(question, SingleChoice | SeveralChoices):
        return
    alone = question.alone if isinstance(question, SeveralChoices) else ()
    exclusive = {"extension": [{"url": vocabulary.EXCLUSIVE, "valueBoolean": True}]}
    for code, worth in zip(question.options, _worth(question, definition), strict=True):
        coding = {
            "extension": [{"url": vocabulary.ORDINAL, "valueDecimal": worth}],
            "system": code_system(url, question.option_set),
            "code": str(code),
            **texts.of("display", f"option:{question.option_set}:{code}"),
        }
        yield {**(exclusive if code in alone else {}), "valueCoding": coding}
    if item.may_not_apply:
        several = isinstance(question, SeveralChoices)
        yield {**(exclusive if several else {}), "valueCoding": _not_applicable(texts)}


def _worth(question: SingleChoice | SeveralChoices, definition: Definition) -> list[Decimal]:
    """The points of the options; their codes where no points are declared."""
    scoring = definition.scoring
    declared = scoring.points.get(question.option_set) if isinstance(scoring, ScoresDeclared) else None
    return list(declared or map(Decimal, question.options))


def _beside(item: Item, texts: Texts) -> Iterator[Json]:
    """Texts around the question. A statement is a display item, which holds no other: its texts are parts."""
    if isinstance(item.question, Statement):
        return
    # The item's own recall, its hint, and the ends and the instruction of a scale, as FHIR's controls call them.
    places = [("recall", "inline", f"recall:{item.recall}")] if item.recall else []
    places += [("hint", "help", f"{item.id}:hint")]
    if isinstance(item.question, Scale):
        parts = {"instruction": "prompt", "bottom": "lower", "top": "upper"}
        places += [(part, control, f"{item.id}:{part}") for part, control in parts.items()]
    for part, control, context in places:
        if text := texts.of("text", context):
            yield {"extension": [_control(control)], "linkId": f"_{item.id}.{part}", **text, "type": "display"}


def _condition(condition: Condition, definition: Definition, url: str) -> Json:
    entries = [
        entry for comparison in condition.comparisons for entry in _entries(comparison, condition, definition, url)
    ]
    return {"enableWhen": entries, "enableBehavior": condition.joined.value}


def _entries(comparison: Comparison, condition: Condition, definition: Definition, url: str) -> Iterator[Json]:
    asked = definition.items[comparison.item]
    yield {"question": asked.id, "operator": OPERATORS[comparison.operator], **_answer(comparison, asked, url)}
    if comparison.operator is Operator.IS_NOT and condition.joined is Joined.ALL:
        # FHIR's != also holds where there is no answer, and ours does not.
        companion = [{"url": vocabulary.COMPANION, "valueBoolean": True}]
        yield {"extension": companion, "question": asked.id, "operator": "exists", "answerBoolean": True}


def _answer(comparison: Comparison, asked: Item, url: str) -> Json:
    value, question = comparison.value, asked.question
    if comparison.operator is Operator.ANSWERED:
        return {"answerBoolean": value}
    match question:
        case SingleChoice(option_set) | SeveralChoices(option_set):
            return {"answerCoding": {"system": code_system(url, option_set), "code": str(value)}}
        case Day():
            return {"answerDate": str(value)}
        case Scale() if isinstance(value, int | Decimal) and is_whole(value):
            return {"answerInteger": int(value)}
        case Number() if isinstance(value, int | Decimal) and is_integer(question) and is_whole(value):
            return {"answerInteger": int(value)}
        case _:
            assert isinstance(value, int | Decimal)
            return {"answerDecimal": Decimal(value)}
