"""The texts of a Questionnaire by language and part, and as wording files.

For gathering and for conflicts. Which part a text belongs to is said by whoever reads the element.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instruments import Respondent
from survey_service.interop.elements import Element, Translated
from survey_service.interop.errors import FhirError
from translations.po import WordingError
from translations.po_writing import PoEntry, po_text

_ENGLISH = "en"
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class DeclaredWording:
    """That there is a wording: its language tag, its locale, whose it is, and whether a speaker has reviewed it."""

    language: str
    locale: str
    kind: str
    reviewed_by_speaker: bool = True


class WordingsRead:
    """Texts by language tag and context. ``language`` is that of the base text."""

    def __init__(self, language: str) -> None:
        self._base = language
        self._texts: dict[str, dict[str, str]] = {}
        self._places: dict[tuple[str, str], str] = {}
        self._contexts: dict[str, None] = {}
        self._sources: dict[str, str] = {}
        self._concepts: dict[str, str] = {}
        self._declared: list[DeclaredWording] = []

    @property
    def languages(self) -> tuple[str, ...]:
        """Language tags of the texts, that of the base text first."""
        return tuple(dict.fromkeys((self._base, *self._texts)))

    def of(self, element: Element, field: str) -> Translated:
        return element.translated(field, self._base)

    def add(self, context: str, texts: Mapping[str, str], place: str) -> None:
        """Raises ``FhirError`` where the part already has another text in a language."""
        self._contexts.setdefault(context)
        for language, text in texts.items():
            held = self._texts.setdefault(language, {})
            if held.setdefault(context, text) != text:
                first = self._places[language, context]
                raise FhirError(place, f"{context} has another text in {language or 'the base language'} at {first}")
            self._places.setdefault((language, context), place)

    def concept(self, context: str, concept: str) -> None:
        """What translators are told about the part."""
        self._concepts[context] = concept

    def read_part(self, part: Element) -> None:
        """What the project's own Questionnaires tell of a part, and its texts where they have no other place."""
        context = ""
        for one in part.elements("extension"):
            match one.required_text("url"):
                case "context":
                    context = one.required_text("valueString")
                case "source":
                    self._sources[context] = one.required_text("valueString")
                case "concept":
                    self._concepts[context] = one.required_text("valueString")
                case "text":
                    language, text = one.in_language()
                    self.add(context, {language: text}, one.place)
                case other:
                    raise one.error("url", f"{other!r} is nothing that is told of a part")
        if not context:
            raise part.error("", "must hold the context first")
        # In the order that the parts are told in.
        self._contexts.pop(context, None)
        self._contexts[context] = None

    def declare(self, wordings: Sequence[DeclaredWording], *, place: str) -> None:
        """There are these wordings and no others."""
        for one in wordings:
            if not _LOCALE.fullmatch(one.locale):
                raise FhirError(place, f"{one.locale!r} is no locale such as sv or pt-BR")
            self._texts.setdefault(one.language, {})
        if len({one.locale for one in wordings}) < len(wordings):
            raise FhirError(place, "tells of two wordings in one language")
        for language in self._texts:
            if language not in {one.language for one in wordings}:
                place = next(where for (each, _), where in self._places.items() if each == language)
                raise FhirError(place, f"is in {language or 'no language'}, which is not among the wordings")
        self._declared = list(wordings)

    def files(self, id_: str, version: str, respondent: Respondent) -> dict[str, str]:
        """PO texts by the name of their file.

        Raises
        ------
        FhirError
            For a text that no file can hold.
        """
        files = {}
        for one in self._declared:
            name = f"{one.locale}.po" if respondent is Respondent.SELF else f"{one.locale}.{respondent.value}.po"
            headers = {
                "Project-Id-Version": f"{id_} {version}",
                "Language": one.locale,
                "MIME-Version": "1.0",
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Transfer-Encoding": "8bit",
                "X-Instrument": id_,
                "X-Instrument-Version": version,
                "X-Wording-Kind": one.kind,
                "X-Respondent": respondent.value,
            } | ({} if one.reviewed_by_speaker else {"X-Reviewed-By-Speaker": "no"})
            try:
                files[name] = po_text(headers, self._entries(one.language), file=name)
            except WordingError as error:
                place = self._places.get((one.language, str(error.place)), "Questionnaire")
                raise FhirError(place, str(error)) from None
        return files

    def _entries(self, language: str) -> list[PoEntry]:
        texts = self._texts[language]
        return [
            PoEntry(context=part, source=source, text=texts.get(part, ""), concept=self._concepts.get(part, ""))
            for part in self._contexts
            if (source := self._source(part))
        ]

    def _source(self, context: str) -> str:
        """As told; else the English text, else that of the base language, else any."""
        if source := self._sources.get(context):
            return source
        found = (self._texts.get(language, {}).get(context) for language in (_ENGLISH, *self.languages))
        return next((text for text in found if text), "")
