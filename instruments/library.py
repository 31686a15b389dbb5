"""The instruments at hand: every version found in a folder of definitions.

For finding instruments. Nothing is half-loaded: one bad file refuses the whole library.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cat_engine import ItemBank
from instruments.definition import AdaptiveBankDeclared, Definition
from instruments.definition_file import FILE, read_definition
from instruments.errors import DefinitionError, UnknownInstrument
from instruments.instrument import Instrument
from instruments.reading import LARGEST_FILE, line_of, lines_of_fields
from instruments.scoring import load_scoring, read_bank

SHIPPED = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """Instruments by id and version."""

    instruments: Mapping[tuple[str, str], Instrument]

    @classmethod
    def load(cls, *folders: Path | str) -> "Library":
        """All ``<id>/<version>`` folders under the folders; those that the project ships, when none is given.

        Raises
        ------
        DefinitionError
            If a folder holds none, or any of them cannot be used, or one comes twice.
        """
        places: dict[tuple[str, str], Path] = {}
        for folder in folders or (SHIPPED,):
            for path in _versions(Path(folder)):
                if (path.parent.name, path.name) in places:
                    raise DefinitionError(f"{path.parent.name}/{path.name}", "", "comes twice")
                places[path.parent.name, path.name] = path
        files = {key: _files(path) for key, path in places.items()}
        definitions = {key: read_definition(path) for key, path in places.items()}

        @cache
        def find_bank(id_: str, version: str) -> ItemBank | None:
            definition = definitions.get((id_, version))
            if definition is None or not isinstance(definition.scoring, AdaptiveBankDeclared):
                return None
            return read_bank(definition, definition.scoring, places[id_, version])

        def load(key: tuple[str, str], definition: Definition) -> Instrument:
            content_hash = _content_hash(files[key])
            try:
                scoring = load_scoring(definition, places[key], content_hash=content_hash, find_bank=find_bank)
            except DefinitionError as error:
                raise _with_line(error, places) from error
            return Instrument(definition=definition, scoring=scoring, content_hash=content_hash)

        return cls({key: load(key, definition) for key, definition in definitions.items()})

    @classmethod
    def at_hand(cls, own: Path | None) -> "Library":
        """What the project ships, and what is in the ``data`` of a folder of the operator's own. Raises as `load`."""
        return cls.load(SHIPPED) if own is None else cls.load(SHIPPED, own / "data")

    def get(self, id: str, version: str, form: str = "") -> Instrument:
        """Exactly that version, whole or as one of its short forms.

        Raises
        ------
        UnknownInstrument
            If it is not here.
        """
        try:
            return self.instruments[id, version].in_form(form)
        except KeyError:
            raise UnknownInstrument(f"there is no instrument {id!r} in version {version!r}") from None

    def installed(self, id: str, version: str, form: str = "") -> Instrument | None:
        """The same, or None: what was answered long ago may have been removed since."""
        try:
            return self.get(id, version, form)
        except UnknownInstrument:
            return None

    def find(self, id: str, version: str | None) -> Instrument:
        """That version, or the newest where none is named. Raises as `get`."""
        return self.latest(id) if version is None else self.get(id, version)

    def latest(self, id: str) -> Instrument:
        """The newest version, by its numbers (1.10 after 1.9).

        Raises
        ------
        UnknownInstrument
            If there is no version of it.
        """
        versions = [instrument for instrument in self.instruments.values() if instrument.id == id]
        if not versions:
            raise UnknownInstrument(f"there is no instrument {id!r}")
        return max(versions, key=lambda instrument: _numbers(instrument.version))

    def ids(self) -> tuple[str, ...]:
        """Ids of the instruments, sorted."""
        return tuple(sorted({id for id, _ in self.instruments}))


def _is_shown(path: Path) -> bool:
    return not any(part.startswith((".", "_")) for part in (path.name, path.parent.name))


def _versions(root: Path) -> list[Path]:
    versions = sorted(path for path in root.glob("*/*") if path.is_dir() and _is_shown(path))
    if not versions:
        raise DefinitionError(root.name, "", "holds no instrument")
    return versions


def _files(folder: Path) -> list[Path]:
    """The files of a version, none of them enormous. Links are followed: the hash is of what they lead to."""
    paths = sorted(path for path in folder.iterdir() if path.is_file() and _is_shown(path))
    for path in paths:
        if path.stat().st_size > LARGEST_FILE:
            file = f"{folder.parent.name}/{folder.name}/{path.name}"
            raise DefinitionError(file, "", f"is larger than {LARGEST_FILE} bytes")
    return paths


def _with_line(error: DefinitionError, places: Mapping[tuple[str, str], Path]) -> DefinitionError:
    """The same error with the line of its field, when it only showed beside another file."""
    for (id_, version), folder in places.items():
        if error.line is None and error.file == f"{id_}/{version}/{FILE}":
            line = line_of(error.field, lines_of_fields((folder / FILE).read_text(encoding="utf-8-sig")))
            return DefinitionError(error.file, error.field, error.problem, line=line)
    return error


def _content_hash(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        # A checkout on Windows may have other line ends; that is no change of content.
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return "sha256:" + digest.hexdigest()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
