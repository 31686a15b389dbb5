"""What the desk shows, as values: languages at a glance, a subject's texts, one text with all that belongs to it.

For the desk and the command line. Not for where they come from (`desk_queries`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from survey_service.languages.rules import State
from translations.subjects import SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRow:
    """Something to translate, with the number of its texts, and how many of them it cannot do without."""

    subject: str
    kind: SubjectKind
    texts: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow:
    """A subject in one language. ``by_state`` counts the current translation of each text.

    ``stale`` of them are of a source that has changed; ``untranslated`` texts have none. ``version_id`` is the version
    in force (of `wordings` or `interface_versions`), where there is one; ``offered`` whether it is complete enough to
    be shown here.
    """

    subject: str
    kind: SubjectKind
    locale: str
    total: int
    by_state: Mapping[State, int]
    untranslated: int
    stale: int
    version_id: UUID | None
    approved_at: datetime | None
    offered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A translation's way from state to state. ``by`` is None for the files' own review."""

    id: UUID
    state: State
    by: UUID | None
    by_name: str
    at: datetime
    note: str
    evidence_name: str | None
    evidence_digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationVersion:
    """One translation of one text. ``stale``: its source has changed since. ``by`` is None for what came with files."""

    id: UUID
    number: int
    forms: tuple[str, ...]
    source: tuple[str, ...]
    state: State
    stale: bool
    by: UUID | None
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """One text in a list. ``source_id`` names it in addresses, as long as its source stays as it is."""

    source_id: UUID
    context: str
    position: int
    concept: str
    needed: bool
    source: tuple[str, ...]
    translation: TranslationVersion | None
    comments: int


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """Some texts in order; ``next`` is the ``after`` of the page that follows, None at the end."""

    rows: tuple[SegmentRow, ...]
    next: UUID | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    locale: str
    text: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Term:
    """How a term of the source is said in the language."""

    term: str
    translation: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One text in one language with all that a translator wants to see.

    ``versions`` are all translations, the newest first; ``current`` is the first of them. ``approved`` is the one that
    patients may be shown, which an edit leaves in force. ``others`` are the newest translations by language. ``steps``
    are those of ``current``. ``next_states`` is what the reader may do with it, ``may_translate`` whether they may
    replace it, ``may_withdraw`` whether they may take ``approved`` back. ``previous_source`` is what ``current`` was
    made from, where that is another text. A form of more than ``room`` characters crowds a phone, which keeps nobody
    from saving. ``before`` and ``after`` are its neighbours' ``source_id``.
    """

    subject: str
    kind: SubjectKind
    locale: str
    source_id: UUID
    context: str
    position: int
    concept: str
    needed: bool
    source: tuple[str, ...]
    form_names: tuple[str, ...]
    current: TranslationVersion | None
    approved: TranslationVersion | None
    versions: tuple[TranslationVersion, ...]
    previous_source: tuple[str, ...] | None
    steps: tuple[Step, ...]
    next_states: frozenset[State]
    may_translate: bool
    may_withdraw: bool
    others: Mapping[str, TranslationVersion]
    comments: tuple[Comment, ...]
    terms: tuple[Term, ...]
    room: int
    before: UUID | None
    after: UUID | None
