"""A rights-holder's labels as the wording of an instrument: whole, fitting and signed, or refused.

For checking what a label file says and for the template that it is filled in from. Not for reading the formats
(`label_files`), nor for who may accept the result.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import MappingProxyType

from babel import Locale, UnknownLocaleError

from instruments import Instrument, Respondent
from translations.catalogue import InstrumentWording, WordingKind
from translations.characters import control_characters
from translations.completeness import missing_contexts
from translations.contexts import PARAGRAPHS, needed, ordered
from translations.label_files import TEMPLATE_COLUMNS, Label, read_labels
from translations.po import WordingError


@dataclass(frozen=True, slots=True)
class Room:
    """How many characters a part may have, and above how many it is crowded on a phone."""

    most: int
    crowded: int


# By the beginning or the end of the context; the first that fits. What no rule names is a short label.
_ROOMS: tuple[tuple[Callable[[str], bool], Room], ...] = (
    (lambda context: context in ("intro", "footer"), Room(2_000, 600)),
    (lambda context: context == "title", Room(150, 60)),
    (lambda context: context.startswith("item:"), Room(600, 200)),
    (lambda context: context.startswith("recall"), Room(300, 100)),
    (lambda context: context.endswith((":instruction", ":hint")), Room(1_000, 400)),
)
_SHORT = Room(150, 60)


class LabelsRefused(WordingError):
    """The labels cannot become a wording; ``problems`` are all that were found, each with its place."""

    def __init__(self, file: str, problems: Sequence[str]) -> None:
        super().__init__(file, "", f"{len(problems)} problems" if len(problems) > 1 else problems[0])
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class CheckedLabels:
    """Labels that may be shown to somebody for acceptance. ``warnings`` are no reason to refuse."""

    wording: InstrumentWording
    language_version: str
    warnings: tuple[str, ...]


def room(context: str) -> Room:
    """How long the text of a part may be."""
    return next((room for fits, room in _ROOMS if fits(context)), _SHORT)


def load_labels(
    path: Path,
    instrument: Instrument,
    *,
    locale: str,
    language_version: str,
    respondent: Respondent = Respondent.SELF,
) -> CheckedLabels:
    """The labels of a file as licensed wording of the instrument.

    Raises
    ------
    WordingError
        If the file cannot be read, or the language or its version is none.
    LabelsRefused
        If any label cannot be taken; it names them all.
    """
    _check_question(instrument, path.name, locale, language_version)
    labels = read_labels(path, locale=locale)
    problems = [*_problems(instrument, labels), *_problems_of_footer(labels, language_version)]
    wording = InstrumentWording(
        instrument=instrument.id,
        version=instrument.version,
        locale=locale,
        kind=WordingKind.LICENSED,
        respondent=respondent,
        texts=MappingProxyType({label.context: label.text for label in labels}),
        sources=MappingProxyType({}),
        concepts=MappingProxyType({}),
    )
    problems += [f"{context}: is missing" for context in missing_contexts(instrument, wording)]
    if problems:
        raise LabelsRefused(path.name, problems)
    return CheckedLabels(wording, language_version, tuple(_warnings(labels)))


def template(instrument: Instrument, concepts: Mapping[str, str]) -> list[tuple[str, ...]]:
    """A table for the rights-holder to fill in: every part with its concept and how much room it has."""
    wanted = frozenset(needed(instrument))
    # What may be left out is not in the table unless somebody has said what it is.
    told = [context for context in ordered(instrument) if context in wanted or context in concepts]
    rows = [(context, "", concepts.get(context, ""), str(room(context).most)) for context in told]
    return [TEMPLATE_COLUMNS, *rows]


def write_csv(rows: Sequence[Sequence[str]]) -> str:
    """The table as CSV with semicolons, which a Swedish Excel opens as columns."""
    out = StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _check_question(instrument: Instrument, file: str, locale: str, language_version: str) -> None:
    if not instrument.licence.required:
        raise WordingError(file, "", f"{instrument.id} has wording of the project's own, and takes no labels")
    try:
        Locale.parse(locale, sep="_" if "_" in locale else "-")
    except (UnknownLocaleError, ValueError):
        raise WordingError(file, "language", f"{locale!r} is no language that is known") from None
    if not language_version.strip() or not language_version.isprintable():
        raise WordingError(file, "language version", "is empty or not printable")


def _problems(instrument: Instrument, labels: Sequence[Label]) -> Iterator[str]:
    known = frozenset(ordered(instrument))
    first: dict[str, str] = {}
    for label in labels:
        where = f"{label.place}: {label.context or 'context'}"
        if label.context not in known:
            yield f"{where}: is no part of {instrument.id} {instrument.version}"
            continue
        if label.context in first:
            yield f"{where}: is there twice, first at {first[label.context]}"
        first.setdefault(label.context, label.place)
        yield from (f"{where}: text {problem}" for problem in _problems_of_text(label))


def _problems_of_text(label: Label) -> Iterator[str]:
    text = label.text
    if not text.strip():
        yield "is empty"
        return
    if text != text.strip():
        yield "begins or ends with a blank or a line end"
    paragraphs = label.context in PARAGRAPHS
    lines = text.strip().replace("\r\n", "\n") if paragraphs else text.strip()
    # In a rights-holder's label nothing turns the direction: whoever accepts it reads it as it is stored.
    for character in control_characters(lines, paragraphs=paragraphs, isolates=False):
        yield f"holds the control character U+{ord(character):04X}"
    most = room(label.context).most
    if len(text) > most:
        yield f"has {len(text):,} characters, {most:,} have room"


def _problems_of_footer(labels: Sequence[Label], language_version: str) -> Iterator[str]:
    """The footer says whose words they are and which version of the language: it is on every page of the form."""
    for label in labels:
        if label.context == "footer":
            if "©" not in label.text:
                yield f"{label.place}: footer: text lacks the copyright sign (©)"
            if language_version not in label.text:
                yield f"{label.place}: footer: text lacks the language version {language_version!r}"


def _warnings(labels: Sequence[Label]) -> Iterator[str]:
    for label in labels:
        crowded = room(label.context).crowded
        if len(label.text) > crowded:
            yield f"{label.place}: {label.context}: {len(label.text)} characters, more than {crowded} crowd a phone"
        if "<" in label.text and ">" in label.text:
            yield f"{label.place}: {label.context}: looks like markup, which would be shown as it stands"
