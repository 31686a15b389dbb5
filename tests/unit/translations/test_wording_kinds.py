"""A wording file says whose words it holds, and can only say what the instrument's licence lets it."""

import shutil
from pathlib import Path

import pytest

from instruments import Library, WordingOwner
from translations.catalogue import SHIPPED, WordingError, WordingKind, load_wordings, read_wording


def copied(folder: Path, instrument: str, old: str, new: str) -> Path:
    path = folder / instrument / "sv.po"
    path.parent.mkdir()
    shutil.copy(SHIPPED / instrument / "sv.po", path)
    text = path.read_text(encoding="utf-8")
    assert f"X-Wording-Kind: {old}" in text
    path.write_text(text.replace(f"X-Wording-Kind: {old}", f"X-Wording-Kind: {new}"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("instrument", "old", "new", "owner"),
    [("eq5d-5l", "demonstration", "own", "licensed"), ("prem-overall", "own", "licensed", "own")],
)
def test_wording_that_the_licence_does_not_let_be_is_refused_with_file_and_header(
    instrument: str, old: str, new: str, owner: str, library: Library, tmp_path: Path
) -> None:
    """D1"""
    with pytest.raises(WordingError) as refused:
        read_wording(copied(tmp_path, instrument, old, new), library)
    assert str(refused.value) == (
        f"{instrument}/sv.po: X-Wording-Kind: {new!r}, but the wording of {instrument} is {owner}"
    )


@pytest.mark.parametrize(
    ("instrument", "old", "new"),
    [
        ("eq5d-5l", "demonstration", "licensed"),
        ("prem-overall", "own", "demonstration"),
    ],
)
def test_other_kinds_are_read_as_they_are_named(
    instrument: str, old: str, new: str, library: Library, tmp_path: Path
) -> None:
    assert read_wording(copied(tmp_path, instrument, old, new), library).kind == new


def test_what_ships_is_the_projects_own_or_a_demonstration_never_licensed(library: Library) -> None:
    """D1"""
    for wording in load_wordings(library):
        owner = library.get(wording.instrument, wording.version).licence.wording
        assert wording.kind is (WordingKind.OWN if owner is WordingOwner.OWN else WordingKind.DEMONSTRATION)
