"""Translators for tests, with a few subjects of their own kind each, and short ways from a text to an approved version.

tove translates; rita reviews and approves; axel may do both, to try his hand on his own work; nora does Norwegian only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from survey_service.access.use_cases import add_translator
from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.languages.approval import ApprovedVersion, Completeness, approve_wording, completeness
from survey_service.languages.desk_queries import Segment, SegmentRow, all_segments, segment
from survey_service.languages.rules import State
from survey_service.languages.seeding import Entered, enter_sources, seed_wording_texts
from survey_service.languages.workflow import Evidence, take_step, take_steps, translate
from translations.catalogue import wordings_at_hand
from translations.contexts import DIRECTION
from translations.placeholders import wanted_forms
from translations.subjects import INTERFACE, SourceText, SubjectKind

OWN = "instrument:prem-overall:1.0:self"
DEMONSTRATION = "instrument:promis-anxiety:1.0:self"
EVIDENCE = Evidence("interviews.pdf", b"%PDF made up: five interviews")
QUESTION = "item:overall"

GREETING, COUNTED, SAVED = "Welcome", "%(num)s question", "Saved at %(time)s"
INTERFACE_SOURCES = (
    SourceText(context=GREETING, position=0, forms=(GREETING,), concept="the start page"),
    SourceText(context=COUNTED, position=1, forms=(COUNTED, "%(num)s questions")),
    SourceText(context=SAVED, position=2, forms=(SAVED,)),
)


@dataclass(frozen=True)
class Team:
    services: Services
    tove: Translator
    rita: Translator
    axel: Translator
    nora: Translator

    def rows(self, subject: str = OWN, locale: str = "nb") -> dict[str, SegmentRow]:
        """Every text by its context."""
        with self.services.db.transaction(as_=self.tove) as connection:
            return {row.context: row for row in all_segments(connection, subject, locale)}

    def segment(
        self, context: str = QUESTION, *, subject: str = OWN, locale: str = "nb", reader: Translator | None = None
    ) -> Segment:
        reader = reader or self.tove
        with self.services.db.transaction(as_=reader) as connection:
            return segment(
                connection,
                self.services,
                subject=subject,
                context=context,
                locale=locale,
                reader=reader.translator_id,
            )

    def write(
        self,
        *forms: str,
        context: str = QUESTION,
        subject: str = OWN,
        locale: str = "nb",
        by: Translator | None = None,
        draft: bool = False,
    ) -> UUID:
        """A translation in place of whatever there is."""
        there = self.rows(subject, locale)[context].translation
        return translate(
            self.services,
            subject=subject,
            context=context,
            locale=locale,
            forms=forms,
            replaces=there.id if there else None,
            draft=draft,
            as_=by or self.tove,
        )

    def take(self, translation_id: UUID, *states: State, by: Translator | None = None, note: str = "") -> None:
        for state in states:
            evidence = EVIDENCE if state is State.LINGUISTICALLY_VALIDATED else None
            take_step(
                self.services,
                translation_id=translation_id,
                state=state,
                note=note,
                evidence=evidence,
                as_=by or self.rita,
            )

    def approved(self, *forms: str, context: str = QUESTION, subject: str = OWN, locale: str = "nb") -> UUID:
        """A text by tove that rita has taken the whole way."""
        translation_id = self.write(*forms, context=context, subject=subject, locale=locale)
        self.take(translation_id, State.REVIEWED, State.LINGUISTICALLY_VALIDATED, State.APPROVED)
        return translation_id

    def whole(
        self,
        subject: str = OWN,
        locale: str = "nb",
        *,
        but: Sequence[str] = (),
        text: Callable[[str], str] = "nb: {}".format,
    ) -> None:
        """Every text of a subject but some, taken the whole way."""
        ids = [
            self.write(*_forms(row, text, locale), context=context, subject=subject, locale=locale)
            for context, row in self.rows(subject, locale).items()
            if context not in but
        ]
        for state in (State.REVIEWED, State.LINGUISTICALLY_VALIDATED, State.APPROVED):
            evidence = EVIDENCE if state is State.LINGUISTICALLY_VALIDATED else None
            assert take_steps(self.services, ids, state=state, evidence=evidence, as_=self.rita) == ()

    def completeness(self, subject: str = OWN, locale: str = "nb") -> Completeness:
        with self.services.db.transaction(as_=self.rita) as connection:
            return completeness(connection, self.services, subject=subject, locale=locale)

    def approve(self, subject: str = OWN, locale: str = "nb", **how: object) -> ApprovedVersion:
        return approve_wording(self.services, subject=subject, locale=locale, as_=self.rita, **how)

    def change_source(self, context: str, *forms: str, subject: str = OWN) -> Entered:
        """Enter the sources of a subject anew, with another text for one of them."""
        return self.enter(subject, {context: forms})

    def enter(self, subject: str, changes: dict[str, tuple[str, ...]], *, without: Sequence[str] = ()) -> Entered:
        kind = SubjectKind.INTERFACE if subject == INTERFACE else self.segment_kind(subject)
        texts = [
            SourceText(
                context=context,
                position=row.position,
                forms=changes.get(context, row.source),
                concept=row.concept,
                needed=row.needed,
            )
            for context, row in self.rows(subject).items()
            if context not in without
        ]
        return enter_sources(self.services, subject, kind, texts)

    def add(self, subject: str, *texts: SourceText) -> Entered:
        """Enter the sources of a subject anew, with some more."""
        there = [
            SourceText(context=context, position=row.position, forms=row.source, concept=row.concept, needed=row.needed)
            for context, row in self.rows(subject).items()
        ]
        return enter_sources(self.services, subject, self.segment_kind(subject), [*there, *texts])

    def segment_kind(self, subject: str) -> SubjectKind:
        return SubjectKind.OWN if subject == OWN else SubjectKind.DEMONSTRATION


def make_team(services: Services) -> Team:
    """The sources are in; Swedish and English came with the files; nobody has begun Norwegian (nb)."""
    wanted = ("prem-overall", "promis-anxiety")
    shipped = wordings_at_hand(services.library, services.settings.instruments)
    seed_wording_texts(services, [one for one in shipped if one.instrument in wanted and one.locale in ("en", "sv")])
    enter_sources(services, INTERFACE, SubjectKind.INTERFACE, INTERFACE_SOURCES)

    def add(name: str, *, expert: bool = False, locales: tuple[str, ...] | None = None) -> Translator:
        hsa_id = f"SE2321000016-{name}"
        added = add_translator(
            services, hsa_id=hsa_id, name=name.title(), may_review=expert, may_approve=expert, locales=locales
        )
        return Translator(added)

    return Team(
        services,
        tove=add("tove"),
        rita=add("rita", expert=True),
        axel=add("axel", expert=True),
        nora=add("nora", locales=("nb",)),
    )


def _forms(row: SegmentRow, text: Callable[[str], str], locale: str) -> tuple[str, ...]:
    if row.context == DIRECTION:
        return row.source
    if len(row.source) == 1:
        return (text(row.source[0]),)
    last = len(row.source) - 1
    return tuple(text(row.source[min(place, last)]) for place in range(len(wanted_forms(row.source, locale))))
