"""Lists of letters that came back, as people and scanners make them."""

from uuid import UUID

import pytest

from survey_service.notifying.returned_mail import ReturnedRow, read_returned

KEY = UUID("0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001")


@pytest.mark.parametrize(
    "text",
    [
        f"{KEY}\n",
        f"\ufeff{KEY}\r\n",
        f"{KEY.hex}",
        f'"{str(KEY).upper()}";"Flyttat"',
        f"https://svar.example.se/letters/{KEY},2026-11-23",
    ],
)
def test_a_key_is_found_wherever_it_stands(text: str) -> None:
    assert list(read_returned(text)) == [ReturnedRow(1, KEY)]


def test_a_column_that_is_called_so_is_the_one_that_counts() -> None:
    other = UUID(int=7)
    text = f"batch;nyckel\n{other};{KEY}\n;\n{other};smudged\n"
    assert list(read_returned(text)) == [ReturnedRow(2, KEY), ReturnedRow(4, None)]


def test_a_row_without_a_key_keeps_its_number() -> None:
    assert list(read_returned(f"smudged\n\n{KEY}")) == [ReturnedRow(1, None), ReturnedRow(3, KEY)]
