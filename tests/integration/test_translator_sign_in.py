"""Translators come in through the staff identity provider, if an operator has entered them [G1]."""

from datetime import timedelta

import pytest

from survey_service.access.rules import TRANSLATION_PURPOSE, TranslatorClaims, read_staff_claims
from survey_service.access.use_cases import add_translator, end_translator, resume, sign_in_translator, sign_out
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_denial
from survey_service.errors import BadInput, SignInRefused
from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from tests.conftest import TestClock, TestDatabase
from tests.licences import rows

CLAIMS = TranslatorClaims(hsa_id="SE2321000016-tove", acr="loa3")


@pytest.fixture
def tove(services: Services) -> Translator:
    return Translator(add_translator(services, hsa_id=CLAIMS.hsa_id, name="Tove"))


def test_a_commission_for_administration_is_a_translators() -> None:
    claims = {"commissionPurpose": TRANSLATION_PURPOSE, "employeeHsaId": CLAIMS.hsa_id, "acr": "loa3"}
    assert read_staff_claims(claims, accepted_acr=["loa3"]) == CLAIMS
    with pytest.raises(SignInRefused):
        read_staff_claims(claims | {"acr": "loa1"}, accepted_acr=["loa3"])


def test_a_translator_signs_in_goes_on_and_signs_out_and_the_log_says_so(
    services: Services, tove: Translator, database: TestDatabase
) -> None:
    """A6"""
    cookie = sign_in_translator(services, CLAIMS)
    signed_in = resume(services, cookie)
    assert signed_in is not None
    assert signed_in.principal == tove
    sign_out(services, cookie)
    assert resume(services, cookie) is None
    (logged,) = rows(database, "SELECT * FROM audit_events")
    assert (logged["actor_kind"], logged["actor_id"]) == ("translator", tove.translator_id)


def test_what_a_translator_is_refused_is_logged_in_their_name(
    services: Services, tove: Translator, database: TestDatabase
) -> None:
    """A6"""
    denied = Access(Activity.READ, Purpose.ADMINISTRATION, "answering.inbox")
    record_denial(services, denied, by=tove, reason="access-denied")
    (logged,) = rows(database, "SELECT * FROM audit_events")
    assert (logged["actor_kind"], logged["actor_id"], logged["outcome"]) == (
        "translator",
        tove.translator_id,
        "denied",
    )


def test_a_stranger_is_sent_back_for_another_commission(services: Services) -> None:
    with pytest.raises(SignInRefused, match="care and treatment"):
        sign_in_translator(services, CLAIMS)


def test_a_translators_time_ends_the_sign_in_with_it(services: Services, tove: Translator, clock: TestClock) -> None:
    cookie = sign_in_translator(services, CLAIMS)
    end_translator(services, tove.translator_id)
    clock.advance(timedelta(seconds=1))
    assert resume(services, cookie) is None
    with pytest.raises(SignInRefused, match="has ended"):
        sign_in_translator(services, CLAIMS)


def test_nobody_is_entered_twice_or_without_a_name(services: Services, tove: Translator) -> None:
    for hsa_id, name in ((CLAIMS.hsa_id, "Another"), ("", "Nobody"), ("SE1", " ")):
        with pytest.raises(BadInput):
            add_translator(services, hsa_id=hsa_id, name=name)
