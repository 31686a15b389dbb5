"""The parts of an instrument that need wording, as stable contexts that every language shares.

For the names of the parts only: not for their texts.
"""

from collections.abc import Iterator

from instruments import Day, FreeText, Instrument, Item, Number, Scale, SeveralChoices, SingleChoice, Statement

# Shown around every question. The footer says whose wording it is, so nothing is shown without it.
FRAME = ("title", "intro", "footer")
# Those that may have paragraphs. Any other text is shown on the line that it stands on.
PARAGRAPHS = frozenset({"intro", "footer"})
# The way in which the figures of a scale run: one of ``DIRECTIONS`` rather than a text, and among the texts because it
# belongs to the version that was shown. Without it they run as the language is written.
DIRECTION = "direction"
DIRECTIONS = ("ltr", "rtl")
# The period asked about: an instrument may have none.
RECALL = "recall"
# The answer of somebody whom an item does not concern, for the items that offer it.
NOT_APPLICABLE = "not_applicable"


def item_contexts(item: Item) -> Iterator[str]:
    """What an item cannot be shown without: its stem, every option or label, and what else it offers."""
    yield f"item:{item.id}"
    if item.recall:
        yield f"{RECALL}:{item.recall}"
    match item.question:
        case SingleChoice(option_set, options) | SeveralChoices(option_set, options):
            for code in options:
                yield f"option:{option_set}:{code}"
        case Scale():
            for part in ("top", "bottom", "instruction"):
                yield f"{item.id}:{part}"
        case Number(unit=unit) if unit:
            yield f"{item.id}:unit"
        case _:
            pass
    if item.may_not_apply:
        yield NOT_APPLICABLE


def optional_contexts(instrument: Instrument) -> Iterator[str]:
    """What may be worded and is not missed: the recall, how scales run, hints beside an item, names of the results."""
    yield RECALL
    yield DIRECTION
    for item in instrument.items.values():
        if isinstance(item.question, Number | FreeText | Day | SeveralChoices | Statement):
            yield f"{item.id}:hint"
    for variable in instrument.variables:
        yield f"score:{variable.name}"


def needed(instrument: Instrument) -> tuple[str, ...]:
    """What the instrument cannot be shown without, in the order of the form."""
    items = (context for item in instrument.items.values() for context in item_contexts(item))
    return tuple(dict.fromkeys((*FRAME, *items)))


def ordered(instrument: Instrument) -> tuple[str, ...]:
    """Every context that a wording of the instrument may hold: what is needed, then what may be left out."""
    return tuple(dict.fromkeys((*needed(instrument), *optional_contexts(instrument))))
