"""Which questions may hurt, so that where to turn is said before, beside and after them. Pure.

A new instrument says it in its definition. Versions that are out never change, since every session has their hash: what
may hurt in them is named here. Not an alarm: no answer is read by it.
"""

from instruments import Instrument, Item

_SHIPPED = {"promis-depression": frozenset({"EDDEP39"})}


def is_sensitive(instrument: Instrument, item: Item) -> bool:
    """Whether the question may hurt to be asked."""
    return item.sensitive or item.id in _SHIPPED.get(instrument.id, frozenset())


def may_hurt(instrument: Instrument) -> bool:
    """Whether the instrument has such a question, even if an adaptive test never comes to it."""
    return any(is_sensitive(instrument, item) for item in instrument.items.values())
