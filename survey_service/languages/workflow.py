"""Translating a text and taking it from state to state. Nothing is overwritten: what was written stays, and says by whom.

Not for approving a version as a whole: that is `approval`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from survey_service.errors import Conflict
from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.languages.desk_queries import TranslationVersion
from survey_service.languages.rules import State


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a step rests on: a file with interviews, a back-translation, a reconciliation."""

    name: str
    content: bytes


class Overtaken(Conflict):
    """Somebody else has changed the text since it was opened; ``other`` is what it says now, None when nothing."""

    def __init__(self, sentence: str, other: TranslationVersion | None) -> None:
        super().__init__(sentence)
        self.other = other


@dataclass(frozen=True, slots=True)
class Refused:
    """A text of several that was not taken, and why."""

    id: UUID
    sentence: str


def translate(
    services: Services,
    *,
    subject: str,
    context: str,
    locale: str,
    forms: Sequence[str],
    replaces: UUID | None,
    as_: Translator,
    draft: bool = False,
) -> UUID:
    """Enter a translation; returns its id. ``replaces`` is the one that was on the screen, None for none.

    It is translated, or a ``draft``. The same text again is no new translation, unless its source has changed. Raises
    ``BadInput`` with a sentence for each form that cannot be (``fields`` by its place: "0", "1" …), ``Overtaken`` when
    somebody else was first, ``AccessDenied`` when the language is not theirs.
    """
    raise NotImplementedError


def take_step(
    services: Services,
    *,
    translation_id: UUID,
    state: State,
    note: str = "",
    evidence: Evidence | None = None,
    as_: Translator,
) -> UUID:
    """Take a translation to a state; returns the step's id.

    Raises ``BadInput`` where the state needs evidence or the source has changed, ``Overtaken`` when another translation
    has replaced it, ``AccessDenied`` when the rules do not let this translator.
    """
    raise NotImplementedError


def take_steps(
    services: Services,
    translation_ids: Sequence[UUID],
    *,
    state: State,
    note: str = "",
    evidence: Evidence | None = None,
    as_: Translator,
) -> tuple[Refused, ...]:
    """Take many to a state, in one transaction; returns those that could not be taken, which stay as they are."""
    raise NotImplementedError


def comment(services: Services, *, subject: str, context: str, locale: str, text: str, as_: Translator) -> UUID:
    """Say something about a text, to the other translators."""
    raise NotImplementedError


def enter_term(
    services: Services, *, term: str, locale: str, translation: str, note: str = "", as_: Translator
) -> UUID:
    """Say how a term is to be translated; an empty ``translation`` takes it out of the glossary."""
    raise NotImplementedError


def import_bundle(
    services: Services,
    *,
    subject: str,
    locale: str,
    texts: Mapping[str, Sequence[str]],
    replaces: Mapping[str, UUID | None],
    as_: Translator,
    draft: bool = False,
) -> int:
    """Enter the translations that somebody accepted from a file, all or none; returns how many were new.

    ``texts`` and ``replaces`` are by context. Raises as ``translate`` does, with the context as the field.
    """
    raise NotImplementedError
