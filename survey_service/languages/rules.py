"""When a wording may be shown, which language to show, and which way a translation may go. Pure."""

from collections.abc import Collection, Mapping

from instruments import Instrument
from survey_service.errors import Unavailable, mark
from translations.catalogue import InstrumentWording, WordingKind
from translations.completeness import eligible_items
from translations.states import State

__all__ = ["FORWARD", "NOT_AVAILABLE", "State", "choose_language", "may_be_shown", "next_states"]

NOT_AVAILABLE = mark("This survey is not available in a language that we can show. Your care unit can help you.")


def may_be_shown(
    instrument: Instrument, wording: InstrumentWording, *, demonstration: bool, licensed: frozenset[str]
) -> bool:
    """Whether the wording is complete enough, and of a kind that may be shown here.

    A form given whole needs all of its wording; an adaptive one as many items as its bank asks for [E2]. Demonstration
    wording is for demonstrations, and the rights-holder's for the languages that a licence covers (``licensed``):
    anywhere else they are as if they were not there [D1].
    """
    if not _is_allowed(instrument, wording, demonstration=demonstration, licensed=licensed):
        return False
    eligible = eligible_items(instrument, wording)
    return len(eligible) >= instrument.minimum_eligible


def _is_allowed(
    instrument: Instrument, wording: InstrumentWording, *, demonstration: bool, licensed: frozenset[str]
) -> bool:
    if not wording.kind.belongs_to(instrument):
        return False
    match wording.kind:
        case WordingKind.DEMONSTRATION:
            return demonstration
        case WordingKind.LICENSED:
            return wording.locale in licensed
        case WordingKind.OWN:
            return True


def choose_language(offered: Collection[str], wanted: str) -> str:
    """The wanted language where it is offered, else Swedish, else whichever is. Raises ``Unavailable``."""
    for locale in (wanted, "sv", *sorted(offered)):
        if locale in offered:
            return locale
    raise Unavailable(NOT_AVAILABLE)


def next_states(
    state: State, *, by_maker: bool, may_review: bool, may_approve: bool, needs_validation: bool = False
) -> frozenset[State]:
    """The states that somebody may take a translation to. The database holds the same (``main_0011``).

    Nobody reviews, validates or approves own work. Whoever may review sends back what is not good. Instruments of the
    project's own are linguistically validated before they are approved (``needs_validation``); demonstration wording
    and the interface may be. Whoever may approve withdraws, own work too: to take a text back is safe.
    """
    reviews, approves = may_review and not by_maker, may_approve and not by_maker
    match state:
        case State.DRAFT:
            return frozenset({State.TRANSLATED} if by_maker else ())
        case State.TRANSLATED:
            return _of({State.REVIEWED: reviews, State.DRAFT: reviews or by_maker})
        case State.REVIEWED:
            return _of(
                {
                    State.LINGUISTICALLY_VALIDATED: reviews,
                    State.APPROVED: approves and not needs_validation,
                    State.DRAFT: reviews or approves,
                }
            )
        case State.LINGUISTICALLY_VALIDATED:
            return _of({State.APPROVED: approves, State.DRAFT: reviews or approves})
        case State.APPROVED:
            return _of({State.WITHDRAWN: may_approve})
        case State.WITHDRAWN:
            return frozenset()


def _of(allowed: Mapping[State, bool]) -> frozenset[State]:
    return frozenset(state for state, is_allowed in allowed.items() if is_allowed)


# What a text has to be true to its source for; to send back or withdraw one, it has not.
FORWARD = frozenset({State.TRANSLATED, State.REVIEWED, State.LINGUISTICALLY_VALIDATED, State.APPROVED})
