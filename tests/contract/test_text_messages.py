"""Gateways over HTTP that misbehave: nothing is lost, nothing is sent twice, and nobody reads along."""

from dataclasses import replace
from datetime import timedelta

import pytest

from notifications.channels import (
    Configuration,
    ConfigurationError,
    DeliveryFailure,
    HttpRequest,
    PermanentFailure,
    TechnicalFailure,
    TemporaryFailure,
)
from notifications.channels.sms import SmsChannel, open_channel
from survey_service.foundation.http_transport import HttpTransport
from tests.contract.ways_out import KEY, SMS, SMS_FIELDS
from tests.gateway.client import SimulatedGateway


def configured(gateway: SimulatedGateway, **more: object) -> Configuration:
    usual = {
        "url": gateway.url("json"),
        "headers": {"Idempotency-Key": "{key}"},
        "fields": SMS_FIELDS,
        "answer": {"id": "messages.0.id"},
    }
    return usual | more


@pytest.fixture
def texts(gateway: SimulatedGateway) -> SmsChannel:
    return open_channel(configured(gateway), HttpTransport(read=5))


def test_the_gateway_is_asked_as_it_wants_to_be(texts: SmsChannel, gateway: SimulatedGateway) -> None:
    assert texts.send(SMS) == "m-1"
    expected = {"to": "+46701740635", "from": "RegionVast", "text": SMS.text, "reference": KEY}
    assert gateway.holds()[KEY]["fields"] == expected


def test_a_gateway_that_wants_a_form_gets_one(gateway: SimulatedGateway) -> None:
    texts = open_channel(configured(gateway, url=gateway.url("form"), format="form"), HttpTransport())
    texts.send(replace(SMS, text="Å & {to}=1"))
    assert gateway.holds()[KEY]["fields"]["text"] == "Å & {to}=1"


@pytest.mark.parametrize("behaviour", ["drops after", "garbage", "floods"])
def test_a_message_that_was_taken_without_a_word_is_one_when_it_is_sent_again(
    texts: SmsChannel, gateway: SimulatedGateway, behaviour: str
) -> None:
    """What must never happen 6"""
    gateway.does(behaviour)
    with pytest.raises(TechnicalFailure):
        texts.send(SMS)
    assert texts.send(SMS) == "m-1"
    assert gateway.holds()[KEY]["times"] == 2
    assert len(gateway.holds()) == 1


def test_a_gateway_that_is_too_slow_has_failed_and_the_message_is_still_one(gateway: SimulatedGateway) -> None:
    texts = open_channel(configured(gateway), HttpTransport(read=0.2))
    gateway.does("slow")
    with pytest.raises(TechnicalFailure):
        texts.send(SMS)
    gateway.goes_on()
    assert open_channel(configured(gateway), HttpTransport()).send(SMS) == "m-1"
    assert len(gateway.holds()) == 1


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        ("drops before", TechnicalFailure),
        ("later", TemporaryFailure),
        ("fails", TechnicalFailure),
        ("locked", TechnicalFailure),
        ("redirects", TechnicalFailure),
        ("refuses", PermanentFailure),
    ],
)
def test_what_was_not_taken_is_a_failure_of_its_kind(
    texts: SmsChannel, gateway: SimulatedGateway, behaviour: str, failure: type[DeliveryFailure]
) -> None:
    gateway.does(behaviour)
    with pytest.raises(DeliveryFailure) as raised:
        texts.send(SMS)
    assert type(raised.value) is failure
    assert gateway.holds() == {}


def test_how_long_the_gateway_wants_to_be_left_alone_is_heard(texts: SmsChannel, gateway: SimulatedGateway) -> None:
    gateway.does("later")
    with pytest.raises(TemporaryFailure) as raised:
        texts.send(SMS)
    assert raised.value.asked == timedelta(seconds=7)


def test_the_operator_says_what_a_status_means(gateway: SimulatedGateway) -> None:
    answer = {"id": "messages.0.id", "temporary": [500], "permanent": [401]}
    texts = open_channel(configured(gateway, answer=answer), HttpTransport())
    gateway.does("fails", "locked", "refuses")
    for failure in (TemporaryFailure, PermanentFailure, TechnicalFailure):
        with pytest.raises(failure):
            texts.send(SMS)


def test_a_number_that_is_none_is_refused_before_anybody_is_asked(texts: SmsChannel, gateway: SimulatedGateway) -> None:
    with pytest.raises(PermanentFailure):
        texts.send(replace(SMS, to="not a number"))
    assert gateway.holds() == {}


def test_nobody_there_is_a_technical_failure_that_names_no_address() -> None:
    request = HttpRequest("POST", "http://127.0.0.1:1/secret-path", {}, b"")
    with pytest.raises(OSError, match="ConnectionError") as raised:
        HttpTransport()(request)
    assert "secret" not in f"{raised.value!r} {raised.value.__context__!r} {request!r}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields": {"to": "{to}"}},
        {"fields": "to"},
        {"url": "https://gateway.test/{to}"},
        {"headers": {"X-Text": "{text}"}},
        {"headers": {"X-Number": 1}},
        {"answer": {"temporary": 500}},
        {"format": "form", "fields": {"message": {"to": "{to}", "text": "{text}"}}},
        {"format": "xml"},
        {"url": ""},
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(gateway: SimulatedGateway, wrong: dict[str, object]) -> None:
    """G4: a number or a text in an address of the web would be written into logs on its way."""
    with pytest.raises(ConfigurationError):
        open_channel(configured(gateway, **wrong), HttpTransport())
