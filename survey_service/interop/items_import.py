"""Items of a Questionnaire as the fields of a definition file, with their texts.

For the kinds of questions and their texts: `options_import` reads the options, `conditions_import` what an item hangs
on. What no definition can tell is refused with its place and linkId.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from instruments import QuestionKind
from instruments.definition_file import ID, LARGEST_NUMBER, LONGEST_TEXT, MOST_DECIMALS, RESERVED
from instruments.writing import Fields, Value
from survey_service.interop import vocabulary
from survey_service.interop.conditions_import import Known, condition
from survey_service.interop.elements import Element
from survey_service.interop.flattening import Entry, Remarks, control_of
from survey_service.interop.options_import import Options, OptionSets, not_applicable
from survey_service.interop.wording_import import WordingsRead

_FIRST_DAY, _LAST_DAY = "1900-01-01", "2100-12-31"
_HINTED = frozenset({QuestionKind.NUMBER, QuestionKind.FREE_TEXT, QuestionKind.DATE, QuestionKind.SEVERAL_CHOICES})
_SCALE_PARTS = {"prompt": "instruction", "lower": "bottom", "upper": "top"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsRead:
    """The items in order, each with its place, and the option sets that they use."""

    fields: tuple[Fields, ...]
    places: tuple[str, ...]
    sets: OptionSets

    @property
    def option_sets(self) -> Mapping[str, tuple[int, ...]]:
        return self.sets.codes

    @property
    def points(self) -> dict[str, Value]:
        """The ordinals of the sets that single choices use, where they are not the codes."""
        single = {item.get("option_set") for item in self.fields if item["kind"] == QuestionKind.SINGLE_CHOICE}
        return {name: list(worth) for name, worth in self.sets.points().items() if name in single}

    def check_ordinals(self, points: Mapping[str, Value]) -> None:
        """Raises ``FhirError`` where an option's ordinal is neither its declared points nor its code."""
        self.sets.check_ordinals(points)


def read_items(entries: Sequence[Entry], texts: WordingsRead, remarks: Remarks, *, is_own: bool) -> ItemsRead:
    """Every item of the flattened Questionnaire.

    Raises
    ------
    FhirError
        For what no definition can tell.
    """
    reader = _Reader(texts, remarks, is_own=is_own)
    for entry in entries:
        reader.read(entry)
    return reader.finish()


