"""A file that cannot be used gives one error that names the place, and leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from survey_service.interop.errors import FhirError, InteropError
from survey_service.interop.folder import checked, write_folder
from survey_service.interop.json_text import LARGEST_FILE, read_json, write_json
from survey_service.interop.questionnaire_export import questionnaire
from survey_service.interop.questionnaire_import import Wanted, read_questionnaire
from survey_service.interop.vocabulary import INSTRUMENT, INSTRUMENT_IDS, OPTION_SET
from tests.unit.interop.foreign import form, item
from tests.unit.interop.wordings import Told

GOOD = json.dumps(form(item("a", "date")), indent=1).encode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "line 1, column 1: is not JSON"),
        (GOOD[:-30], "is not JSON"),
        (GOOD.decode().encode("utf-16"), "line 1: is not UTF-8"),
        (GOOD.replace(b"Text of a", b"Text \xe5 a"), "line 11: is not UTF-8"),
        (b"[" * 100_000, "Questionnaire: is nested too deeply"),
        (b"[]", "Questionnaire: must be an object"),
        (b'{"resourceType": "Patient"}', "Questionnaire.resourceType: must be Questionnaire"),
        (b'{"item": [{"maxLength": NaN}]}', "Questionnaire.item[0].maxLength: NaN is not a number"),
        (b'{"item": [{"maxLength": -Infinity}]}', "Questionnaire.item[0].maxLength: -Infinity is not a number"),
        (b'{"item": [{}, {"a": 1, "a": 2}]}', "Questionnaire.item[1]: the key 'a' occurs twice"),
        (b'{"item": [{"text": "\\ud800"}]}', "Questionnaire.item[0].text: holds half a character"),
        (b'{"a": 1e999999999}', "Questionnaire.a: is a number beyond all measure"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Questionnaire.a: is a number beyond all measure"),
        (b" " * (LARGEST_FILE + 1), f"Questionnaire: is larger than {LARGEST_FILE} bytes"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value[:40],
)
def test_a_bad_file_is_refused_with_the_place(content: bytes, told: str) -> None:
    with pytest.raises(FhirError) as error:
        read_questionnaire(content)
    assert told in str(error.value)


def test_half_a_million_items_are_refused_by_the_first_that_is_too_many() -> None:
    items = ",".join(f'{{"linkId":"{number}","type":"date"}}' for number in range(500_000))
    with pytest.raises(FhirError, match=r"item\[1000\]: is one of more than 1000 items"):
        read_questionnaire(f'{{"resourceType":"Questionnaire","language":"en","item":[{items}]}}'.encode())


def test_groups_within_groups_end_somewhere() -> None:
    nested: Any = item("last", "date")
    for number in range(11):
        nested = item(f"g{number}", "group", item=[nested])
    with pytest.raises(FhirError, match="is nested more than 10 deep"):
        read_questionnaire(json.dumps(form(nested)).encode())


@pytest.mark.parametrize("text", ["a\u2028b", "a\x0bb", "a\x85b"])
def test_a_text_that_no_wording_file_can_hold_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(FhirError, match=r"Questionnaire\.item\[0\]: .*line break that is not a newline"):
        read_questionnaire(json.dumps(form(item("a", "date", text=text))).encode())


@pytest.mark.parametrize("id_", ["../../etc", "a/b", "", "1", "å"])
def test_an_id_that_could_name_another_place_is_refused(id_: str) -> None:
    resource = form(item("a", "date"), identifier=[{"system": INSTRUMENT_IDS, "value": id_}])
    with pytest.raises(FhirError, match=r"Questionnaire\.identifier"):
        read_questionnaire(json.dumps(resource).encode())


@pytest.mark.parametrize("language", ["../sv", "sv.po/x", "xx-!"])
def test_a_language_that_could_name_another_place_is_refused(language: str) -> None:
    with pytest.raises(FhirError, match="is no locale"):
        read_questionnaire(GOOD, Wanted(language=language))


def test_a_language_that_nobody_speaks_is_refused() -> None:
    with pytest.raises(FhirError, match="xx"):
        checked(read_questionnaire(GOOD, Wanted(language="xx")))


def _mended(told: Told, change: Any) -> bytes:
    resource = read_json(write_json(questionnaire(told.definition, told.wordings)).encode(), root="Questionnaire")
    change(resource)
    return write_json(resource).encode()


def _own(resource: Any, name: str) -> list[Any]:
    (instrument,) = [one for one in resource["extension"] if one["url"] == INSTRUMENT]
    return [one for one in instrument["extension"] if one["url"] == name]


def _conditions(tiny: tuple[Told, ...]) -> Told:
    return next(one for one in tiny if one.definition.id == "tiny-conditions")


def test_ordinals_that_are_not_the_declared_points_are_refused(tiny: tuple[Told, ...]) -> None:
    """D3: two places that tell different scores are no place to score from."""

    def change(resource: Any) -> None:
        for one in resource["item"]:
            for option in one.get("answerOption", []):
                option["valueCoding"]["extension"][0]["valueDecimal"] = 17

    with pytest.raises(FhirError, match="the ordinals of its options are not the points that scoring tells"):
        read_questionnaire(_mended(_conditions(tiny), change))


def test_an_unknown_field_of_ours_is_refused_with_its_name(tiny: tuple[Told, ...]) -> None:
    def change(resource: Any) -> None:
        _own(resource, "licence")[0]["extension"].append({"url": "colour", "valueString": "red"})

    with pytest.raises(FhirError, match=r"Questionnaire \(licence\.colour\): unknown field"):
        checked(read_questionnaire(_mended(_conditions(tiny), change)))


def test_one_option_set_with_two_meanings_is_refused(tiny: tuple[Told, ...]) -> None:
    def change(resource: Any) -> None:
        asked = [one for one in resource["item"] if one["type"] == "choice"]
        for one in asked:
            next(each for each in one["extension"] if each["url"] == OPTION_SET)["valueString"] = "same"

    with pytest.raises(FhirError, match=r"has another text|has other options"):
        read_questionnaire(_mended(_conditions(tiny), change))


def test_one_part_with_two_texts_is_refused_with_both_places(tiny: tuple[Told, ...]) -> None:
    """E1: a text that is told in two ways is not an approved one."""

    def change(resource: Any) -> None:
        asked = [one for one in resource["item"] if one["type"] == "choice" and not one.get("repeats")]
        asked[-1]["answerOption"][0]["valueCoding"]["display"] = "Another text"

    with pytest.raises(FhirError, match=r"item\[\d+\].*has another text in en at Questionnaire\.item\[\d+\]"):
        read_questionnaire(_mended(_conditions(tiny), change))


def test_nothing_is_left_behind_where_a_file_is_refused(tmp_path: Path) -> None:
    cyclic = form(
        item("a", "date", enableWhen=[{"question": "b", "operator": "exists", "answerBoolean": True}]),
        item("b", "date", enableWhen=[{"question": "a", "operator": "exists", "answerBoolean": True}]),
    )
    imported = read_questionnaire(json.dumps(cyclic).encode())
    with pytest.raises(FhirError, match="go in a circle"):
        write_folder(imported, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    imported = read_questionnaire(GOOD)
    write_folder(imported, tmp_path / "new")
    with pytest.raises(InteropError, match="new exists already"):
        write_folder(imported, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
