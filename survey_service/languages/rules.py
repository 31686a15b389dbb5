"""When a wording may be shown, and which language to show. Pure."""

from instruments import Instrument
from survey_service.errors import Unavailable, mark
from translations.catalogue import InstrumentWording, WordingKind
from translations.completeness import eligible_items

NOT_AVAILABLE = mark("This survey is not available in a language that we can show. Your care unit can help you.")


def may_be_shown(
    instrument: Instrument, wording: InstrumentWording, *, demonstration: bool, licensed: frozenset[str]
) -> bool:
    """Whether the wording is complete enough, and of a kind that may be shown here.

    A form given whole needs all of its wording; an adaptive one enough items for its shortest length. Demonstration
    wording is for demonstrations, and the rights-holder's for the languages that a licence covers (``licensed``):
    anywhere else they are as if they were not there [D1].
    """
    if not _is_allowed(instrument, wording, demonstration=demonstration, licensed=licensed):
        return False
    eligible = eligible_items(instrument, wording)
    if instrument.adaptive:
        return len(eligible) >= instrument.estimated_questions[0]
    return eligible == frozenset(instrument.items)


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


def choose_language(offered: frozenset[str], wanted: str) -> str:
    """The wanted language where it is offered, else Swedish, else whichever is. Raises ``Unavailable``."""
    for locale in (wanted, "sv", *sorted(offered)):
        if locale in offered:
            return locale
    raise Unavailable(NOT_AVAILABLE)
