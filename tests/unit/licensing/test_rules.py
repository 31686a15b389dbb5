"""What a licence covers, and the one sentence for what it does not."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.licensing.rules import (
    LicenceRecord,
    Mode,
    State,
    Use,
    UseOfAnswers,
    Why,
    explain,
    licensed_locales,
    state,
)

PROVIDER, UNIT, OTHER = UUID(int=1), UUID(int=2), UUID(int=9)
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
LICENCE = LicenceRecord(
    id=UUID(int=3),
    provider_id=PROVIDER,
    unit_id=None,
    instrument="form",
    instrument_version=None,
    purpose=UseOfAnswers.CARE,
    locales=frozenset({"sv", "en"}),
    modes=frozenset({Mode.WEB, Mode.TABLET}),
    valid_from=FIRST,
    valid_until=LAST,
    licensee="Region Ett",
    reference="1",
)
USE = Use(PROVIDER, UNIT, UseOfAnswers.CARE, Mode.WEB, date(2026, 6, 1))


@pytest.mark.parametrize("day", [FIRST, LAST, date(2026, 6, 1)])
def test_a_licence_covers_its_first_day_its_last_and_those_between(day: date) -> None:
    """D1"""
    use = replace(USE, day=day)
    assert licensed_locales([LICENCE], "form", "1.0", use) == {"sv", "en"}
    assert explain([LICENCE], "form", "1.0", use) is None


@pytest.mark.parametrize(
    ("licence", "use", "why", "on"),
    [
        ({"instrument": "other"}, {}, Why.NO_LICENCE, None),
        ({"provider_id": OTHER}, {}, Why.NO_LICENCE, None),
        ({"instrument_version": "2.0"}, {}, Why.VERSION, None),
        ({"unit_id": OTHER}, {}, Why.UNIT, None),
        ({"purpose": UseOfAnswers.QUALITY_FOLLOW_UP}, {}, Why.PURPOSE, None),
        ({}, {"mode": Mode.PAPER}, Why.MODE, None),
        ({"withdrawn_on": date(2026, 5, 1)}, {}, Why.WITHDRAWN, date(2026, 5, 1)),
        ({}, {"day": LAST + timedelta(days=1)}, Why.ENDED, LAST),
        ({}, {"day": FIRST - timedelta(days=1)}, Why.NOT_YET, FIRST),
    ],
)
def test_each_thing_that_a_licence_does_not_cover_has_its_sentence(
    licence: dict[str, Any], use: dict[str, Any], why: Why, on: date | None
) -> None:
    """D1"""
    recorded, asked = [replace(LICENCE, **licence)], replace(USE, **use)
    refusal = explain(recorded, "form", "1.0", asked)
    assert refusal is not None
    assert (refusal.why, refusal.on) == (why, on)
    assert "form" in str(refusal)
    assert on is None or on.isoformat() in str(refusal)
    assert "%" not in str(refusal)
    assert licensed_locales(recorded, "form", "1.0", asked) == frozenset()


def test_of_several_licences_the_one_that_comes_closest_gives_the_reason() -> None:
    elsewhere = replace(LICENCE, unit_id=OTHER)
    ended = [replace(LICENCE, valid_until=date(2026, 3, day)) for day in (31, 1)]
    refusal = explain([elsewhere, *ended, replace(LICENCE, instrument_version="2.0")], "form", "1.0", USE)
    assert refusal is not None
    assert (refusal.why, refusal.on) == (Why.ENDED, date(2026, 3, 31))


def test_licences_add_up_in_languages_and_a_withdrawn_one_adds_nothing() -> None:
    danish = replace(LICENCE, locales=frozenset({"da"}), unit_id=UNIT)
    finnish = replace(LICENCE, locales=frozenset({"fi"}), withdrawn_on=FIRST)
    assert licensed_locales([LICENCE, danish, finnish], "form", "1.0", USE) == {"sv", "en", "da"}


def test_a_licence_without_an_end_does_not_end() -> None:
    assert state(replace(LICENCE, valid_until=None), date(2126, 1, 1)) is State.IN_FORCE


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.booleans())
def test_a_licence_is_in_force_exactly_from_its_first_day_to_its_last(day: date, withdrawn: bool) -> None:
    licence = replace(LICENCE, withdrawn_on=FIRST if withdrawn else None)
    assert (state(licence, day) is State.IN_FORCE) == (FIRST <= day <= LAST and not withdrawn)
