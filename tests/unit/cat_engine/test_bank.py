"""A bank is read whole and right, or refused with the place of the error."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from cat_engine import BankError, GradedItem, Grid, ItemBank, Model, PartialCreditItem

RAGGED = "item_id,a,b1,b2,b3,b4,ncat\ntwo,1.2,0.5,,,,2\nfive,2,-1,0,1,2,5.0\n"


def _write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "bank.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_items_with_different_numbers_of_categories_are_read_in_file_order(tmp_path: Path) -> None:
    bank = ItemBank.from_csv(_write(tmp_path, RAGGED))
    assert bank.item_ids == ("two", "five")
    assert bank.categories == (2, 5)
    assert bank.log_likelihoods.shape == (7, 81)
    assert bank.information.shape == (2, 81)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file is empty"),
        ("item_id,a,b1\n", "at least one item"),
        ("item_id,a,b1,colour\nx,1,0,red\n", "line 1: unknown column 'colour'"),
        ("item_id,a,b1,b1\nx,1,0,0\n", "line 1: a column occurs twice"),
        ("item_id,a,b1,b3\nx,1,0,1\n", "line 1: the columns b1, b2, ... must be without a gap"),
        ("item_id,b1\nx,1\n", "line 1: the column a is missing"),
        ("item_id,a,b1,b2\nx,1,1,0\n", "line 2: item x: the thresholds are disordered"),
        ("item_id,a,b1,b2\nx,1,1,1\n", "line 2: item x: the thresholds are disordered"),
        ("item_id,a,b1\nx,1,0\nx,1,0\n", "item x: the id occurs twice"),
        ("item_id,a,b1\nx,nan,0\n", "line 2: item x: a parameter is not a finite number"),
        ("item_id,a,b1\nx,1,inf\n", "line 2: item x: a parameter is not a finite number"),
        ("item_id,a,b1\nx,0,0\n", "line 2: item x: the slope must be positive"),
        ("item_id,a,b1\nx,one,0\n", "line 2: column a: 'one' is not a number"),
        ("item_id,a,b1,b2\nx,1,,0\n", "line 2: item x: a threshold is missing between others"),
        ("item_id,a,b1\nx,1,\n", "line 2: item x: 1 categories; 2 to 6 are supported"),
        ("item_id,a,b1\n,1,0\n", "line 2: an item has no id"),
        ("item_id,a,b1\nx,1\n", "line 2: 2 cells where the header has 3"),
        ("item_id,a,b1,ncat\nx,1,0,3\n", "line 2: column ncat: does not agree with the 2 categories"),
        ("item_id,a,b1\nx,1e300,0\n", "item x: the parameters are too extreme"),
        ('item_id,a,b1\n"x,1,0\n', "unexpected end of data"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BankError) as error:
        ItemBank.from_csv(_write(tmp_path, text))
    assert str(error.value).startswith("bank.csv: ")
    assert problem in str(error.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BankError, match=r"bank\.csv: "):
        ItemBank.from_csv(_write(tmp_path, "item_id,a,b1\nfråga,1,0\n", encoding="latin-1"))


def test_the_hash_follows_the_parameters_and_not_the_layout_of_the_file(tmp_path: Path) -> None:
    original = ItemBank.from_csv(_write(tmp_path, RAGGED))
    turned = "item_id,ncat,a,b1,b2,b3,b4\r\nfive,5,2.0,-1.0,0,1,2\r\n\r\ntwo,2,1.20,0.5,,,\r\n"
    same = ItemBank.from_csv(_write(tmp_path, turned))
    other = ItemBank.from_csv(_write(tmp_path, RAGGED.replace("1.2", "1.3")))
    assert original.content_hash == same.content_hash
    assert original.content_hash != other.content_hash
    assert original.content_hash.startswith("sha256:")


def test_the_tables_cannot_be_written_to(depression: ItemBank) -> None:
    with pytest.raises(ValueError, match="read-only"):
        depression.information[0, 0] = 0.0


def test_a_grid_is_explicit() -> None:
    bank = ItemBank((GradedItem("x", 1.0, (0.0,)),), Grid(-3, 3, 7))
    np.testing.assert_allclose(bank.points, [-3, -2, -1, 0, 1, 2, 3])


@pytest.mark.parametrize(("low", "high", "count"), [(1.0, 1.0, 81), (0.0, float("nan"), 81), (-4.0, 4.0, 2)])
def test_a_grid_that_is_none_is_refused(low: float, high: float, count: int) -> None:
    with pytest.raises(ValueError, match="a grid needs"):
        Grid(low, high, count)


def test_each_model_is_read_by_argument_or_by_row(tmp_path: Path) -> None:
    text = "item_id,a,b1,b2,model\nx,1.2,0.5,-0.5,gpcm\ny,2,0,1,\n"
    bank = ItemBank.from_csv(_write(tmp_path, text))
    assert bank.items == (PartialCreditItem("x", 1.2, (0.5, -0.5)), GradedItem("y", 2.0, (0.0, 1.0)))
    whole = ItemBank.from_csv(
        _write(tmp_path, "item_id,a,b1,b2\nx,1.2,0.5,-0.5\n"), model=Model.GENERALISED_PARTIAL_CREDIT
    )
    assert whole.items == bank.items[:1]


def test_a_partial_credit_file_needs_no_slope_and_takes_one_for_all(tmp_path: Path) -> None:
    bank = ItemBank.from_csv(_write(tmp_path, "item_id,b1,b2\nx,1,0\ny,0,\n"), model=Model.PARTIAL_CREDIT)
    assert bank.items == (PartialCreditItem("x", 1.0, (1.0, 0.0)), PartialCreditItem("y", 1.0, (0.0,)))
    with pytest.raises(BankError, match="item y: the partial credit model has one slope for all"):
        ItemBank.from_csv(_write(tmp_path, "item_id,a,b1\nx,1,1\ny,2,0\n"), model=Model.PARTIAL_CREDIT)


def test_an_unknown_model_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(BankError, match="line 2: column model: '3pl' is not one of grm, gpcm, pcm"):
        ItemBank.from_csv(_write(tmp_path, "item_id,a,b1,model\nx,1,0,3pl\n"))


def test_the_same_parameters_under_another_model_are_another_bank() -> None:
    graded, partial = (
        ItemBank((GradedItem("x", 1.0, (0.0, 1.0)),)),
        ItemBank((PartialCreditItem("x", 1.0, (0.0, 1.0)),)),
    )
    assert graded.content_hash != partial.content_hash


def test_the_hash_of_a_graded_bank_is_the_one_it_always_had(depression: ItemBank) -> None:
    text = json.dumps(
        {
            "model": "graded-response",
            "items": sorted([item.id, repr(item.slope), list(map(repr, item.thresholds))] for item in depression.items),
        },
        separators=(",", ":"),
    )
    assert depression.content_hash == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_the_tables_can_be_had_outside_the_grid(depression: ItemBank) -> None:
    np.testing.assert_allclose(depression.information_at(depression.points), depression.information, atol=1e-14)
    far = depression.log_likelihoods_at(np.array([-40.0, 40.0]))
    assert np.isfinite(far).all()
