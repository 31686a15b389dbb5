"""An instrument with its wordings as a FHIR R4 Questionnaire: plain values, ready to be written as JSON.

For the form as others may show it. What FHIR has no place for is in the project's own extensions, so that
`questionnaire_import` gives the same definition and the same wording back. The files beside a definition (banks and
look-up tables) do not travel: their names and hashes do.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from instruments import Administration, Definition, Respondent
from instruments.writing import definition_fields
from survey_service.interop import vocabulary
from survey_service.interop.errors import NotExported
from survey_service.interop.fields import as_extensions
from survey_service.interop.items_export import item_element
from survey_service.interop.texts import Texts
from survey_service.interop.vocabulary import PROJECT
from translations.catalogue import InstrumentWording, WordingKind

# These are elements of the Questionnaire itself.
_TOLD_ELSEWHERE = frozenset({"id", "version", "administration", "option_sets", "items"})


def questionnaire(
    definition: Definition,
    wordings: Sequence[InstrumentWording] = (),
    *,
    language: str = "",
    base: str = PROJECT,
    licence_statement: str = "",
) -> dict[str, Any]:
    """The Questionnaire in every language of the wordings, which are for one kind of respondent.

    Parameters
    ----------
    language
        The locale of the base text; the first wording's when it is empty.
    base
        What the url begins with.
    licence_statement
        Which licence allows the rights-holder's wording to be handed out like this. Without it, it is not.

    Raises
    ------
    NotExported
        If the wordings are licensed and no licence is stated, or do not belong together.
    """
    _check(definition, wordings, licence_statement)
    texts = Texts(_base_first(wordings, language))
    respondent = wordings[0].respondent if wordings else definition.respondents[0].who
    frame = [element for part in ("intro", "recall") if (element := _frame_item(part, texts))]
    url = _url(definition, respondent, base)
    items = [item_element(item, definition, texts, url=url) for item in definition.items.values()]
    body = {
        "url": url,
        "identifier": [{"system": vocabulary.INSTRUMENT_IDS, "value": definition.id}],
        "version": definition.version,
        "name": "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", definition.id)),
        **texts.of("title", "title"),
        **_standing(wordings),
        "subjectType": ["Patient"],
        **texts.of("copyright", "footer", before=definition.licence.rights_holder),
        "item": frame + items,
    }
    head = {"resourceType": "Questionnaire", **({"language": texts.languages[0]} if wordings else {})}
    # Last, since what has found its place by now is not told again.
    extensions = _extensions(definition, wordings, texts, respondent, licence_statement)
    return {**head, "extension": extensions, **body}


def _check(definition: Definition, wordings: Sequence[InstrumentWording], licence_statement: str) -> None:
    name = f"{definition.id} {definition.version}"
    for wording in wordings:
        if (wording.instrument, wording.version) != (definition.id, definition.version):
            raise NotExported(f"This is wording of {wording.instrument} {wording.version}, not of {name}.")
        if wording.kind is WordingKind.LICENSED and not licence_statement.strip():
            holder = definition.licence.rights_holder
            raise NotExported(
                f"The {wording.locale} wording of {name} belongs to {holder}: it is handed out only with a statement "
                "of the licence that allows it."
            )
    if len({wording.respondent for wording in wordings}) > 1:
        raise NotExported("Patients and proxies are asked in different words: each has a Questionnaire of its own.")
    if len({wording.locale.replace("_", "-") for wording in wordings}) < len(wordings):
        raise NotExported(f"Two wordings of {name} are in one language.")


def _base_first(wordings: Sequence[InstrumentWording], language: str) -> list[InstrumentWording]:
    if language and language not in {wording.locale for wording in wordings}:
        raise NotExported(f"There is no wording in {language}.")
    return sorted(wordings, key=lambda wording: wording.locale != language) if language else list(wordings)


def _url(definition: Definition, respondent: Respondent, base: str) -> str:
    """A proxy is asked in other words, so it is another Questionnaire."""
    url = f"{base.rstrip('/')}/Questionnaire/{definition.id}"
    return url if respondent is Respondent.SELF else f"{url}/{respondent.value}"


def _standing(wordings: Sequence[InstrumentWording]) -> Mapping[str, Any]:
    """A draft, and not for care, as long as any of its words only stand in for the rights-holder's."""
    stands_in = any(wording.kind is WordingKind.DEMONSTRATION for wording in wordings)
    return {"status": "active" if wordings and not stands_in else "draft", "experimental": stands_in}


def _frame_item(part: str, texts: Texts) -> dict[str, Any] | None:
    text = texts.of("text", part)
    # Ids of items begin with a letter, so these can never be one.
    mark = [{"url": vocabulary.FRAME_PART, "valueCode": part}]
    return {"extension": mark, "linkId": f"_{part}", **text, "type": "display"} if text else None


def _extensions(
    definition: Definition,
    wordings: Sequence[InstrumentWording],
    texts: Texts,
    respondent: Respondent,
    licence_statement: str,
) -> list[dict[str, Any]]:
    fields = {name: value for name, value in definition_fields(definition).items() if name not in _TOLD_ELSEWHERE}
    extensions: list[dict[str, Any]] = []
    if definition.administration is Administration.ADAPTIVE:
        extensions.append({"url": vocabulary.ADAPTIVE, "valueBoolean": True})
    extensions.append({"url": vocabulary.INSTRUMENT, "extension": as_extensions(fields)})
    extensions.append({"url": vocabulary.RESPONDENT, "valueCode": respondent.value})
    extensions += [_wording(wording) for wording in texts.wordings]
    if any(wording.kind is WordingKind.LICENSED for wording in wordings):
        extensions.append({"url": vocabulary.LICENCE_STATEMENT, "valueString": licence_statement})
    return extensions + [{"url": vocabulary.PART, "extension": texts.part(context)} for context in texts.contexts]


def _wording(wording: InstrumentWording) -> dict[str, Any]:
    parts = [
        {"url": "language", "valueCode": wording.locale.replace("_", "-")},
        {"url": "locale", "valueString": wording.locale},
        {"url": "kind", "valueCode": wording.kind.value},
    ]
    if not wording.reviewed_by_speaker:
        parts.append({"url": "reviewed-by-speaker", "valueCode": "no"})
    return {"url": vocabulary.WORDING, "extension": parts}
