"""Overlays: item parameters of a language or group that differ from the reference, linked to its metric.

For laying them over a bank, so that a score can say what it rests on. Not for finding out which items differ.
"""

from dataclasses import dataclass

from cat_engine.bank import AppliedOverlay, BankError, ItemBank
from cat_engine.items import Item
from cat_engine.linking import IDENTITY, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Parameters of some items for a language or group.

    Parameters
    ----------
    name
        Recorded with every score: language or group, and version.
    items
        On the overlay's own metric.
    link
        From that metric to the reference's; the identity where they were calibrated on it.
    """

    name: str
    items: tuple[Item, ...]
    link: Link = IDENTITY

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise BankError("an overlay needs a name")

    def over(self, bank: ItemBank) -> ItemBank:
        """The bank with these items' parameters in place of its own; the rest, the order and the grid stay.

        Raises
        ------
        BankError
            If an item is not in the bank, comes twice or has other categories than there, or if the bank already has
            an overlay.

        Examples
        --------
        >>> from cat_engine import GradedItem
        >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)), GradedItem("y", 2.0, (0.5,))))
        >>> swedish = Overlay(name="sv 1.0", items=(GradedItem("y", 1.0, (0.0,)),), link=Link(1.0, 0.75)).over(bank)
        >>> swedish.items[1]
        GradedItem(id='y', slope=1.0, thresholds=(0.75,))
        >>> swedish.overlay.name, swedish.overlay.base_hash == bank.content_hash
        ('sv 1.0', True)
        """
        if bank.overlay is not None:
            raise BankError(f"overlay {self.name}: the bank already has the overlay {bank.overlay.name}")
        replaced = {item.id: self.link.item(item) for item in self.items}
        if len(replaced) != len(self.items):
            raise BankError(f"overlay {self.name}: an item comes twice")
        for item_id, item in replaced.items():
            position = bank.index.get(item_id)
            if position is None:
                raise BankError(f"overlay {self.name}: item {item_id!r} is not in the bank")
            if item.categories != bank.categories[position]:
                raise BankError(f"overlay {self.name}: item {item_id} has other categories than in the bank")
        items = tuple(replaced.get(item.id, item) for item in bank.items)
        return ItemBank(items, bank.grid, AppliedOverlay(self.name, bank.content_hash))
