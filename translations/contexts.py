"""The parts of an instrument that need wording, as stable contexts that every language shares.

For the names of the parts only: not for their texts.
"""

from collections.abc import Iterator

from instruments import Instrument, Item, QuestionKind

# Shown around every question. The footer says whose wording it is, so nothing is shown without it.
FRAME = ("title", "intro", "footer")
OPTIONAL = ("recall",)


def item_contexts(item: Item) -> Iterator[str]:
    """Stem and every option or label of one item."""
    yield f"item:{item.id}"
    match item.kind:
        case QuestionKind.SINGLE_CHOICE:
            for code in item.options:
                yield f"option:{item.option_set}:{code}"
        case QuestionKind.VISUAL_ANALOGUE_SCALE:
            for part in ("top", "bottom", "instruction"):
                yield f"{item.id}:{part}"


def instrument_contexts(instrument: Instrument) -> frozenset[str]:
    """Every context that a wording of the instrument may hold."""
    items = (context for item in instrument.items.values() for context in item_contexts(item))
    return frozenset((*FRAME, *OPTIONAL, *items))
