"""The operator's file of gateways, as the service reads it when it starts."""

from dataclasses import replace
from pathlib import Path

import pytest

from notifications.message import Format
from survey_service.settings import Settings, SettingsError
from survey_service.wiring import build_services

MAIL = '[[gateway]]\nname = "post"\nadapter = "email"\nhost = "127.0.0.1"\nsender = "no-reply@example.se"\n'


def with_file(settings: Settings, keys_url: str, text: str, folder: Path) -> Settings:
    file = folder / "gateways.toml"
    file.write_text(text)
    secrets = {"GATEWAY_PASSWORD": "s3cret"}
    return replace(
        settings,
        databases=replace(settings.databases, keys=keys_url),
        notices=replace(settings.notices, gateways=file, gateway_secrets=secrets),
    )


def test_without_a_file_e_mail_is_all_there_is(settings: Settings, keys_url: str) -> None:
    services = build_services(replace(settings, databases=replace(settings.databases, keys=keys_url)))
    services.db.close()
    services.keys.close()
    assert [(one.name, one.kind) for one in services.gateways] == [("mail", "email")]


def test_the_gateways_are_those_of_the_file(settings: Settings, keys_url: str, tmp_path: Path) -> None:
    letters = f'[[gateway]]\nname = "print"\nadapter = "letter"\nfolder = "{tmp_path}"\nreturn_address = "Box 1"\n'
    text = MAIL + 'password = "env:GATEWAY_PASSWORD"\n' + letters
    services = build_services(with_file(settings, keys_url, text, tmp_path))
    services.db.close()
    services.keys.close()
    assert [(one.name, one.channel.format) for one in services.gateways] == [
        ("post", Format.EMAIL),
        ("print", Format.LETTER),
    ]
    assert "s3cret" not in repr(services.gateways)
    assert services.staff_mail is services.gateways[0].channel


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[gateway", "SURVEY_GATEWAYS"),
        ('gateway = "mail"', "SURVEY_GATEWAYS"),
        ("gateway = [1]", "SURVEY_GATEWAYS"),
        (MAIL + 'password = "env:SURVEY_MASTER_KEYSET"', "lacks SURVEY_MASTER_KEYSET"),
        (MAIL + MAIL, "two gateways with the name post"),
        ("", "no gateway for email"),
        (MAIL.replace("no-reply@", "ortopedi@"), "names a kind of care"),
    ],
)
def test_a_file_that_cannot_be_meant_stops_the_service_and_is_named(
    settings: Settings, keys_url: str, tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        build_services(with_file(settings, keys_url, text, tmp_path))
