"""The options of choices as option sets: codes that are whole numbers, texts, points and what rules out the rest.

For sharing: options that are told alike are one set.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from instruments.writing import Value
from survey_service.interop import vocabulary
from survey_service.interop.elements import Element, Translated
from survey_service.interop.errors import FhirError
from survey_service.interop.flattening import Entry, Remarks
from survey_service.interop.wording_import import WordingsRead

# As a Questionnaire names an option: its system, if any, and its code.
Coding = tuple[str, str]
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class _Option:
    coding: Coding
    texts: Translated
    ordinal: Decimal | None
    is_alone: bool
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an item may be answered with: the name of the set, and the codes by which conditions mean its options."""

    name: str
    by_coding: Mapping[Coding, int]
    alone: tuple[int, ...]
    may_not_apply: bool


class OptionSets:
    """The option sets met so far."""

    def __init__(self, texts: WordingsRead, remarks: Remarks) -> None:
        self.codes: dict[str, tuple[int, ...]] = {}
        self._ordinals: dict[str, tuple[Decimal | None, ...]] = {}
        self._places: dict[str, str] = {}
        self._alike: dict[object, str] = {}
        self._texts = texts
        self._remarks = remarks

    def read(self, entry: Entry, *, several: bool) -> Options:
        """The options of a choice.

        Raises
        ------
        FhirError
            If it has none, one occurs twice, or they are not what the set of that name is elsewhere.
        """
        found = list(self._options(entry.element))
        options = [option for option in found if not _is_not_applicable(option.coding)]
        if not options:
            raise entry.element.error("answerOption", f"{entry.link_id}: a choice has options")
        codes = self._codes(options)
        name = self._name(entry, options, codes)
        for option, code in zip(options, codes, strict=True):
            self._texts.add(f"option:{name}:{code}", option.texts, option.place)
            if option.coding[1] != str(code):
                self._texts.concept(f"option:{name}:{code}", "|".join(part for part in option.coding if part))
        for option in found:
            if _is_not_applicable(option.coding):
                self._texts.add("not_applicable", option.texts, option.place)
        by_coding = {option.coding: code for option, code in zip(options, codes, strict=True)}
        alone = tuple(by_coding[option.coding] for option in options if option.is_alone) if several else ()
        return Options(name=name, by_coding=by_coding, alone=alone, may_not_apply=len(found) > len(options))

    def points(self) -> Mapping[str, Sequence[Decimal]]:
        """The ordinals of each set that has them for every option, where they are not the codes."""
        points = {}
        for name, ordinals in self._ordinals.items():
            known = [ordinal for ordinal in ordinals if ordinal is not None]
            if known and len(known) < len(ordinals):
                self._remarks.add(f"{self._places[name]}: some options have no ordinal, so none is kept")
            elif known and known != [Decimal(code) for code in self.codes[name]]:
                points[name] = known
        return points

    def check_ordinals(self, points: Mapping[str, Value]) -> None:
        """Raises ``FhirError`` where an ordinal is neither the declared points of its option nor its code."""
        for name, ordinals in self._ordinals.items():
            declared = points.get(name, self.codes[name])
            worth = list(declared) if isinstance(declared, list | tuple) else []
            if all(ordinal is not None for ordinal in ordinals) and list(ordinals) != worth:
                raise FhirError(self._places[name], "the ordinals of its options are not the points that scoring tells")

    def _options(self, element: Element) -> Iterator[_Option]:
        seen: set[Coding] = set()
        for option in element.elements("answerOption"):
            read = self._option(option)
            if read.coding in seen:
                raise option.error("", f"{read.coding[1]!r} occurs twice")
            seen.add(read.coding)
            yield read

    def _option(self, option: Element) -> _Option:
        exclusive = option.extension(vocabulary.EXCLUSIVE)
        is_alone = exclusive is not None and exclusive.flag("valueBoolean") is True
        coding = option.element("valueCoding")
        if coding is not None:
            named = coding.text("system") or "", coding.text("code") or coding.required_text("display")
            ordinal = _ordinal(coding) if coding.extensions(vocabulary.ORDINAL) else _ordinal(option)
            return _Option(named, self._texts.of(coding, "display"), ordinal, is_alone, option.place)
        number = option.whole("valueInteger")
        texts = self._texts.of(option, "valueString")
        code = option.text("valueString") if number is None else str(number)
        if code is None:
            raise option.error("", "must be a coding, a text or a whole number")
        return _Option(
            ("", code), texts or self._texts.of(Element({"n": code}, ""), "n"), _ordinal(option), is_alone, option.place
        )

    def _codes(self, options: Sequence[_Option]) -> tuple[int, ...]:
        """Their own codes where those are whole numbers, else their ordinals, else 1 and on in printed order."""
        texts = [option.coding[1] for option in options]
        if all(_WHOLE.fullmatch(text) for text in texts) and len({int(text) for text in texts}) == len(texts):
            return tuple(map(int, texts))
        ordinals = [str(option.ordinal) for option in options]
        if all(_WHOLE.fullmatch(text) for text in ordinals) and len(set(ordinals)) == len(ordinals):
            return tuple(map(int, ordinals))
        return tuple(range(1, len(options) + 1))

    def _name(self, entry: Entry, options: Sequence[_Option], codes: tuple[int, ...]) -> str:
        named = entry.element.extension(vocabulary.OPTION_SET)
        ordinals = tuple(option.ordinal for option in options)
        if named is not None:
            name = named.required_text("valueString")
        else:
            alike = tuple((option.coding, tuple(sorted(option.texts.items())), option.ordinal) for option in options)
            name = self._alike.setdefault(alike, f"options_{len(self._alike) + 1}")
        told = self.codes.setdefault(name, codes), self._ordinals.setdefault(name, ordinals)
        first = self._places.setdefault(name, entry.element.place)
        if told != (codes, ordinals):
            raise entry.element.error("answerOption", f"the option set {name} has other options or ordinals at {first}")
        return name


def not_applicable(coding: Element) -> bool:
    """Whether it is the answer of somebody whom the question does not concern."""
    return _is_not_applicable((coding.text("system") or "", coding.text("code") or ""))


def _is_not_applicable(coding: Coding) -> bool:
    return coding == (vocabulary.ABSENT, vocabulary.NOT_APPLICABLE)


def _ordinal(holder: Element) -> Decimal | None:
    extension = holder.extension(vocabulary.ORDINAL)
    return extension.number("valueDecimal") if extension else None
