"""Which items of an instrument may be shown in a language: those with wording for every part.

A missing text is never shown blank and never borrowed from another language. Not for approval, which is a
matter of who has reviewed the text.
"""

from instruments import Instrument
from translations.catalogue import InstrumentWording
from translations.contexts import FRAME, item_contexts, needed


def eligible_items(instrument: Instrument, wording: InstrumentWording) -> frozenset[str]:
    """Ids of the items whose stem and every option have text.

    None at all when the title, introduction or footer is missing, since no question is shown without them.

    Raises
    ------
    ValueError
        If the wording is of another instrument or version.
    """
    wanted = f"{instrument.id} {instrument.version}"
    if (wording.instrument, wording.version) != (instrument.id, instrument.version):
        raise ValueError(f"this is wording of {wording.instrument} {wording.version}, not of {wanted}")
    if any(context not in wording.texts for context in FRAME):
        return frozenset()
    return frozenset(
        item.id
        for item in instrument.items.values()
        if all(context in wording.texts for context in item_contexts(item))
    )


def missing_contexts(instrument: Instrument, wording: InstrumentWording) -> tuple[str, ...]:
    """Parts that have no text, in the order of the form; the optional ones are not missed."""
    return tuple(context for context in needed(instrument) if context not in wording.texts)
