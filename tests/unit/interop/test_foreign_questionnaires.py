"""Questionnaires from elsewhere become instruments without scores, or are refused in one sentence with its place."""

import json
from decimal import Decimal
from typing import Any

import pytest

from instruments import Day, FreeText, Library, Number, Scale, SeveralChoices, SingleChoice, Statement, WordingOwner
from instruments.conditions import Comparison, Condition, Joined, Operator
from instruments.definition import ScoresDeclared
from survey_service.interop.errors import FhirError
from survey_service.interop.folder import Checked, checked, write_folder
from survey_service.interop.questionnaire_import import Wanted, read_questionnaire
from tests.unit.interop.foreign import (
    STEP_OF_FIVE,
    a_garden,
    choice,
    coding,
    control,
    form,
    is_coding,
    item,
    ordinal,
    translated,
    when,
)
from translations.catalogue import WordingKind, load_wordings


def _read(resource: Any, **wanted: str) -> Checked:
    return checked(read_questionnaire(json.dumps(resource).encode(), Wanted(**wanted)))


def _warnings(resource: Any) -> str:
    return "\n".join(read_questionnaire(json.dumps(resource).encode()).warnings)


def test_every_kind_of_question_is_read() -> None:
    """D4: an instrument is data, wherever it was written."""
    found = _read(a_garden()).definition
    kinds = [type(one.question) for one in found.items.values()]
    assert kinds == [Statement, SingleChoice, Scale, SeveralChoices, Number, Number, Day, FreeText, Statement]
    assert (found.id, found.version) == ("garden", "2.1")
    assert found.items["weight"].question == Number(Decimal("0.5"), Decimal(99), 1, "kg")
    assert found.items["crops"].question == SeveralChoices("options_2", (1, 2), (2,))
    assert found.items["crops"].may_not_apply
    assert not found.items["q1.1"].skippable


def test_what_is_read_can_be_loaded_and_scores_nothing(tmp_path: Any) -> None:
    """D3: a score is declared or there is none."""
    write_folder(read_questionnaire(json.dumps(a_garden()).encode()), tmp_path / "garden")
    library = Library.load(tmp_path / "garden" / "data")
    assert library.latest("garden").score([]) == ()
    assert [one.locale for one in load_wordings(library, tmp_path / "garden" / "wording")] == ["en", "sv"]


def test_its_wording_is_taken_for_the_rights_holders() -> None:
    """D1: a licence must be on record before it is used."""
    found = _read(a_garden())
    assert found.definition.licence.wording is WordingOwner.LICENSED
    assert found.definition.licence.rights_holder == "Elsewhere"
    assert {one.kind for one in found.wordings} == {WordingKind.LICENSED}


def test_texts_and_translations_find_their_parts() -> None:
    """E2: what is not translated is missing, and is said to be."""
    found = _read(a_garden())
    english, swedish = found.wordings
    assert swedish.texts == {"item:q1.1": "Har du en trädgård?"}
    assert english.texts["title"] == "A garden"
    assert english.texts["intro"] == "Please answer."
    assert english.texts["q1.2:top"] == "Text of 1.2.a"
    assert english.texts["count:hint"] == "Text of count.help"
    assert english.texts["weight:unit"] == "kilos"
    assert english.texts["not_applicable"] == "Not for me"
    assert found.missing["en"] == ("q1.2:instruction",)
    assert "item:weight" in found.missing["sv"]


def test_link_ids_and_codes_that_are_not_kept_are_told_to_translators() -> None:
    english = _read(a_garden()).wordings[0]
    assert english.concepts["item:q1.1"] == "linkId 1.1"
    assert english.concepts["option:options_1:1"] == "https://elsewhere.example/codes|yes"


def test_link_ids_that_look_alike_get_ids_of_their_own() -> None:
    found = _read(form(item("a b", "date"), item("a-b", "date"), item("a/b", "date")))
    assert list(found.definition.items) == ["a-b", "a-b_2", "a-b_3"]


def test_an_ordinal_is_points_where_it_is_not_the_code() -> None:
    """D3: ordinal values are read as points."""
    options = [{"valueCoding": coding(str(code), **ordinal(worth))} for code, worth in ((1, 0), (2, 2.5))]
    scoring = _read(form(item("a", "choice", answerOption=options))).definition.scoring
    assert isinstance(scoring, ScoresDeclared)
    assert scoring.points == {"options_1": (Decimal(0), Decimal("2.5"))}


