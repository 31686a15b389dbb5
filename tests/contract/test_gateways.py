"""The operator's file of gateways: one more channel is one more table."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from notifications.channels import ConfigurationError, Gateway, HttpAnswer, HttpRequest, open_gateways
from notifications.message import Format
from survey_service.foundation.http_transport import HttpTransport
from tests.contract.ways_out import KEY, NOTE
from tests.gateway.client import SimulatedGateway

SECRETS = {"GATEWAY_TOKEN": "s3cret"}
MAIL = """
[[gateway]]
name = "mail"
adapter = "email"
host = "127.0.0.1"
sender = "no-reply@example.se"
password = "env:GATEWAY_TOKEN"
"""


def nobody(_: HttpRequest) -> HttpAnswer:
    raise OSError


def opened(text: str, environ: Mapping[str, str] = SECRETS) -> tuple[Gateway, ...]:
    return open_gateways(tomllib.loads(text)["gateway"], nobody, environ=environ)


def test_every_adapter_is_opened_by_its_name_and_in_the_files_order(tmp_path: Path) -> None:
    gateways = opened(f"""
        {MAIL}
        [[gateway]]
        name = "texts-one"
        adapter = "sms"
        url = "https://one.test"
        fields = {{ to = "{{to}}", text = "{{text}}" }}
        headers = {{ Authorization = "env:GATEWAY_TOKEN" }}
        receipt_secret = "env:GATEWAY_TOKEN"
        receipt = {{ outcome = "status" }}
        per_second = 2.5

        [[gateway]]
        name = "print-office"
        adapter = "letter"
        folder = "{tmp_path}"
        return_address = "Box 1"

        [[gateway]]
        name = "looking"
        adapter = "memory"
        format = "sms"
        kind = "sms"
    """)
    assert [(one.name, one.kind, one.channel.format) for one in gateways] == [
        ("mail", "email", Format.EMAIL),
        ("texts-one", "sms", Format.SMS),
        ("print-office", "letter", Format.LETTER),
        ("looking", "sms", Format.SMS),
    ]
    assert gateways[1].per_second == 2.5
    assert gateways[1].receipt_secret == "s3cret"
    assert gateways[1].receipt == {"outcome": "status"}
    assert "s3cret" not in repr(gateways)


def test_one_more_channel_is_one_table_of_the_file(gateway: SimulatedGateway) -> None:
    """The portal's adapter is a folder that no other module knows of."""
    table = f"""
        [[gateway]]
        name = "national-portal"
        adapter = "portal"
        url = "{gateway.url("portal")}"
        logical_address = "SE0000000000-0001"
        source_system = "SE-1"
    """
    (portal,) = open_gateways(tomllib.loads(table)["gateway"], HttpTransport(), environ={})
    assert portal.kind == "portal"
    assert portal.channel.format is Format.NOTE
    assert portal.channel.send(NOTE) == "m-1"
    assert gateway.holds()[KEY]["fields"]["messageDescription"] == NOTE.subject


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('name = "x"\nadapter = "memory"\nreceipt = "json"', "gateway x: The setting receipt"),
        ('name = "x"', "adapter"),
        ('adapter = "memory"', "name"),
        ('name = "x"\nadapter = "pigeon"', "no adapter pigeon"),
        ('name = "x"\nadapter = "exchange"', "no adapter exchange"),
        ('name = "x"\nadapter = "letter.page"', "no adapter letter.page"),
        ('name = "X 1"\nadapter = "memory"', "small letters"),
        ('name = "x"\nadapter = "memory"\nkind = "e-mail"', "small letters"),
        ('name = "x"\nadapter = "memory"\nformat = "fax"', "gateway x: The format"),
        ('name = "x"\nadapter = "memory"\nper_second = 0', "rate"),
        ('name = "x"\nadapter = "memory"\nper_second = "many"', "rate"),
        ('name = "x"\nadapter = "email"\nsender = "a@example.se"', "gateway x: The gateway's setting host"),
        ('name = "x"\nadapter = "email"\nhost = "x"\nsender = "y"\nsecurity = "some"', "security"),
        ('name = "x"\nadapter = "memory"\nreceipt_secret = "env:GATEWAY_OTHER"', "GATEWAY_OTHER"),
    ],
)
def test_what_is_wrong_is_named(table: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        opened(f"[[gateway]]\n{table}")


def test_two_gateways_have_two_names() -> None:
    with pytest.raises(ConfigurationError, match="two gateways with the name mail"):
        opened(MAIL + MAIL)
