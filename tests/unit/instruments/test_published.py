"""Published versions never change: every shipped version has its content hash on record."""

import tomllib
from pathlib import Path

import pytest

from instruments import Instrument, Library
from instruments.library import SHIPPED

RECORD = Path(__file__).parent / "published.toml"

WHAT_TO_DO = (
    "{version}: the files are not those that were published. Undo the change, or put the new content under a new "
    "version: a published version never changes, since scores on record were made with it. Only a version that no "
    "installation has ever used may be recorded anew, in published.toml: {found}"
)


@pytest.fixture(scope="module")
def recorded() -> dict[str, str]:
    return {
        f"{instrument}/{version}": content_hash
        for instrument, versions in tomllib.loads(RECORD.read_text(encoding="utf-8")).items()
        for version, content_hash in versions.items()
    }


def test_every_shipped_version_is_what_was_published(library: Library, recorded: dict[str, str]) -> None:
    """D3"""
    for (instrument, version), each in library.instruments.items():
        name = f"{instrument}/{version}"
        assert recorded.get(name) == each.content_hash, WHAT_TO_DO.format(version=name, found=each.content_hash)


def test_no_published_version_is_taken_away(library: Library, recorded: dict[str, str]) -> None:
    """D3: a score on record must still be explained."""
    assert recorded.keys() == {f"{instrument}/{version}" for instrument, version in library.instruments}


def test_every_folder_is_loaded_and_every_file_in_it_counts(library: Library) -> None:
    folders = {tuple(path.parent.relative_to(SHIPPED).parts) for path in SHIPPED.rglob("*") if path.is_file()}
    assert folders == set(library.instruments)


@pytest.mark.parametrize("change", ["in a comment", "a file more", "a file less", "a new name"])
def test_any_change_of_a_file_changes_the_content_hash(copied: Path, anxiety: Instrument, change: str) -> None:
    folder = copied / "prem-visit" / "1.0"
    before = Library.load(copied).latest("prem-visit").content_hash
    definition = folder / "definition.toml"
    match change:
        case "in a comment":
            definition.write_text("# More.\n" + definition.read_text(encoding="utf-8"), encoding="utf-8")
        case "a file more":
            (folder / "notes.txt").write_text("", encoding="utf-8")
        case "a file less" | "a new name":
            (folder / "notes.txt").write_text("", encoding="utf-8")
            before = Library.load(copied).latest("prem-visit").content_hash
            (folder / "notes.txt").unlink()
            if change == "a new name":
                (folder / "note.txt").write_text("", encoding="utf-8")
    assert Library.load(copied).latest("prem-visit").content_hash != before
    assert Library.load(copied).latest("promis-anxiety").content_hash == anxiety.content_hash


def test_line_ends_do_not_change_the_content_hash(copied: Path, library: Library) -> None:
    for path in copied.glob("*/*/*"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    found = {key: each.content_hash for key, each in Library.load(copied).instruments.items()}
    assert found == {key: each.content_hash for key, each in library.instruments.items()}
