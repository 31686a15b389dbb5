"""The items of a Questionnaire in a row: groups become statements, and what hangs on a group or a question hangs on
each item in it.

For order and inheritance, and for refusing what would change which questions are asked. Not for what an item asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from instruments.definition_file import MOST_ITEMS
from survey_service.interop import vocabulary
from survey_service.interop.elements import Element
from survey_service.interop.errors import FhirError

# Deeper than any form that people can follow, and far from Python's own limit.
DEEPEST = 10
_LEFT_OUT = ("initial", "code", "definition", "prefix")


class Remarks:
    """What is left out or taken for granted, each sentence once."""

    def __init__(self) -> None:
        self._sentences: dict[str, str] = {}

    def add(self, sentence: str, *, about: str = "") -> None:
        """``about`` is what a whole file is told of once, with the first place."""
        self._sentences.setdefault(about or sentence, sentence)

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(self._sentences.values())


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition that hangs on an answer: that of an element, or that its question above has been answered."""

    element: Element
    answered: str = ""


@dataclass(slots=True)
class Entry:
    """An item that is shown or asked, what it hangs on, and the texts that belong to it."""

    element: Element
    link_id: str
    type: str
    conditions: tuple[Asked, ...]
    beside: list[Element] = field(default_factory=list)

    @property
    def control(self) -> str:
        return control_of(self.element)


def flatten(root: Element, remarks: Remarks) -> list[Entry]:
    """Every item in the order of asking.

    Raises
    ------
    FhirError
        For a linkId that occurs twice, items beyond the limits, and what cannot be left out.
    """
    _check_extensions(root, remarks)
    seen: dict[str, str] = {}
    entries = []
    for entry in _walk(root, (), seen, remarks, depth=1):
        entries.append(entry)
        if len(entries) > MOST_ITEMS:
            raise entry.element.error("", f"is one of more than {MOST_ITEMS} items")
    if not entries:
        raise root.error("item", "holds no question")
    return entries


def control_of(element: Element) -> str:
    """The code of its control; empty without one."""
    extension = element.extension(vocabulary.ITEM_CONTROL)
    concept = extension.element("valueCodeableConcept") if extension else None
    codes = [coding.text("code") for coding in concept.elements("coding")] if concept else []
    return codes[0] or "" if codes else ""


def _walk(
    holder: Element, conditions: tuple[Asked, ...], seen: dict[str, str], remarks: Remarks, *, depth: int
) -> Iterator[Entry]:
    for element in holder.elements("item"):
        if depth > DEEPEST:
            raise element.error("", f"is nested more than {DEEPEST} deep")
        link_id = _new_link_id(element, seen)
        _check(element, remarks)
        kind = element.required_text("type")
        if kind == "display" and element.has("item"):
            raise element.error("item", "a text to read holds no items")
        own = (*conditions, Asked(element)) if element.has("enableWhen") else conditions
        entry = Entry(element, link_id, kind, own)
        if kind == "group":
            yield from _group(entry, seen, remarks, depth=depth)
        elif kind == "display" or not element.has("item"):
            yield entry
        else:
            yield from _question(entry, seen, remarks, depth=depth)


def _group(entry: Entry, seen: dict[str, str], remarks: Remarks, *, depth: int) -> Iterator[Entry]:
    if entry.element.flag("repeats"):
        raise entry.element.error("repeats", "a group that is answered several times cannot be asked here")
    if entry.element.has("text") or entry.element.has("_text"):
        yield entry
    yield from _walk(entry.element, entry.conditions, seen, remarks, depth=depth + 1)


def _question(entry: Entry, seen: dict[str, str], remarks: Remarks, *, depth: int) -> Iterator[Entry]:
    """A question with items of its own: texts beside it, and questions that follow once it is answered."""
    below = (*entry.conditions, Asked(entry.element, answered=entry.link_id))
    following = list(_walk(entry.element, below, seen, remarks, depth=depth + 1))
    direct = {id(child) for child in following if child.type == "display" and child.conditions == below}
    entry.beside = [child.element for child in following if id(child) in direct]
    yield entry
    yield from (child for child in following if id(child) not in direct)


def _new_link_id(element: Element, seen: dict[str, str]) -> str:
    link_id = element.required_text("linkId")
    if link_id in seen:
        raise element.error("linkId", f"{link_id!r} is that of {seen[link_id]} too")
    seen[link_id] = element.place
    return link_id


def _check(element: Element, remarks: Remarks) -> None:
    if element.has("modifierExtension"):
        raise element.error("modifierExtension", "changes the meaning in a way that is not known here")
    hidden = element.extension(vocabulary.HIDDEN)
    if element.flag("readOnly") or (hidden and hidden.flag("valueBoolean")):
        raise element.error("", f"{element.text('linkId')} is not for the respondent to answer")
    for field_name in _LEFT_OUT:
        if element.has(field_name):
            remarks.add(f"{element.place}.{field_name}: is left out, here and elsewhere", about=field_name)
    _check_extensions(element, remarks)


def _check_extensions(element: Element, remarks: Remarks) -> None:
    for extension in element.elements("extension"):
        url = extension.required_text("url")
        if url in vocabulary.REFUSED:
            raise FhirError(extension.place, f"{element.text('linkId')}: {vocabulary.REFUSED[url]}")
        if url not in vocabulary.READ:
            remarks.add(f"{extension.place}: {url} is left out, here and elsewhere", about=url)
