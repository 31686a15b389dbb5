"""The texts of several wordings as FHIR primitives: one base language, the others as translations beside it.

For handing texts out. It keeps account of which parts have found a place, so that the rest can be told apart from them.
"""

from collections.abc import Sequence
from typing import Any

from survey_service.interop.errors import NotExported
from survey_service.interop.vocabulary import TRANSLATION
from translations.catalogue import InstrumentWording

_ENGLISH = "en"


class Texts:
    """Wordings of one instrument, the base language first."""

    def __init__(self, wordings: Sequence[InstrumentWording]) -> None:
        self.wordings = tuple(wordings)
        self.languages = tuple(wording.locale.replace("_", "-") for wording in wordings)
        self.contexts = tuple(dict.fromkeys(part for one in wordings for part in (*one.sources, *one.texts)))
        self._placed: set[str] = set()

    def of(self, field: str, context: str, *, before: str = "") -> dict[str, Any]:
        """The element's field, and its translations beside it; nothing where no language has the text.

        ``before`` stands above the text in every language, and by itself where the base language has none.
        """
        self._placed.add(context)
        texts = [wording.texts.get(context, "") for wording in self.wordings]
        told = [f"{before}\n\n{text}" if before and text else text for text in texts]
        base = (told[0] if told else "") or before
        translations = [
            _in_language(TRANSLATION, language, text)
            for language, text in zip(self.languages[1:], told[1:], strict=True)
            if text
        ]
        element: dict[str, Any] = {field: base} if base else {}
        return element | {f"_{field}": {"extension": translations}} if translations else element

    def part(self, context: str) -> list[dict[str, Any]]:
        """What translators know of a part (source and concept), and its texts if they have no other place."""
        said: list[dict[str, Any]] = [{"url": "context", "valueString": context}]
        source = self._shared_source(context)
        in_english = next((one.texts.get(context) for one in self.wordings if one.locale == _ENGLISH), None)
        if source and source != in_english:
            said.append({"url": "source", "valueString": source})
        if concept := next((text for one in self.wordings if (text := one.concepts.get(context))), ""):
            said.append({"url": "concept", "valueString": concept})
        if context not in self._placed:
            told = (
                (language, one.texts.get(context)) for language, one in zip(self.languages, self.wordings, strict=True)
            )
            said += [_in_language("text", language, text) for language, text in told if text]
        return said

    def _shared_source(self, context: str) -> str:
        sources = {source for one in self.wordings if (source := one.sources.get(context))}
        if len(sources) > 1:
            raise NotExported(f"The wordings translate different sources of {context}.")
        return min(sources, default="")


def _in_language(url: str, language: str, text: str) -> dict[str, Any]:
    return {"url": url, "extension": [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": text}]}
