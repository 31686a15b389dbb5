"""An instrument handed out as a Questionnaire comes back as the same instrument, in the same words."""

from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire
from hypothesis import given
from hypothesis import strategies as st

from instruments import Definition, Number, Respondent, Scale
from instruments.conditions import Comparison
from survey_service.interop.json_text import read_json, write_json
from survey_service.interop.questionnaire_export import questionnaire
from tests.unit.instruments.generated import TEXTS, definitions
from tests.unit.interop.bindings import breaches
from tests.unit.interop.wordings import Told, contexts, made_up, read_back


def _fractions_of_whole_answers(definition: Definition) -> bool:
    """Whether a whole answer is compared with a fraction: FHIR has no type that fits both."""
    return any(
        isinstance(definition.items[one.item].question, Scale | Number) and _is_fraction(definition, one)
        for item in definition.items.values()
        for one in (item.ask_when.comparisons if item.ask_when else ())
    )


def _is_fraction(definition: Definition, comparison: Comparison) -> bool:
    question, value = definition.items[comparison.item].question, comparison.value
    whole = isinstance(question, Scale) or (isinstance(question, Number) and question.decimals == 0)
    return whole and isinstance(value, Decimal) and value != int(value)


def test_every_shipped_instrument_comes_back_equal_in_every_language(shipped: tuple[Told, ...]) -> None:
    """D4, E1: structure, order, scoring, variables and every text."""
    for told in shipped:
        resource = questionnaire(told.definition, told.wordings)
        found = read_back(resource)
        assert found.definition == told.definition
        assert list(found.definition.items) == list(told.definition.items)
        assert found.wordings == told.wordings
        assert questionnaire(found.definition, found.wordings) == resource


def test_every_feature_comes_back_equal_in_every_language(tiny: tuple[Told, ...]) -> None:
    """D4, E1: the tiny questionnaires have one feature each."""
    for told in tiny:
        resource = questionnaire(told.definition, told.wordings)
        found = read_back(resource)
        assert found.definition == told.definition
        assert list(found.definition.items) == list(told.definition.items)
        assert [dict(one.texts) for one in found.wordings] == [dict(one.texts) for one in told.wordings]
        assert questionnaire(found.definition, found.wordings) == resource


def test_the_json_comes_back_letter_by_letter(shipped: tuple[Told, ...]) -> None:
    for told in shipped:
        text = write_json(questionnaire(told.definition, told.wordings))
        found = read_back(read_json(text.encode(), root="Questionnaire"))
        assert write_json(questionnaire(found.definition, found.wordings)) == text


def test_every_questionnaire_is_one_to_fhir(shipped: tuple[Told, ...], tiny: tuple[Told, ...]) -> None:
    """B9: the R4B model takes it, and so do the bindings and invariants that the model does not know."""
    for told in (*shipped, *tiny):
        resource = questionnaire(told.definition, told.wordings)
        Questionnaire.model_validate_json(write_json(resource))
        assert breaches(resource) == []


@pytest.mark.parametrize("language", ["en", "sv"])
def test_any_language_can_be_the_base(shipped: tuple[Told, ...], language: str) -> None:
    for told in shipped:
        resource = questionnaire(told.definition, told.wordings, language=language)
        assert resource["language"] == language
        found = read_back(resource)
        assert {one.locale: one for one in found.wordings} == {one.locale: one for one in told.wordings}
        assert questionnaire(found.definition, found.wordings) == resource


@given(definitions())
def test_any_definition_comes_back_equal_with_every_part_worded(definition: Definition) -> None:
    wordings = [made_up(definition, locale) for locale in ("en", "sv")]
    statement = "An agreement made up for this test"
    resource = questionnaire(definition, wordings, licence_statement=statement)
    found = read_back(resource)
    assert found.definition == definition
    assert list(found.definition.items) == list(definition.items)
    assert [dict(one.texts) for one in found.wordings] == [dict(one.texts) for one in wordings]
    assert questionnaire(found.definition, found.wordings, licence_statement=statement) == resource


@given(definitions().filter(lambda definition: not _fractions_of_whole_answers(definition)))
def test_any_definition_is_a_questionnaire_to_fhir(definition: Definition) -> None:
    resource = questionnaire(definition, [made_up(definition, "sv")], licence_statement="Made up")
    Questionnaire.model_validate_json(write_json(resource))
    assert breaches(resource) == []


@given(st.data(), definitions())
def test_texts_of_any_letters_come_back_and_missing_ones_stay_missing(data: Any, definition: Definition) -> None:
    """E2: no language lends a text to another."""
    parts = contexts(definition)
    some = st.dictionaries(st.sampled_from(parts), TEXTS)
    wordings = [made_up(definition, locale, texts=data.draw(some)) for locale in ("sv", "en", "de")]
    resource = questionnaire(definition, wordings, licence_statement="Made up")
    found = read_back(resource)
    assert [dict(one.texts) for one in found.wordings] == [dict(one.texts) for one in wordings]
    assert questionnaire(found.definition, found.wordings, licence_statement="Made up") == resource


def test_what_translators_know_comes_back(tiny: tuple[Told, ...]) -> None:
    for told in tiny:
        found = read_back(questionnaire(told.definition, told.wordings))
        assert [dict(one.sources) for one in found.wordings] == [dict(one.sources) for one in told.wordings]
        assert [dict(one.concepts) for one in found.wordings] == [dict(one.concepts) for one in told.wordings]


def test_a_proxys_wording_comes_back_as_a_proxys(tiny: tuple[Told, ...]) -> None:
    told = next(one for one in tiny if one.definition.id == "tiny-proxy")
    wording = made_up(told.definition, "sv", respondent=Respondent.PROXY)
    resource = questionnaire(told.definition, [wording])
    assert resource["url"].endswith("/Questionnaire/tiny-proxy/proxy")
    assert read_back(resource).wordings[0].respondent is Respondent.PROXY


def test_an_instrument_without_wording_comes_back_without(tiny: tuple[Told, ...]) -> None:
    for told in tiny:
        resource = questionnaire(told.definition)
        assert breaches(resource) == []
        found = read_back(resource)
        assert (found.definition, found.wordings) == (told.definition, ())
        assert questionnaire(found.definition) == resource
