"""A register from nothing to its first result by the commands of ``docs/registers.md``, and what they refuse."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from joserfc.jwk import ECKey, KeySet

from survey_service.cli import main
from survey_service.delivery.use_cases import open_response
from survey_service.foundation.principals import Register
from survey_service.registers.feed import pull
from survey_service.registers.queries import registers_served_by
from survey_service.registers.rules import ACCEPTED_PURPOSE
from survey_service.settings import Settings
from tests.conftest import TestClock
from tests.operating import environment_of
from tests.world import World

Survey = Callable[..., Result]
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "registers.md"
CODE = "knee-register"
ADD = (
    "registers", "add", CODE, "--name", "The knee register", "--authority", "Region Ett",
    "--contact", "registret@example.se",
)  # fmt: skip


@pytest.fixture
def survey(settings: Settings) -> Survey:
    """The command line with the settings of this test's service."""

    def run(*arguments: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(main, [*arguments], env=environment_of(settings))
        assert (result.exit_code != 0) is fails, result.output
        return result

    return run


@pytest.fixture
def keys(tmp_path: Path) -> str:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(KeySet([ECKey.generate_key("P-384", auto_kid=True)]).as_dict(private=False)))
    return str(file)


@pytest.fixture
def proposed(tmp_path: Path, clock: TestClock) -> Callable[..., str]:
    """The file of the recipe, with its provider here and its days around today; ``changes`` replace fields."""
    recipe = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert recipe is not None
    lines = dict(re.findall(r"^\s*(\w+) = (.*?)(?:\s+#.*)?$", recipe[1], re.MULTILINE))
    lines |= {
        "provider": '"SE2321000016-p1"',
        "valid_from": clock().date().isoformat(),
        "review_hold_hours": "0",
    }

    def write(**changes: str | None) -> str:
        file = tmp_path / "agreement.toml"
        kept = {name: value for name, value in (lines | changes).items() if value is not None}
        file.write_text("\n".join(f"{name} = {value}" for name, value in kept.items()), encoding="utf-8")
        return str(file)

    return write


def results(world: World, code: str = CODE) -> list[dict]:
    from survey_service.foundation.principals import Operator
    from survey_service.registers.tenants import register_with_code

    with world.services.db.transaction(as_=Operator()) as connection:
        who = Register(register_with_code(connection, code).id)
    page = pull(world.services, cursor=None, limit=100, purpose=ACCEPTED_PURPOSE, as_=who)
    return [dict(entry.payload) for entry in page.entries if entry.payload is not None]


def test_a_register_is_added_by_the_recipe_alone_and_gets_what_was_received_before(
    world: World,
    survey: Survey,
    keys: str,
    proposed: Callable[..., str],
    run_jobs: Callable[[], None],
    clock: TestClock,
) -> None:
    """B2, B7, H1: no code, and the backlog is made up for."""
    patient, occasion = world.enrol(protocol="eq5d-only")
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    run_jobs()

    survey(*ADD, "--jwks", keys)
    survey("registers", "activate", CODE, "--note", "decision 2026/17")
    agreement_id = survey("agreements", "propose", proposed(look_back="2026-01-01")).output.strip()
    run_jobs()
    assert results(world) == []
    survey("agreements", "approve", agreement_id, "--document", "avtal 2026-17.pdf", "--by", "Kim Ek")
    clock.advance(timedelta(minutes=10))  # beyond the commands, which have the real time
    run_jobs()
    (result,) = results(world)
    assert result["instrument"] == "eq5d-5l"
    assert result["agreement"] == {"id": agreement_id, "version": 1}

    (listed,) = [one for one in json.loads(survey("agreements", "list", "--json").output) if one["register"] == CODE]
    assert (listed["state"], listed["approved by"]) == ("in_force", ["provider", "register"])
    shown = survey("agreements", "show", agreement_id).output
    assert "avtal 2026-17.pdf" in shown
    survey("agreements", "end", agreement_id)
    assert "ended" in survey("agreements", "show", agreement_id).output


