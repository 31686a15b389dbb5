"""What a Questionnaire of ours says, and what is not handed out."""

from dataclasses import replace
from typing import Any

import pytest

from instruments import Definition, Respondent
from survey_service.interop import vocabulary
from survey_service.interop.errors import NotExported
from survey_service.interop.questionnaire_export import questionnaire
from tests.unit.interop.bindings import breaches, items_of
from tests.unit.interop.wordings import Told, made_up, read_back
from translations.catalogue import WordingKind


def _told(all_: tuple[Told, ...], id_: str) -> Told:
    return next(one for one in all_ if one.definition.id == id_)


def _export(told: Told, **how: Any) -> dict[str, Any]:
    return questionnaire(told.definition, told.wordings, **how)


def _item(resource: dict[str, Any], link: str) -> dict[str, Any]:
    return next(item for item in items_of(resource) if item["linkId"] == link)


def _texts(element: dict[str, Any], field: str) -> list[str]:
    """The base text, then the translations."""
    told = [extension["extension"][1]["valueString"] for extension in element[f"_{field}"]["extension"]]
    return [element[field], *told]


def test_the_frame_is_title_copyright_and_two_texts_before_the_first_question(shipped: tuple[Told, ...]) -> None:
    told = _told(shipped, "prem-visit")
    english = next(one for one in told.wordings if one.locale == "en")
    in_order = (english, *(one for one in told.wordings if one is not english))
    resource = _export(told, language="en")
    assert _texts(resource, "title") == [one.texts["title"] for one in in_order]
    assert resource["copyright"] == f"This project\n\n{english.texts['footer']}"
    assert [item["linkId"] for item in resource["item"][:3]] == ["_intro", "_recall", "visit_kind"]
    assert _texts(resource["item"][0], "text") == [one.texts["intro"] for one in in_order]


def test_the_url_has_the_base_that_is_wanted_and_extensions_keep_theirs(tiny: tuple[Told, ...]) -> None:
    resource = _export(_told(tiny, "tiny-date"), base="https://forms.example/fhir/")
    assert resource["url"] == "https://forms.example/fhir/Questionnaire/tiny-date"
    assert read_back(resource).definition == _told(tiny, "tiny-date").definition
    assert any(one["url"] == vocabulary.INSTRUMENT for one in resource["extension"])


def test_demonstration_wording_is_a_draft_that_is_not_for_care(shipped: tuple[Told, ...]) -> None:
    """D1: it stands in for the rights-holder's words."""
    assert [_export(_told(shipped, "eq5d-5l"))[field] for field in ("status", "experimental")] == ["draft", True]
    assert [_export(_told(shipped, "prem-visit"))[field] for field in ("status", "experimental")] == ["active", False]


def test_licensed_wording_is_not_handed_out_without_a_licence(shipped: tuple[Told, ...]) -> None:
    """D1: rights-holder and licence are told, or there is no Questionnaire."""
    definition = _told(shipped, "eq5d-5l").definition
    wording = made_up(definition, "sv", kind=WordingKind.LICENSED)
    with pytest.raises(NotExported) as refused:
        questionnaire(definition, [wording])
    assert str(refused.value) == (
        "The sv wording of eq5d-5l 1.0 belongs to EuroQol Research Foundation: it is handed out only with a statement "
        "of the licence that allows it."
    )


def test_licensed_wording_tells_the_licence_that_allows_it(shipped: tuple[Told, ...]) -> None:
    """D1: the statement travels with the words."""
    definition = _told(shipped, "eq5d-5l").definition
    wording = made_up(definition, "sv", kind=WordingKind.LICENSED)
    resource = questionnaire(definition, [wording], licence_statement="Agreement 1 of 2026")
    assert {"url": vocabulary.LICENCE_STATEMENT, "valueString": "Agreement 1 of 2026"} in resource["extension"]
    assert resource["status"] == "active"
    assert breaches(resource) == []


def test_wordings_that_do_not_belong_together_are_refused(tiny: tuple[Told, ...]) -> None:
    definition = _told(tiny, "tiny-date").definition
    proxy = made_up(definition, "sv", respondent=Respondent.PROXY)
    other = made_up(_told(tiny, "tiny-number").definition, "sv")
    swedish = made_up(definition, "sv")
    stale = replace(made_up(definition, "de"), sources={**swedish.sources, "title": "An older source"})
    for wordings, told in (
        ([swedish, proxy], "each has a Questionnaire of its own"),
        ([other], "This is wording of tiny-number 1.0, not of tiny-date 1.0"),
        ([swedish, swedish], "are in one language"),
        ([swedish, stale], "translate different sources of title"),
    ):
        with pytest.raises(NotExported, match=told):
            questionnaire(definition, wordings)
    with pytest.raises(NotExported, match="no wording in fr"):
        questionnaire(definition, [swedish], language="fr")


