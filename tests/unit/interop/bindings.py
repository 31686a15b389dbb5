"""What FHIR R4 wants of a Questionnaire and no model checks: codes, invariants, types that fit the question.

Each rule yields one sentence for each breach. The invariants (que-0 to que-13, ext-1) are those of the specification.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
Rule = Callable[[Json], Iterator[str]]

ITEM_TYPES = {
    "group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url", "choice",
    "open-choice", "attachment", "reference", "quantity",
}  # fmt: skip
OPERATORS = {"exists", "=", "!=", ">", "<", ">=", "<="}
STATUSES = {"draft", "active", "retired", "unknown"}
CONTROLS = {
    "group", "list", "table", "htable", "gtable", "atable", "header", "footer", "text", "inline", "prompt", "unit",
    "lower", "upper", "flyover", "help", "question", "autocomplete", "drop-down", "check-box", "lookup", "radio-button",
    "slider", "spinner", "text-box",
}  # fmt: skip
# What a question of a type is compared with, besides whether it has an answer.
COMPARED = {"choice": "answerCoding", "integer": "answerInteger", "decimal": "answerDecimal", "date": "answerDate"}


def breaches(resource: Json) -> list[str]:
    """Every breach of every rule."""
    return [sentence for rule in RULES for sentence in rule(resource)]


def items_of(holder: Json) -> Iterator[Json]:
    for item in holder.get("item", []):
        yield item
        yield from items_of(item)


def extensions_of(value: Any) -> Iterator[Json]:
    if isinstance(value, Mapping):
        yield from value.get("extension", [])
        for inner in value.values():
            yield from extensions_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from extensions_of(inner)


def codes(resource: Json) -> Iterator[str]:
    if resource["status"] not in STATUSES:
        yield f"status {resource['status']}"
    for item in items_of(resource):
        if item["type"] not in ITEM_TYPES:
            yield f"{item['linkId']}: type {item['type']}"
        for condition in item.get("enableWhen", []):
            if condition["operator"] not in OPERATORS:
                yield f"{item['linkId']}: operator {condition['operator']}"
    for extension in extensions_of(resource):
        for coding in extension.get("valueCodeableConcept", {}).get("coding", []):
            if coding["code"] not in CONTROLS:
                yield f"control {coding['code']}"


def names(resource: Json) -> Iterator[str]:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", resource["name"]):
        yield f"que-0: name {resource['name']}"
    links = Counter(item["linkId"] for item in items_of(resource))
    yield from (f"que-2: linkId {link} occurs twice" for link, number in links.items() if number > 1)


def shapes(resource: Json) -> Iterator[str]:
    for item in items_of(resource):
        kind, link = item["type"], item["linkId"]
        if (kind == "group") != ("item" in item) and kind in {"group", "display"}:
            yield f"que-1: {link}"
        if "answerOption" in item and ("answerValueSet" in item or kind != "choice"):
            yield f"que-4: {link}"
        if kind == "display" and {"required", "repeats", "readOnly", "code", "initial"} & set(item):
            yield f"que-3, 6, 8, 9: {link}"
        if "maxLength" in item and kind not in {
            "boolean",
            "decimal",
            "integer",
            "string",
            "text",
            "url",
            "open-choice",
        }:
            yield f"que-10: {link}"
        if kind == "choice" and not item.get("answerOption"):
            yield f"{link}: a choice without options"


def options(resource: Json) -> Iterator[str]:
    for item in items_of(resource):
        named = Counter(
            (one["valueCoding"]["system"], one["valueCoding"]["code"]) for one in item.get("answerOption", [])
        )
        yield from (f"{item['linkId']}: option {coding} occurs twice" for coding, number in named.items() if number > 1)


def conditions(resource: Json) -> Iterator[str]:
    by_link = {item["linkId"]: item for item in items_of(resource)}
    for item in items_of(resource):
        whens = item.get("enableWhen", [])
        if len(whens) > 1 and item.get("enableBehavior") not in {"all", "any"}:
            yield f"que-12: {item['linkId']}"
        for when in whens:
            asked = by_link.get(when["question"])
            answers = [name for name in when if name.startswith("answer")]
            if asked is None or len(answers) != 1:
                yield f"{item['linkId']}: compares with {answers} of {when['question']}"
            elif answers != ["answerBoolean" if when["operator"] == "exists" else COMPARED.get(asked["type"])]:
                yield f"que-7: {item['linkId']} compares a {asked['type']} with {answers[0]}"
            elif answers == ["answerCoding"] and not any(
                same_code(when["answerCoding"], one) for one in asked["answerOption"]
            ):
                yield f"{item['linkId']}: {when['answerCoding']} is no option of {asked['linkId']}"


def extensions(resource: Json) -> Iterator[str]:
    for extension in extensions_of(resource):
        values = [name for name in extension if name.startswith("value")]
        if len(values) + ("extension" in extension) != 1:
            yield f"ext-1: {extension['url']}"
        if re.search(r"\s", extension["url"]):
            yield f"url {extension['url']!r}"


def strings(value: Any) -> Iterator[str]:
    """No empty string, object or list anywhere; translations are beside what they translate."""
    if value == "" or (isinstance(value, Mapping | list) and not value):
        yield "something is empty"
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def same_code(wanted: Json, option: Json) -> bool:
    coding = option["valueCoding"]
    return bool((wanted["system"], wanted["code"]) == (coding["system"], coding["code"]))


RULES: tuple[Rule, ...] = (codes, names, shapes, options, conditions, extensions, strings)