class _Reader:
    def __init__(self, texts: WordingsRead, remarks: Remarks, *, is_own: bool) -> None:
        self._texts = texts
        self._remarks = remarks
        self._is_own = is_own
        self._sets = OptionSets(texts, remarks)
        self._known: dict[str, Known] = {}
        self._read: list[tuple[Entry, Fields]] = []

    def read(self, entry: Entry) -> None:
        part = entry.element.extension(vocabulary.FRAME_PART)
        if part is not None:
            context = part.required_text("valueCode")
            self._texts.add(context, self._texts.of(entry.element, "text"), entry.element.place)
            return
        fields = self._fields(entry)
        place = len(self._read)
        self._read.append((entry, fields))
        # Texts that have no place beside this kind of question are read out before it.
        for element in self._beside(entry, fields):
            statement = Entry(element, element.required_text("linkId"), "display", entry.conditions)
            self._read.insert(place, (statement, self._fields(statement)))
            place += 1

    def finish(self) -> ItemsRead:
        items = []
        for entry, fields in self._read:
            found = condition(entry.conditions, self._known, self._remarks, is_own=self._is_own)
            items.append({**fields, "ask_when": found} if found else fields)
        places = tuple(entry.element.place for entry, _ in self._read)
        return ItemsRead(fields=tuple(items), places=places, sets=self._sets)

    def _fields(self, entry: Entry) -> Fields:
        element, id_ = entry.element, self._new_id(entry.link_id)
        question, options = self._question(entry, id_)
        self._known[entry.link_id] = Known(id_, options.by_coding if options else {})
        self._texts.add(f"item:{id_}", self._texts.of(element, "text"), element.place)
        if id_ != entry.link_id:
            self._texts.concept(f"item:{id_}", f"linkId {entry.link_id}")
        fields: Fields = {"id": id_, **question}
        if question["kind"] != QuestionKind.STATEMENT:
            if element.flag("required") is not True:
                fields["skippable"] = True
            if (options and options.may_not_apply) or self._may_not_apply(element):
                fields["may_not_apply"] = True
        if recall := element.extension(vocabulary.RECALL):
            fields["recall"] = recall.required_text("valueString")
        if (sensitive := element.extension(vocabulary.SENSITIVE)) and sensitive.flag("valueBoolean"):
            fields["sensitive"] = True
        return fields

    def _may_not_apply(self, element: Element) -> bool:
        extension = element.extension(vocabulary.MAY_NOT_APPLY)
        coding = extension.element("valueCoding") if extension else None
        if coding is None:
            return False
        self._texts.add("not_applicable", self._texts.of(coding, "display"), coding.place)
        return not_applicable(coding)

    def _new_id(self, link_id: str) -> str:
        """The linkId where it can be an id; else what is left of it, with a number if that is taken."""
        taken = {known.id for known in self._known.values()}
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", link_id).strip("-.")[:56] or "question"
        stem = plain if plain[0].isalpha() and plain not in RESERVED else f"q{plain}"
        id_ = link_id if ID.fullmatch(link_id) and link_id not in RESERVED else stem
        number = 2
        while id_ in taken:
            id_, number = f"{stem[:56]}_{number}", number + 1
        return id_

    def _question(self, entry: Entry, id_: str) -> tuple[Fields, Options | None]:
        element = entry.element
        for field, problem in (
            ("answerValueSet", "options by value set are not looked up: put them in answerOption"),
            ("answerOption", "options go with the type choice"),
        ):
            if element.has(field) and (field == "answerValueSet" or entry.type != "choice"):
                raise element.error(field, f"{entry.link_id}: {problem}")
        if element.flag("repeats") and entry.type not in {"choice", "group"}:
            raise element.error(
                "repeats", f"{entry.link_id}: a question that is answered several times cannot be asked"
            )
        match entry.type:
            case "display" | "group":
                return {"kind": QuestionKind.STATEMENT.value}, None
            case "choice":
                return self._choice(entry)
            case "integer" if entry.control == "slider":
                return self._scale(element), None
            case "integer" | "decimal":
                return self._number(element, id_, entry.type), None
            case "string" | "text":
                longest = min(element.whole("maxLength") or LONGEST_TEXT, LONGEST_TEXT)
                return {"kind": QuestionKind.FREE_TEXT.value, "longest": longest}, None
            case "date":
                return self._day(element), None
            case other:
                raise element.error("type", f"{entry.link_id}: the type {other} has no counterpart here")

    def _choice(self, entry: Entry) -> tuple[Fields, Options]:
        several = entry.element.flag("repeats") is True
        options = self._sets.read(entry, several=several)
        kind = QuestionKind.SEVERAL_CHOICES if several else QuestionKind.SINGLE_CHOICE
        fields: Fields = {"kind": kind.value, "option_set": options.name}
        return {**fields, **({"alone": list(options.alone)} if several and options.alone else {})}, options

    def _scale(self, element: Element) -> Fields:
        step = element.extension(vocabulary.SLIDER_STEP)
        if step is not None and step.whole("valueInteger") != 1:
            raise step.error("", "a scale goes in steps of 1 here")
        low, high = (self._bound(element, url, "") for url in (vocabulary.MINIMUM, vocabulary.MAXIMUM))
        return {
            "kind": QuestionKind.VISUAL_ANALOGUE_SCALE.value,
            "minimum": low or 0,
            "maximum": 100 if high is None else high,
        }

    def _number(self, element: Element, id_: str, kind: str) -> Fields:
        decimals = element.extension(vocabulary.DECIMALS)
        places = decimals.whole("valueInteger") if decimals else None
        low, high = (self._bound(element, url, "no bound") for url in (vocabulary.MINIMUM, vocabulary.MAXIMUM))
        return {
            "kind": QuestionKind.NUMBER.value,
            "minimum": -LARGEST_NUMBER if low is None else low,
            "maximum": LARGEST_NUMBER if high is None else high,
            "decimals": 0 if kind == "integer" else MOST_DECIMALS if places is None else places,
            **self._unit(element, id_),
        }

    def _unit(self, element: Element, id_: str) -> Fields:
        extension = element.extension(vocabulary.UNIT)
        coding = extension.element("valueCoding") if extension else None
        display = " ".join((coding.text("display") or "").split()) if coding else ""
        unit = (coding.text("code") or display) if coding else None
        if coding is None or not unit:
            return {}
        self._texts.add(f"{id_}:unit", self._texts.of(coding, "display"), coding.place)
        return {"unit": unit}

    def _bound(self, element: Element, url: str, remark: str) -> int | Decimal | None:
        extension = element.extension(url)
        if extension is None:
            if remark:
                self._remarks.add(f"{element.place}: has {remark}, here and elsewhere", about=remark)
            return None
        whole = extension.whole("valueInteger")
        found = extension.number("valueDecimal") if whole is None else whole
        if found is None:
            raise extension.error("", "must hold a number")
        return found

    def _day(self, element: Element) -> Fields:
        days = {}
        for name, url, otherwise in (
            ("earliest", vocabulary.MINIMUM, _FIRST_DAY),
            ("latest", vocabulary.MAXIMUM, _LAST_DAY),
        ):
            extension = element.extension(url)
            day = extension.day("valueDate") if extension else Element({"day": otherwise}, "").day("day")
            if day is None:
                raise element.error("", "its bounds must be dates")
            days[name] = day
        return {"kind": QuestionKind.DATE.value, **days}

    def _beside(self, entry: Entry, fields: Fields) -> list[Element]:
        """Texts beside a question to where they belong; what is left has no place there."""
        left = []
        taken: set[str] = set()
        for element in entry.beside:
            control = control_of(element)
            if fields["kind"] == QuestionKind.VISUAL_ANALOGUE_SCALE and control in _SCALE_PARTS:
                context = f"{fields['id']}:{_SCALE_PARTS[control]}"
            elif control == "inline" and "recall" in fields:
                context = f"recall:{fields['recall']}"
            elif control == "unit" and "unit" in fields:
                context = f"{fields['id']}:unit"
            elif fields["kind"] in _HINTED and control != "unit":
                context = f"{fields['id']}:hint"
            else:
                context = ""
            if context in {"", *taken}:
                left.append(element)
                continue
            taken.add(context)
            self._texts.add(context, self._texts.of(element, "text"), element.place)
        return left
