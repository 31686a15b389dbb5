"""The catalogue: every variable, in words, from the instruments as they are; and nothing undefined can be agreed on."""

import csv
import json
from io import StringIO

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from instruments import Library
from survey_service.cli import main
from survey_service.errors import BadInput
from survey_service.registers.catalogue import entries
from survey_service.registers.tenants import agree
from tests.conftest import BASE_URL
from tests.integration.pulling import CATALOGUE
from tests.world import World
from translations.catalogue import wordings_at_hand


def test_every_variable_of_every_instrument_is_there_with_words_for_its_meaning(library: Library) -> None:
    """B8"""
    found = entries(library, None)
    assert {(one.variable.name, one.instrument.id, one.instrument.version) for one in found} == {
        (variable.name, id_, version)
        for (id_, version), instrument in library.instruments.items()
        for variable in instrument.variables
    }
    assert [
        one.variable.name for one in found if len(one.variable.definition.split()) < 4 or not one.variable.unit
    ] == []


def test_json_and_csv_say_the_same(client: FlaskClient) -> None:
    """B8"""
    told = client.get(CATALOGUE, base_url=BASE_URL).get_json()["variables"]
    answer = client.get(CATALOGUE, base_url=BASE_URL, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(StringIO(answer.get_data(as_text=True))))
    assert [(row["variable"], row["definition"], row["instrument_hash"]) for row in rows] == [
        (one["variable"], one["definition"], one["instrument_hash"]) for one in told
    ]


def test_a_variable_has_its_codes_range_licence_and_fhir_code(client: FlaskClient) -> None:
    """B8"""
    told = {one["variable"]: one for one in client.get(CATALOGUE, base_url=BASE_URL).get_json()["variables"]}
    index, experience = told["eq5d5l.index"], told["prem_overall.experience"]
    assert (index["minimum"], index["maximum"], index["higher_is"]) == (0.2433, 0.9755, "better")
    assert (index["licence"]["needed"], index["licence"]["given"]) == (True, False)
    assert index["fhir"] == {"system": "http://snomed.info/sct", "code": "736534008"}
    assert [code["code"] for code in experience["codes"]] == ["1", "2", "3", "4", "5"]
    assert experience["codes"][4]["label"] == "Really good"
    assert (experience["licence"]["needed"], experience["fhir"]) == (False, None)


def test_no_words_of_a_rights_holder_are_in_the_catalogue(library: Library) -> None:
    labels = {code.label for one in entries(library, None) if one.instrument.licence.required for code in one.codes}
    shown = {text for wording in wordings_at_hand(library, None) for text in wording.sources.values()}
    assert labels
    assert not labels & shown


def test_an_instrument_that_somebody_may_use_is_told_as_licensed(real: World, licence) -> None:
    from survey_service.foundation.clock import local_day
    from survey_service.foundation.principals import Gate
    from survey_service.registers.catalogue import licensed_today

    with real.services.db.transaction(as_=Gate()) as connection:
        assert licensed_today(connection, local_day(real.services.clock()))


def test_the_command_prints_it_without_settings() -> None:
    printed = CliRunner().invoke(main, ["catalogue"])
    assert printed.exit_code == 0
    assert json.loads(printed.stdout)["variables"][0]["definition"]
    table = CliRunner().invoke(main, ["catalogue", "--csv"])
    assert table.stdout.startswith("variable,definition,type,unit,codes")


def test_what_no_instrument_defines_cannot_be_agreed_on(world: World) -> None:
    """B8"""
    with pytest.raises(BadInput, match="knee_pain"):
        agree(
            world.services,
            provider_id=world.alice.provider_id,
            register_id=world.other_register.register_id,
            variables=["eq5d5l.index", "knee_pain"],
        )
