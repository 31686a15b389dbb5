"""What lies in the print folder: a letter that everybody can read, and a manifest that names nobody."""

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from notifications.channels import PermanentFailure
from notifications.channels.letter import PrintFolder
from notifications.channels.letter.page import set_letter
from notifications.message import PostalAddress
from tests.contract.ways_out import KEY, LETTER

RETURN = "Box 1, 401 20 Göteborg"
ARABIC = replace(
    LETTER, locale="ar", heading="لديك رسالة جديدة", paragraphs=("سجّل الدخول لقراءتها.",), code_label="الرمز"
)


@pytest.fixture
def prints(tmp_path: Path) -> PrintFolder:
    return PrintFolder(tmp_path, RETURN)


def manifest(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


@pytest.mark.parametrize("letter", [LETTER, ARABIC], ids=["sv", "ar"])
def test_a_letter_is_tagged_names_its_language_and_claims_pdf_ua(letter: object) -> None:
    """C6"""
    assert isinstance(letter, type(LETTER))
    reader = read(set_letter(letter, RETURN).pdf)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712  # because it is a boolean of the PDF
    assert root["/Lang"] == letter.locale
    assert reader.metadata is not None
    assert reader.metadata.title == letter.heading
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_a_letter_says_who_writes_to_whom_and_how_to_get_in() -> None:
    """C1"""
    text = read(set_letter(LETTER, RETURN).pdf).pages[0].extract_text()
    for part in ("Region Väst", RETURN, "Åsa Öberg", "Storgatan 1", "411 01 Göteborg", "2026-11-23", LETTER.heading):
        assert part in text
    assert "Logga in för att läsa det." in text
    assert "https://survey.test/letter" in text
    assert "Din kod" in text
    assert "ABCD EFGH JKLM" in text


def test_where_no_code_may_be_given_there_is_none() -> None:
    without = read(set_letter(replace(LETTER, code=""), RETURN).pdf).pages[0].extract_text()
    assert "Din kod" not in without


@pytest.mark.parametrize("letter", [LETTER, ARABIC], ids=["sv", "ar"])
def test_the_address_stands_in_the_window_whatever_the_language(letter: object) -> None:
    """Window H2: in the right half, between 40 and 80 millimetres from the top."""
    assert isinstance(letter, type(LETTER))
    found: list[tuple[float, float]] = []

    def visit(text: str, matrix: list[float], _text: object, _font: object, _size: object) -> None:
        if any(part in text for part in ("Åsa Öberg", "Storgatan", "411 01")):
            found.append((matrix[4] / 72 * 25.4, 297 - matrix[5] / 72 * 25.4))

    read(set_letter(letter, RETURN).pdf).pages[0].extract_text(visitor_text=visit)
    assert found
    assert all(105 < x < 120 and 40 < y < 80 for x, y in found)


def test_a_name_can_be_no_command() -> None:
    name = '#panic("x") *b* @a $1$ \\ <l>'
    letter = replace(LETTER, to=PostalAddress(name, "Storgatan 1", "411 01", "Göteborg"))
    assert name in read(set_letter(letter, RETURN).pdf).pages[0].extract_text()


def test_a_letter_that_no_font_can_write_is_not_printed_with_gaps(prints: PrintFolder, tmp_path: Path) -> None:
    """E2"""
    with pytest.raises(PermanentFailure):
        prints.send(replace(LETTER, heading="ሰላም"))
    assert not list(tmp_path.glob("*.pdf"))


def test_the_folder_names_letters_by_key_only_and_the_manifest_names_nobody(
    prints: PrintFolder, tmp_path: Path
) -> None:
    """G4"""
    prints.send(LETTER)
    assert {one.name for one in tmp_path.iterdir()} == {f"{KEY}.pdf", "manifest.jsonl"}
    digest = hashlib.sha256((tmp_path / f"{KEY}.pdf").read_bytes()).hexdigest()
    assert manifest(tmp_path) == [{"key": KEY, "day": "2026-11-23", "pages": 1, "sha256": digest}]


def test_a_letter_that_was_printed_and_taken_away_is_not_written_again(prints: PrintFolder, tmp_path: Path) -> None:
    """What must never happen 6"""
    prints.send(LETTER)
    (tmp_path / f"{KEY}.pdf").unlink()
    assert PrintFolder(tmp_path, RETURN).send(LETTER) == KEY
    assert not (tmp_path / f"{KEY}.pdf").exists()
    assert len(manifest(tmp_path)) == 1


def test_a_letter_without_its_line_is_written_again(prints: PrintFolder, tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.pdf").write_bytes(b"what a worker left that died")
    prints.send(LETTER)
    assert read((tmp_path / f"{KEY}.pdf").read_bytes()).pages
    assert len(manifest(tmp_path)) == 1


def test_many_at_once_are_one_letter_and_one_line_each(tmp_path: Path) -> None:
    keys = [f"key-{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(PrintFolder(tmp_path, RETURN).send, replace(LETTER, key=key)) for key in keys * 3]:
            one.result()
    assert sorted(str(line["key"]) for line in manifest(tmp_path)) == keys
    assert len(list(tmp_path.glob("*.pdf"))) == len(keys)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("key", ["../outside", "", "a/b", "a b", "a" * 65])
def test_a_key_is_no_path(prints: PrintFolder, tmp_path: Path, key: str) -> None:
    with pytest.raises(PermanentFailure):
        prints.send(replace(LETTER, key=key))
    assert list(tmp_path.iterdir()) == []