def test_an_ordinal_beside_the_coding_is_read_too_and_becomes_the_code() -> None:
    options = [{"valueCoding": coding(name), **ordinal(worth)} for name, worth in (("low", 0), ("high", 3))]
    found = _read(form(item("a", "choice", answerOption=options))).definition
    assert found.items["a"].question == SingleChoice("options_1", (0, 3))


def test_options_that_are_told_alike_are_one_set() -> None:
    found = _read(form(choice("a", "1", "2"), choice("b", "1", "2"), choice("c", "2", "1"))).definition
    assert [one.question.option_set for one in found.items.values()] == ["options_1", "options_1", "options_2"]


def test_options_may_be_texts_or_numbers() -> None:
    texts = item("a", "choice", answerOption=[{"valueString": "red"}, {"valueString": "blue"}])
    numbers = item("b", "choice", answerOption=[{"valueInteger": 5}, {"valueInteger": 7}])
    asked = [item("c", "date", enableWhen=[when("a", "=", answerString="blue")])]
    asked.append(item("d", "date", enableWhen=[when("b", "=", answerInteger=7)]))
    found = _read(form(texts, numbers, *asked))
    assert found.definition.items["b"].question == SingleChoice("options_2", (5, 7))
    assert found.definition.items["c"].ask_when == Condition((Comparison("a", Operator.IS, 2),), Joined.ALL)
    assert found.definition.items["d"].ask_when == Condition((Comparison("b", Operator.IS, 7),), Joined.ALL)
    assert found.wordings[0].texts["option:options_1:2"] == "blue"


def test_a_group_lends_its_condition_to_what_is_in_it() -> None:
    group = item("g", "group", enableWhen=[is_coding("a", "1")], item=[
        choice("b", "1"), item("c", "date", enableWhen=[is_coding("b", "1")])
    ])  # fmt: skip
    items = _read(form(choice("a", "1", "2"), group)).definition.items
    first, second = Comparison("a", Operator.IS, 1), Comparison("b", Operator.IS, 1)
    assert items["g"].ask_when == items["b"].ask_when == Condition((first,), Joined.ALL)
    assert items["c"].ask_when == Condition((first, second), Joined.ALL)


def test_a_question_within_a_question_follows_its_answer() -> None:
    items = _read(form(choice("a", "1", item=[item("b", "date")]))).definition.items
    assert items["b"].ask_when == Condition((Comparison("a", Operator.ANSWERED, True),), Joined.ALL)


def test_a_text_that_has_no_place_beside_a_question_is_read_out_before_it() -> None:
    items = _read(form(choice("a", "1", item=[item("b", "display")]))).definition.items
    assert list(items) == ["b", "a"]


def test_is_not_holds_without_an_answer_as_it_does_in_fhir() -> None:
    asked = item("b", "date", enableWhen=[is_coding("a", "1", "!=")])
    condition = _read(form(choice("a", "1", "2"), asked)).definition.items["b"].ask_when
    comparisons = (Comparison("a", Operator.IS_NOT, 1), Comparison("a", Operator.ANSWERED, False))
    assert condition == Condition(comparisons, Joined.ANY)


def test_what_is_left_out_or_taken_for_granted_is_said_once() -> None:
    initial = [{"valueDate": "2026-01-01"}]
    told = _warnings(form(item("a", "date", initial=initial), item("b", "date", initial=initial)))
    assert told.count("Questionnaire.item[0].initial: is left out, here and elsewhere") == 1
    assert "item[1].initial" not in told
    assert "has no scores" in told
    assert "a licence must be on record" in told
    unknown = {"url": "https://elsewhere.example/colour", "valueString": "red"}
    assert "https://elsewhere.example/colour is left out" in _warnings(form(item("a", "date", extension=[unknown])))


def test_the_caller_may_name_the_instrument_its_version_and_its_language() -> None:
    resource = form(item("a", "date"), version="v3")
    del resource["language"]
    found = _read(resource, id="mine", version="7", language="de")
    assert (found.definition.id, found.definition.version, found.wordings[0].locale) == ("mine", "7", "de")


def _refused(resource: Any) -> str:
    with pytest.raises(FhirError) as error:
        _read(resource)
    return str(error.value)


@pytest.mark.parametrize(
    "kind", ["boolean", "open-choice", "quantity", "reference", "attachment", "url", "time", "dateTime", "question"]
)
def test_a_type_without_a_counterpart_is_refused_with_its_link_id(kind: str) -> None:
    told = _refused(form(item("a", "date"), item("strange", kind)))
    assert told == f"Questionnaire.item[1].type: strange: the type {kind} has no counterpart here"


