"""Figures for a monitoring system: counts, of nobody, and only with the token."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from survey_service.app import create_app
from survey_service.foundation.services import Services
from tests.conftest import BASE_URL, TestClock, TestDatabase
from tests.integration.notices import dispatch, receipt
from tests.world import World

TOKEN = "a token of the monitoring system's"


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(replace(services, settings=replace(services.settings, metrics_token=TOKEN)))


def read(app: Flask) -> dict[tuple[str, ...], float]:
    answer = app.test_client().get("/metrics", base_url=BASE_URL, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_it_counts_what_is_due_and_what_became_of_what_was_sent(
    world: World, app: Flask, database: TestDatabase, clock: TestClock
) -> None:
    here = world.enrol()[1]
    with database.connect("postgres") as connection:
        connection.execute("UPDATE notices SET next_at = %s", (clock() - timedelta(seconds=90),))
    sent = dispatch(database, here, outcomes=("temporary", "sent"), at=clock())
    receipt(database, sent, "bounced")
    dispatch(database, here, channel="sms", outcomes=("sent",), at=clock() - timedelta(hours=2))
    found = read(app)
    assert found["survey_notices_due",] == 1
    assert found["survey_notices_oldest_delay_seconds",] == pytest.approx(90, abs=1)
    counted = {key[1:]: value for key, value in found.items() if key[0] == "survey_dispatches_last_hour"}
    assert counted == {("email", "temporary"): 1, ("email", "sent"): 1, ("email", "bounced"): 1}


def test_it_tells_which_gateway_is_let_alone(
    world: World, app: Flask, database: TestDatabase, clock: TestClock
) -> None:
    assert read(app)["survey_gateway_let_alone", "mail"] == 0
    with database.connect("postgres") as connection:
        connection.execute(
            "INSERT INTO gateways (name, open_until, bad_since) VALUES ('mail', %s, %s)",
            (clock() + timedelta(minutes=1), clock() - timedelta(minutes=5)),
        )
    found = read(app)
    assert found["survey_gateway_let_alone", "mail"] == 1
    assert found["survey_gateway_bad_seconds", "mail"] == pytest.approx(300, abs=1)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}"])
def test_without_the_token_it_is_not_there(world: World, app: Flask, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert app.test_client().get("/metrics", base_url=BASE_URL, headers=headers).status_code == 404


def test_where_no_token_is_set_it_is_not_there(services: Services) -> None:
    client = create_app(services).test_client()
    assert client.get("/metrics", base_url=BASE_URL, headers={"Authorization": "Bearer "}).status_code == 404