def test_what_a_suspended_register_missed_is_made_up_for(
    world: World, survey: Survey, run_jobs: Callable[[], None]
) -> None:
    """B2"""
    survey("registers", "suspend", "first", "--note", "an inspection")
    patient, occasion = world.enrol()
    with world.services.db.transaction(as_=patient) as connection:
        served = registers_served_by(connection, [world.alice.provider_id], world.services.clock())
    assert world.register.register_id in {one.id for one in served}, "what it will be given must have been told of"
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    run_jobs()
    assert results(world, "first") == []
    survey("registers", "activate", "first", "--note", "all is well")
    run_jobs()
    assert len(results(world, "first")) == 1
    shown = survey("registers", "show", "first").output
    assert [shown.index(word) for word in ("entered as", "an inspection", "all is well")] == sorted(
        shown.index(word) for word in ("entered as", "an inspection", "all is well")
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"variables": '["knee.magic"]'}, "No instrument defines the variable knee.magic"),
        ({"instruments": '["knee"]'}, "There is no instrument knee"),
        ({"item_answers": '["prem-visit"]', "instruments": '["prem-visit"]'}, "may not give item answers"),
        ({"item_answers": '["promis-fatigue"]'}, "go with a variable of it"),
        ({"identifier": '"personal_number"'}, "only for a recorded reason"),
        ({"identifier": '"keyed_pseudonym"'}, "takes a key that the register shares"),
        ({"identifier": '"name"'}, "The identifier is one of"),
        ({"valid_until": "2020-01-01"}, "ends before it begins"),
        ({"valid_until": '"2027"'}, "valid_until is a day"),
        ({"valid_from": None}, "lacks valid_from"),
        ({"review_hold_hours": "-1"}, "The review hold is"),
        ({"review_hold_hours": "9999"}, "The review hold is"),
        ({"variables": "[]", "instruments": "[]", "item_answers": "[]"}, "names no variable"),
        ({"provider": '"knee-register"'}, "a register is never the controller"),
        ({"provider": '"SE0000000000-x"'}, "There is no care provider"),
        ({"register": '"nobody"'}, "There is no register nobody"),
        ({"purpose": '"all"'}, "has no field purpose"),
        ({"register": "= ="}, "is no TOML"),
    ],
)
def test_an_agreement_that_may_not_be_is_refused_in_one_sentence(
    world: World,
    survey: Survey,
    proposed: Callable[..., str],
    changes: dict[str, str | None],
    sentence: str,
) -> None:
    """A4, B2, B3, B8"""
    survey(*ADD)
    output = survey("agreements", "propose", proposed(**changes), fails=True).output
    assert sentence in output
    assert output.count("\n") == 1
    assert json.loads(survey("agreements", "list", "--register", CODE, "--json").output) == []


def test_a_register_is_not_activated_before_somebody_answers_for_it(world: World, survey: Survey, keys: str) -> None:
    """B2"""
    survey("registers", "add", "a", "--name", "A", "--authority", " ", "--contact", "x", "--jwks", keys)
    assert "responsible authority" in survey("registers", "activate", "a", "--note", "x", fails=True).output
    survey(*ADD)
    assert "keys" in survey("registers", "activate", CODE, "--note", "x", fails=True).output
    survey("registers", "keys", CODE, "--jwks", keys, "--note", "they came by post")
    survey("registers", "activate", CODE, "--note", "x")
    survey("registers", "retire", CODE, "--note", "closed")
    assert "does not become active" in survey("registers", "activate", CODE, "--note", "x", fails=True).output
    states = {one["code"]: one["state"] for one in json.loads(survey("registers", "list", "--json").output)}
    assert (states["a"], states[CODE]) == ("draft", "retired")


def test_a_private_key_is_refused_and_nothing_of_it_is_shown(world: World, survey: Survey, tmp_path: Path) -> None:
    """B1"""
    key = ECKey.generate_key("P-384", auto_kid=True)
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(KeySet([key]).as_dict(private=True)))
    output = survey(*ADD, "--jwks", str(file), fails=True).output
    assert "private part" in output
    assert str(key.as_dict(private=True)["d"]) not in output


def test_a_pseudonym_key_is_made_once_and_written_for_its_owner_alone(
    world: World, survey: Survey, tmp_path: Path
) -> None:
    """B3"""
    file = tmp_path / "pseudonym.key"
    made = survey("registers", "keys", "first", "--pseudonym-key", str(file), "--note", "agreed")
    key = file.read_text().strip()
    assert re.fullmatch(r"[0-9a-f]{64}", key)
    assert key not in made.output
    assert file.stat().st_mode & 0o077 == 0
    again = survey("registers", "keys", "first", "--pseudonym-key", str(tmp_path / "b"), "--note", "x", fails=True)
    assert "keeps it" in again.output


def test_a_suspended_registers_token_is_refused_at_once(
    world: World, survey: Survey, app: Flask, register_key: ECKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B1, B2: with the token that it had, and by the interface of its agreements."""
    from tests.architecture.test_routes import bearer_token

    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # because no test has a certificate
    headers = {"Authorization": f"Bearer {bearer_token(app, register_key)}"}
    path = "/api/v1/registers/me/agreements"
    (mine,) = app.test_client().get(path, headers=headers).get_json()["agreements"]
    assert (mine["state"], mine["provider"]) == ("in_force", "SE2321000016-p1")
    assert app.test_client().post(f"{path}/{mine['id']}/approval", headers=headers).status_code == 204
    survey("registers", "suspend", "first", "--note", "an inspection")
    assert app.test_client().get(path, headers=headers).status_code == 401
    assert app.test_client().post(f"{path}/{mine['id']}/approval", headers=headers).status_code == 401
