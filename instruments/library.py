"""The instruments at hand: every version found in a folder of definitions.

For finding instruments. Nothing is half-loaded: one bad file refuses the whole library.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from instruments.definition import read_definition
from instruments.errors import DefinitionError, UnknownInstrument
from instruments.instrument import Instrument
from instruments.scoring import load_scoring

SHIPPED = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """Instruments by id and version."""

    instruments: Mapping[tuple[str, str], Instrument]

    @classmethod
    def load(cls, folder: Path | str = SHIPPED) -> "Library":
        """All ``<id>/<version>`` folders under the folder.

        Raises
        ------
        DefinitionError
            If there is none, or any of them cannot be used.
        """
        root = Path(folder)
        versions = sorted(path for path in root.glob("*/*") if path.is_dir() and _is_shown(path))
        if not versions:
            raise DefinitionError(root.name, "", "holds no instrument")
        loaded = [_load(path) for path in versions]
        return cls({(instrument.id, instrument.version): instrument for instrument in loaded})

    def get(self, id: str, version: str) -> Instrument:
        """Exactly that version.

        Raises
        ------
        UnknownInstrument
            If it is not here.
        """
        try:
            return self.instruments[id, version]
        except KeyError:
            raise UnknownInstrument(f"there is no instrument {id!r} in version {version!r}") from None

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


def _load(folder: Path) -> Instrument:
    definition = read_definition(folder)
    content_hash = _content_hash(folder)
    scoring = load_scoring(definition, folder, content_hash=content_hash)
    return Instrument(definition=definition, scoring=scoring, content_hash=content_hash)


def _content_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file() and _is_shown(path)):
        # A checkout on Windows may have other line ends; that is no change of content.
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return "sha256:" + digest.hexdigest()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