def test_an_adaptive_bank_is_marked_and_holds_every_item(shipped: tuple[Told, ...]) -> None:
    """D2: who runs it must know that the next question hangs on the answers."""
    for told in shipped:
        resource = _export(told)
        marked = {"url": vocabulary.ADAPTIVE, "valueBoolean": True} in resource["extension"]
        assert marked == (told.definition.administration == "adaptive")
        asked = [item["linkId"] for item in items_of(resource) if not item["linkId"].startswith("_")]
        assert asked == list(told.definition.items)


def test_eq_vas_is_a_slider_with_its_ends_named(shipped: tuple[Told, ...]) -> None:
    vas = _item(_export(_told(shipped, "eq5d-5l")), "vas")
    values = {one["url"]: value for one in vas["extension"] for name, value in one.items() if name != "url"}
    assert vas["type"] == "integer"
    assert values[vocabulary.ITEM_CONTROL]["coding"][0]["code"] == "slider"
    assert [values[url] for url in (vocabulary.MINIMUM, vocabulary.MAXIMUM, vocabulary.SLIDER_STEP)] == [0, 100, 1]
    controls = [one["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] for one in vas["item"]]
    assert controls == ["prompt", "lower", "upper"]


def test_an_option_has_its_code_its_worth_and_its_texts(shipped: tuple[Told, ...]) -> None:
    """D3: the ordinal is what scoring counts."""
    told = _told(shipped, "eq5d-5l")
    option = _item(_export(told), "mobility")["answerOption"][2]["valueCoding"]
    assert option["code"] == "3"
    assert option["extension"] == [{"url": vocabulary.ORDINAL, "valueDecimal": 3}]
    assert option["system"].endswith("/Questionnaire/eq5d-5l/options/mobility")
    assert _texts(option, "display") == [one.texts["option:mobility:3"] for one in told.wordings]


def test_declared_points_are_the_ordinals(tiny: tuple[Told, ...]) -> None:
    told = _told(tiny, "tiny-points")
    points = told.definition.scoring.points
    for link, item in told.definition.items.items():
        options = _item(_export(told), link)["answerOption"]
        ordinals = [one["valueCoding"]["extension"][0]["valueDecimal"] for one in options]
        expected = points.get(item.question.option_set, item.question.options)
        assert ordinals == list(expected)


def test_an_option_that_rules_out_the_rest_is_exclusive(tiny: tuple[Told, ...]) -> None:
    options = _item(_export(_told(tiny, "tiny-several-choices")), "eaten")["answerOption"]
    exclusive = [{"url": vocabulary.EXCLUSIVE, "valueBoolean": True}]
    assert [one["valueCoding"]["code"] for one in options if one.get("extension") == exclusive] == ["9"]


def test_does_not_apply_is_an_option_of_a_choice_and_an_extension_elsewhere(tiny: tuple[Told, ...]) -> None:
    told = _told(tiny, "tiny-does-not-apply")
    resource = _export(told)
    for link, item in told.definition.items.items():
        element = _item(resource, link)
        options = [one["valueCoding"] for one in element.get("answerOption", [])]
        marks = [one["valueCoding"] for one in element.get("extension", []) if one["url"] == vocabulary.MAY_NOT_APPLY]
        absent = [one for one in (*options, *marks) if one["system"] == vocabulary.ABSENT]
        assert len(absent) == item.may_not_apply


def test_is_not_asks_for_an_answer_as_well(tiny: tuple[Told, ...]) -> None:
    """FHIR's != also holds for a question without an answer, and ours does not."""
    sown = _item(_export(_told(tiny, "tiny-conditions")), "sown")
    assert [one["operator"] for one in sown["enableWhen"]] == [">=", "<", "!=", "exists"]
    assert sown["enableBehavior"] == "all"


def test_an_item_must_be_answered_unless_it_may_be_skipped(tiny: tuple[Told, ...]) -> None:
    for told in tiny:
        resource = _export(told)
        for link, item in told.definition.items.items():
            assert _item(resource, link).get("required") == (None if item.kind == "statement" else not item.skippable)


def test_what_fhir_has_no_place_for_is_told_in_one_extension(shipped: tuple[Told, ...]) -> None:
    """B8: what the variables mean travels with the questions."""
    for told in shipped:
        (own,) = [one for one in _export(told)["extension"] if one["url"] == vocabulary.INSTRUMENT]
        assert [one["url"] for one in own["extension"]].count("variables") == len(told.definition.variables)


def test_a_definition_that_is_exported_is_not_changed(shipped: tuple[Told, ...]) -> None:
    definition: Definition = _told(shipped, "promis-29").definition
    before = repr(definition)
    questionnaire(definition)
    assert repr(definition) == before