B = [choice("a", "1", "2")]
TWICE = {"extension": translated(sv="x")["extension"] + translated(sv="y")["extension"]}


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([item("a", "choice", answerValueSet="#x")], "item[0].answerValueSet: a: options by value set are not"),
        ([item("a", "choice")], "item[0].answerOption: a: a choice has options"),
        ([item("a", "date", repeats=True)], "item[0].repeats: a: a question that is answered several times"),
        ([item("a", "date", readOnly=True)], "item[0]: a is not for the respondent to answer"),
        ([item("a", "group", repeats=True, item=B)], "item[0].repeats: a group that is answered several times"),
        ([item("a", "date", modifierExtension=[])], "item[0].modifierExtension: changes the meaning"),
        ([item("a", "integer", extension=[control("slider"), STEP_OF_FIVE])], "item[0].extension[1]: a scale goes in"),
        ([item("a", "display", item=B)], "item[0].item: a text to read holds no items"),
        ([item("a", "date"), item("a", "date")], "item[1].linkId: 'a' is that of Questionnaire.item[0] too"),
        ([choice("a", "1", "1")], "item[0].answerOption[1]: '1' occurs twice"),
        ([item("a", "choice", answerOption=[{"valueDate": "2026-01-01"}])], "item[0].answerOption[0]: must be a"),
        ([{"linkId": "a"}], "item[0].type: is missing"),
        ([{"type": "date"}], "item[0].linkId: is missing"),
        (["a"], "item[0]: must be an object"),
        ([{"linkId": 1, "type": "date"}], "item[0].linkId: must be a text"),
        ([], "Questionnaire.item: holds no question"),
        ([item("b", "date", enableWhen=[is_coding("a", "1")])], "item[0].enableWhen[0].question: there is no question"),
        ([*B, item("b", "date", enableWhen=[is_coding("a", "3")])], "item[1].enableWhen[0]: '3' is not one option"),
        ([*B, item("b", "date", enableWhen=[is_coding("a", "1", "~")])], "item[1].enableWhen[0].operator: '~' is not"),
        ([*B, item("b", "date", enableWhen=[when("a", "=")])], "item[1].enableWhen[0]: must compare with"),
        ([*B, item("b", "date", enableWhen=[when("a", "exists")])], "item[1].enableWhen[0].answerBoolean: is missing"),
        ([*B, item("b", "date", enableWhen=[])], "item[1].enableBehavior: has no condition"),
        ([*B, item("b", "date", enableWhen=[is_coding("a", "1")] * 2)], "item[1].enableBehavior: is missing"),
        (
            [*B, item("b", "date", enableWhen=[is_coding("a", "1")], enableBehavior="some")],
            "item[1].enableBehavior: must be all or any",
        ),
        ([item("c", "date", enableWhen=[is_coding("a", "1")]), *B], "item[0].enableWhen: 'a' comes later"),
        (
            [
                choice("a", "1", enableWhen=[is_coding("b", "1")]),
                choice("b", "1", enableWhen=[is_coding("a", "1")]),
            ],
            "enableWhen: the conditions go in a circle",
        ),
        ([item("a", "text", _text={"extension": "none"})], "item[0]._text.extension: must be a list"),
        (
            [item("a", "text", _text=TWICE)],
            "item[0]._text.extension[1]: is a second text in sv",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_with_its_place(items: list[Any], told: str) -> None:
    assert told in _refused(form(*items))


def test_conditions_that_no_single_list_can_tell_are_refused() -> None:
    either = {"enableWhen": [is_coding("a", "1"), is_coding("a", "2")], "enableBehavior": "any"}
    group = item("g", "group", item=[item("c", "date", enableWhen=[is_coding("b", "1")])], **either)
    told = _refused(form(choice("a", "1", "2"), choice("b", "1"), group))
    assert "Questionnaire.item[2].item[0]: its conditions and those of what it is in" in told


def test_an_adaptive_questionnaire_from_elsewhere_is_refused() -> None:
    url = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-questionnaireAdaptive"
    told = _refused(form(item("a", "date"), extension=[{"url": url, "valueBoolean": True}]))
    assert told == "Questionnaire.extension[0]: is adaptive: its bank does not come with it"


def test_a_formula_that_decides_what_is_asked_is_refused() -> None:
    url = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"
    told = _refused(form(item("a", "date", extension=[{"url": url, "valueString": "x"}])))
    assert told == "Questionnaire.item[0].extension[0]: a: whether it is asked is a formula"


def test_the_language_must_be_known() -> None:
    resource = form(item("a", "date"))
    del resource["language"]
    assert _refused(resource) == "Questionnaire.language: is missing: say which language the texts are in"
