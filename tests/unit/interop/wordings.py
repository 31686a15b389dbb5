"""Instruments with wordings to hand out, and wordings made up for whatever has none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from instruments import Day, Definition, FreeText, Number, Respondent, SeveralChoices, Statement
from survey_service.interop.folder import Checked, checked
from survey_service.interop.json_text import write_json
from survey_service.interop.questionnaire_import import read_questionnaire
from translations.catalogue import InstrumentWording, WordingKind
from translations.contexts import FRAME, RECALL, item_contexts

HINTED = Number | FreeText | Day | SeveralChoices | Statement


@dataclass(frozen=True, slots=True)
class Told:
    """A definition and its wordings, the base language first."""

    definition: Definition
    wordings: tuple[InstrumentWording, ...]


def told_of(definition: Definition, wordings: Iterable[InstrumentWording]) -> Told:
    own = [one for one in wordings if (one.instrument, one.version) == (definition.id, definition.version)]
    patients = tuple(one for one in own if one.respondent is Respondent.SELF)
    return Told(definition, patients or tuple(made_up(definition, locale) for locale in ("en", "sv", "pt_BR")))


def made_up(
    definition: Definition,
    locale: str,
    *,
    texts: Mapping[str, str] | None = None,
    kind: WordingKind | None = None,
    respondent: Respondent = Respondent.SELF,
) -> InstrumentWording:
    """Wording of every part, the optional ones too, unless ``texts`` says what there is."""
    sources = {context: f"source of {context}" for context in contexts(definition)}
    given = {context: f"{context} in {locale}" for context in sources} if texts is None else texts
    return InstrumentWording(
        instrument=definition.id,
        version=definition.version,
        locale=locale,
        kind=kind or WordingKind(definition.licence.wording.value),
        respondent=respondent,
        texts=given,
        sources=sources,
        concepts=dict.fromkeys(sources, "made up"),
    )


def contexts(definition: Definition) -> list[str]:
    """Every part, in the order of the form."""
    items = [context for item in definition.items.values() for context in item_contexts(item)]
    hints = [f"{item.id}:hint" for item in definition.items.values() if isinstance(item.question, HINTED)]
    scores = [f"score:{variable.name}" for variable in definition.variables]
    return list(dict.fromkeys((*FRAME, RECALL, *items, *hints, *scores)))


def read_back(resource: Mapping[str, Any]) -> Checked:
    """A Questionnaire through its JSON and the files that it becomes."""
    return checked(read_questionnaire(write_json(resource).encode()))
