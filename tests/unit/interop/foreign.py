"""Questionnaires as others might write them, made up for these tests."""

from typing import Any

from survey_service.interop.vocabulary import (
    ABSENT,
    DECIMALS,
    EXCLUSIVE,
    ITEM_CONTROL,
    MAXIMUM,
    MINIMUM,
    ORDINAL,
    SLIDER_STEP,
    TRANSLATION,
    UNIT,
)

Json = dict[str, Any]
SYSTEM = "https://elsewhere.example/codes"


def form(*items: Json, **fields: Any) -> Json:
    head = {"resourceType": "Questionnaire", "status": "active", "language": "en", "name": "Garden", "version": "2.1"}
    return {**head, "title": "A garden", **fields, "item": list(items)}


def item(link: str, kind: str, **fields: Any) -> Json:
    return {"linkId": link, "text": f"Text of {link}", "type": kind, **fields}


def choice(link: str, *codes: str, **fields: Any) -> Json:
    return item(link, "choice", answerOption=[{"valueCoding": coding(code)} for code in codes], **fields)


def coding(code: str, **fields: Any) -> Json:
    return {"system": SYSTEM, "code": code, "display": f"Display of {code}", **fields}


def when(link: str, operator: str, **answer: Any) -> Json:
    return {"question": link, "operator": operator, **answer}


def is_coding(link: str, code: str, operator: str = "=") -> Json:
    return when(link, operator, answerCoding={"system": SYSTEM, "code": code})


def ordinal(worth: float) -> Json:
    return {"extension": [{"url": ORDINAL, "valueDecimal": worth}]}


def translated(**texts: str) -> Json:
    return {
        "extension": [
            {
                "url": TRANSLATION,
                "extension": [{"url": "lang", "valueCode": tag}, {"url": "content", "valueString": text}],
            }
            for tag, text in texts.items()
        ]
    }


def control(code: str) -> Json:
    concept = {"coding": [{"system": "http://hl7.org/fhir/questionnaire-item-control", "code": code}]}
    return {"url": ITEM_CONTROL, "valueCodeableConcept": concept}


def a_garden() -> Json:
    """Every kind of question that can be read, nested, in two languages, with nothing of this project's."""
    slider = [control("slider"), {"url": MINIMUM, "valueInteger": 0}, {"url": MAXIMUM, "valueInteger": 10}]
    weight = [{"url": MINIMUM, "valueDecimal": 0.5}, {"url": MAXIMUM, "valueDecimal": 99}]
    weight += [{"url": DECIMALS, "valueInteger": 1}, {"url": UNIT, "valueCoding": {"code": "kg", "display": "kilos"}}]
    none = {"valueCoding": coding("none"), "extension": [{"url": EXCLUSIVE, "valueBoolean": True}]}
    absent = {"valueCoding": {"system": ABSENT, "code": "not-applicable", "display": "Not for me"}}
    return form(
        item(
            "1",
            "group",
            item=[
                choice("1.1", "yes", "no", required=True, _text=translated(sv="Har du en trädgård?")),
                item("1.2", "integer", extension=slider, enableWhen=[is_coding("1.1", "yes")], item=[
                    item("1.2.a", "display", extension=[control("upper")]),
                    item("1.2.b", "display", extension=[control("lower")]),
                ]),
            ],
        ),
        item("crops", "choice", repeats=True, answerOption=[{"valueCoding": coding("apple")}, none, absent]),
        item("weight", "decimal", extension=weight, enableWhen=[when("1.2", ">", answerInteger=3)]),
        item("count", "integer", item=[item("count.help", "display", extension=[control("help")])]),
        item("sown", "date"),
        item("words", "string", maxLength=80),
        item("end", "display"),
        description="Please answer.", copyright="Elsewhere owns this.", publisher="Elsewhere",
    )  # fmt: skip


STEP_OF_FIVE = {"url": SLIDER_STEP, "valueInteger": 5}
