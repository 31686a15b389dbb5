"""Every setting is read once, and what is missing or wrong is said in one sentence that holds no value."""

import json
from pathlib import Path

import pytest

import survey_service
from survey_service.settings import Environment, Settings, SettingsError

SECRETS = (
    "database-password",
    "the-secret-key",
    "the-master-keyset",
    "the-client-secret",
    "the-token-key",
    "smtp-secret",
)

RIGHT = {
    "SURVEY_ENVIRONMENT": "production",
    "SURVEY_BASE_URL": "https://survey.example.se/",
    "SURVEY_DATABASE_URL": "postgresql://survey_login:database-password@db/survey",
    "SURVEY_REGISTER_DATABASE_URL": "postgresql://survey_register:database-password@db/survey",
    "SURVEY_WORKER_DATABASE_URL": "postgresql://survey_worker:database-password@db/survey",
    "SURVEY_OPERATOR_DATABASE_URL": "postgresql://survey_operator:database-password@db/survey",
    "SURVEY_KEYS_DATABASE_URL": "postgresql://survey_keys:database-password@db/keys",
    "SURVEY_SECRET_KEY": "the-secret-key",
    "SURVEY_MASTER_KEYSET": "the-master-keyset",
    "SURVEY_IDENTITY_KEY": "ab" * 32,
    "SURVEY_TOKEN_KEY": json.dumps({"d": "the-token-key"}),
    "SURVEY_PATIENT_OIDC_ISSUER": "https://patients.example.se/",
    "SURVEY_PATIENT_OIDC_CLIENT_ID": "survey",
    "SURVEY_PATIENT_OIDC_CLIENT_SECRET": "the-client-secret",
    "SURVEY_PATIENT_OIDC_ACR": "loa3 loa4",
    "SURVEY_STAFF_OIDC_ISSUER": "https://staff.example.se",
    "SURVEY_STAFF_OIDC_CLIENT_ID": "survey",
    "SURVEY_STAFF_OIDC_CLIENT_SECRET": "the-client-secret",
    "SURVEY_STAFF_OIDC_ACR": "loa3",
    "SURVEY_SMTP_HOST": "mail.example.se",
    "SURVEY_SMTP_SENDER": "no-reply@example.se",
}


def test_the_settings_are_read_as_they_are_written() -> None:
    settings = Settings.from_environment(RIGHT)
    assert settings.environment is Environment.PRODUCTION
    assert not settings.demonstration
    assert settings.base_url == "https://survey.example.se"
    assert settings.patient_identity.issuer == "https://patients.example.se"
    assert settings.patient_identity.accepted_acr == ("loa3", "loa4")
    assert settings.identity_key == bytes.fromhex("ab" * 32)
    assert (settings.mail.port, settings.mail.starttls) == (587, True)


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_a_setting_that_is_missing_is_named_in_one_sentence(name: str, how: str) -> None:
    environ = {key: value for key, value in RIGHT.items() if key != name} | ({name: ""} if how == "empty" else {})
    with pytest.raises(SettingsError) as missing:
        Settings.from_environment(environ)
    assert name in str(missing.value)
    assert str(missing.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SURVEY_ENVIRONMENT", "staging"),
        ("SURVEY_ENVIRONMENT", "Production"),
        ("SURVEY_IDENTITY_KEY", "not-hexadecimal"),
        ("SURVEY_IDENTITY_KEY", "abcd"),
        ("SURVEY_TOKEN_KEY", "not json"),
        ("SURVEY_TOKEN_KEY", "[1]"),
        ("SURVEY_SMTP_PORT", "twenty"),
        ("SURVEY_SMTP_PORT", "-1"),
        ("SURVEY_SMTP_PORT", "2.5"),
        ("SURVEY_SMTP_STARTTLS", "yes"),
        ("SURVEY_SIGN_IN_IDLE", "soon"),
        ("SURVEY_SIGN_IN_LONGEST", ""),
        ("SURVEY_JSON_LOGS", "1"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        Settings.from_environment(RIGHT | {name: value})
    assert name in str(wrong.value)
    assert not value or len(value) < 4 or value not in str(wrong.value)


def test_a_file_of_gateways_may_refer_to_its_own_settings_and_to_no_others() -> None:
    """G4"""
    settings = Settings.from_environment(RIGHT | {"GATEWAY_TEXTS": "gateway-secret"})
    assert settings.notices.gateway_secrets == {"GATEWAY_TEXTS": "gateway-secret"}
    assert "gateway-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SURVEY_BASE_URL", "https://ortopedi.example.se"), ("SURVEY_SMTP_SENDER", "svar@hjartkliniken.example.se")],
)
def test_an_address_that_names_a_kind_of_care_is_refused_at_start(name: str, value: str) -> None:
    """C1: every message would show it."""
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(RIGHT | {name: value})


def test_no_secret_is_in_the_repr() -> None:
    settings = Settings.from_environment(
        RIGHT | {"SURVEY_SMTP_USERNAME": "mailer", "SURVEY_SMTP_PASSWORD": "smtp-secret"}
    )
    shown = repr(settings)
    assert [secret for secret in (*SECRETS, "ab" * 32, repr(bytes.fromhex("ab" * 32))) if secret in shown] == []
    assert "survey.example.se" in shown


def test_nothing_but_the_settings_reads_the_environment() -> None:
    """A setting that is read elsewhere is one that no operator knows of."""
    root = Path(survey_service.__file__).parent
    readers = {
        file.relative_to(root).as_posix()
        for file in root.rglob("*.py")
        if "os.environ" in (text := file.read_text(encoding="utf-8")) or "getenv" in text
    }
    # The demonstration hands its own environment on to the processes that it starts.
    assert {name for name in readers if not name.startswith("demo/")} == {"settings.py"}


def test_time_is_moved_in_a_demonstration_and_nowhere_else() -> None:
    moved = {"SURVEY_DEMO_CLOCK": "clock"}
    assert Settings.from_environment(RIGHT | moved | {"SURVEY_ENVIRONMENT": "demonstration"}).demo_clock == Path(
        "clock"
    )
    with pytest.raises(SettingsError, match="SURVEY_DEMO_CLOCK is for demonstrations only"):
        Settings.from_environment(RIGHT | moved)
