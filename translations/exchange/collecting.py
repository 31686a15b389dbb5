"""From the texts that a file holds to the bundle that they were given out as: nothing lost, nothing from elsewhere.

For what all formats share: the marks that are written beside the texts and checked when they come back. Not for whether
the translations fit: that is `preview`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from translations.exchange.bundle import MOST_TEXTS, Bundle, ExchangeSegment, NotExchangeable, digest
from translations.placeholders import wanted_forms
from translations.po import WordingError
from translations.sentences import Where, mark
from translations.states import State

_NONE = "-"


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of itself. ``texts`` is how many it was given out with."""

    subject: str
    source_locale: str
    locale: str
    texts: int

    @classmethod
    def of(cls, bundle: Bundle) -> "Head":
        return cls(bundle.subject, bundle.source_locale, bundle.locale, len(bundle.segments))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadText:
    """One text as it stands in a file. ``finished`` is false where the file says that somebody is still at it."""

    context: str
    concept: str
    source: tuple[str, ...]
    target: tuple[str, ...]
    mark: str
    place: Where
    finished: bool = True


@dataclass(frozen=True, slots=True)
class FormRow:
    """One form of a text, for the formats that have a row or a unit for each: ``name`` is empty for the only one."""

    name: str
    source: str
    target: str
    is_wanted: bool


def mark_of(bundle: Bundle, segment: ExchangeSegment) -> str:
    """What is written beside a text, so that a file that comes back can be told from a damaged or a foreign one."""
    # Without hyphens, at which some tools break lines.
    version = segment.translation_id.hex if segment.translation_id else _NONE
    return f"{segment.state or _NONE} {version} {_source_digest(Head.of(bundle), segment)} {segment.given}"


def form_rows(bundle: Bundle, segment: ExchangeSegment) -> tuple[FormRow, ...]:
    """The forms that either language has. Where the source has no such form, its last stands for it."""
    sources = dict(zip(wanted_forms(segment.source, bundle.source_locale), segment.source, strict=True))
    wanted = wanted_forms(segment.source, bundle.locale)
    targets = dict(zip(wanted, segment.target or ("",) * len(wanted), strict=True))
    names = list(dict.fromkeys((*(name for name in sources if name not in targets), *wanted)))
    return tuple(
        FormRow(name, sources.get(name, segment.source[-1]), targets.get(name, ""), name in targets) for name in names
    )


def forms_of(
    rows: Sequence[FormRow], head: Head, *, file: str, place: Where
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Source and target from the rows of one text.

    Raises
    ------
    WordingError
        If a row is missing, there twice, or of a form that neither language has.
    """
    by_name = {row.name: row for row in rows}
    if len(by_name) != len(rows):
        raise WordingError(file, place, mark("has a form twice"))
    is_plural = set(by_name) != {""}
    shape = ("one", "other") if is_plural else ("",)
    sources, targets = wanted_forms(shape, head.source_locale), wanted_forms(shape, head.locale)
    wanted = {*sources, *targets}
    if by_name.keys() != wanted:
        raise WordingError(
            file, place, mark("must have the forms %(forms)s"), values={"forms": ", ".join(sorted(wanted))}
        )
    for name in wanted.difference(targets):
        if by_name[name].target:
            problem = mark("has a translation of the form %(form)s, which %(language)s has not")
            raise WordingError(file, place, problem, values={"form": name, "language": head.locale})
    return tuple(by_name[name].source for name in sources), tuple(by_name[name].target for name in targets)


def collect(head: Head, texts: Iterable[ReadText], *, file: str) -> Bundle:
    """The bundle that the texts of a file are.

    Raises
    ------
    WordingError
        Naming file and place, if a text is missing, there twice, or not as it was given out.
    """
    segments: list[ExchangeSegment] = []
    places: dict[str, Where] = {}
    for text in texts:
        if len(segments) == MOST_TEXTS:
            problem = mark("is one text more than the %(most)s there can be")
            raise WordingError(file, text.place, problem, values={"most": MOST_TEXTS})
        segment = _segment(head, text, file=file)
        if (first := places.setdefault(segment.context, text.place)) != text.place:
            problem = mark("is there twice, first at %(place)s")
            raise WordingError(file, text.place, problem, context=segment.context, values={"place": first})
        segments.append(segment)
    if len(segments) != head.texts:
        problem = mark("has %(found)s of the %(given)s texts that it was given out with")
        raise WordingError(file, "", problem, values={"found": len(segments), "given": head.texts})
    try:
        return Bundle(
            subject=head.subject, source_locale=head.source_locale, locale=head.locale, segments=tuple(segments)
        )
    except NotExchangeable as error:
        raise _refused(file, places.get(error.context, ""), error) from None


def _segment(head: Head, text: ReadText, *, file: str) -> ExchangeSegment:
    if not text.context:
        raise WordingError(file, text.place, mark("has no context"))
    try:
        state, version, source, given = text.mark.split()
        segment = ExchangeSegment(
            context=text.context,
            concept=text.concept,
            source=text.source,
            target=text.target,
            state=None if state == _NONE else State(state),
            translation_id=None if version == _NONE else UUID(version),
            given=given,
            place=text.place,
        )
    except NotExchangeable as error:
        raise _refused(file, text.place, error) from None
    except ValueError:
        raise WordingError(file, text.place, mark("its mark is missing or damaged"), context=text.context) from None
    if source != _source_digest(head, segment):
        problem = mark("the source text is not the one given out")
        raise WordingError(file, text.place, problem, context=text.context)
    return _with_state_returned(segment, finished=text.finished)


def _refused(file: str, place: Where, error: NotExchangeable) -> WordingError:
    return WordingError(file, place, error.problem, context=error.context, values=error.values)


def _with_state_returned(segment: ExchangeSegment, *, finished: bool) -> ExchangeSegment:
    """Whoever worked on a text outside has translated it, or is still at it; other states are given here."""
    if not segment.is_touched:
        return segment
    state = State.TRANSLATED if finished else State.DRAFT
    return replace(segment, state=state if segment.target else None)


def _source_digest(head: Head, segment: ExchangeSegment) -> str:
    return digest(head.subject, head.source_locale, head.locale, segment.context, segment.source)
