"""An imported Questionnaire as files, read once more by the readers of instruments and wording, and put in place whole.

Not for libraries that run: what is imported here is looked at, completed and moved by people.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from instruments import Definition, DefinitionError, Instrument, Library
from instruments.declared import DeclaredScoring
from instruments.definition_file import read_definition
from survey_service.interop.errors import FhirError, InteropError
from survey_service.interop.questionnaire_import import ROOT, Imported
from translations.catalogue import InstrumentWording, WordingError, read_wording
from translations.completeness import missing_contexts

# Wording is checked against items and variables only; the bank that scoring may need is not in a Questionnaire.
_SCORES_NOTHING = DeclaredScoring(rules=(), points={}, lookups={}, banks={}, method="", method_hash="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An instrument as its files tell it. ``missing`` are the parts without text, by locale."""

    definition: Definition
    wordings: tuple[InstrumentWording, ...]
    missing: dict[str, tuple[str, ...]]


def checked(imported: Imported) -> Checked:
    """The definition and the wordings, read from files that are gone again.

    Raises
    ------
    FhirError
        Naming the place in the JSON of what the readers refuse.
    """
    with tempfile.TemporaryDirectory() as folder:
        imported.write(Path(folder))
        return _read(Path(folder), imported)


def write_folder(imported: Imported, folder: Path) -> Checked:
    """Write into a new folder: ``data/`` for definitions, ``wording/`` for PO files. All of it or nothing.

    Raises
    ------
    FhirError
        As `checked`.
    InteropError
        If the folder exists.
    """
    if folder.exists():
        raise InteropError(f"{folder.name} exists already: choose a new folder.")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".import-") as beside:
        whole = Path(beside) / "whole"
        whole.mkdir()
        imported.write(whole)
        found = _read(whole, imported)
        whole.rename(folder)
    return found


def _read(folder: Path, imported: Imported) -> Checked:
    try:
        definition = read_definition(folder / "data" / imported.id / imported.version)
    except DefinitionError as error:
        raise FhirError(_place(error, imported), error.problem) from None
    instrument = Instrument(definition=definition, scoring=_SCORES_NOTHING, content_hash="")
    library = Library({(definition.id, definition.version): instrument})
    try:
        wordings = tuple(read_wording(folder / "wording" / imported.id / name, library) for name in imported.wordings)
    except WordingError as error:
        raise FhirError(ROOT, str(error)) from None
    missing = {wording.locale: missing_contexts(instrument, wording) for wording in wordings}
    return Checked(definition=definition, wordings=wordings, missing=missing)


def _place(error: DefinitionError, imported: Imported) -> str:
    """Where in the JSON the field came from: its item, or the extension that holds the other fields."""
    if error.field.startswith("items["):
        number, _, rest = error.field.removeprefix("items[").partition("]")
        place = imported.places[int(number) - 1]
        return f"{place}.enableWhen" if rest.startswith(".ask_when") else place
    return f"{ROOT} ({error.field})" if error.field else ROOT
