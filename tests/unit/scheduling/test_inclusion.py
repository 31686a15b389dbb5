"""Whom a protocol is meant for: each rule says no in its own sentence, and silence is no yes [A2]."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.errors import BadInput
from survey_service.scheduling.inclusion import (
    Candidate,
    EarlierScore,
    Rules,
    parse_diagnoses,
    parse_rules,
    why_excluded,
)

PAIN = {"variable": "pain.t", "at_least": 55, "within_days": 90}
SOMEBODY = Candidate(age=50, language="sv", diagnoses=("M17.1",), scores={"pain.t": ((60.0, 10), (40.0, 80))})


def judged(candidate: Candidate = SOMEBODY, *, exclusion: Any = None, **inclusion: Any) -> str | None:
    refused = why_excluded(parse_rules(inclusion, exclusion), candidate)
    return refused.sentence % refused.values if refused else None


@pytest.mark.parametrize(
    "inclusion",
    [
        {},
        {"age_from": 50, "age_to": 50},
        {"diagnoses": ["M17"]},
        {"diagnoses": ["M171"]},
        {"languages": ["en", "sv"]},
        {"scores": [PAIN]},
    ],
)
def test_somebody_who_meets_the_rules_is_taken_in(inclusion: dict[str, Any]) -> None:
    assert judged(**inclusion) is None


@pytest.mark.parametrize(
    ("inclusion", "sentence"),
    [
        ({"age_from": 51}, "51 years or older"),
        ({"age_to": 49}, "at most 49 years"),
        ({"diagnoses": ["M16", "S"]}, "begins with M16, S"),
        ({"languages": ["fi"]}, "answer in fi"),
        ({"scores": [{**PAIN, "at_least": 61}]}, "earlier result of pain.t"),
        ({"scores": [{**PAIN, "variable": "sleep.t"}]}, "earlier result of sleep.t"),
        ({"scores": [{**PAIN, "within_days": 9}]}, "earlier result of pain.t"),
    ],
)
def test_the_rule_that_refuses_is_named_in_one_sentence(inclusion: dict[str, Any], sentence: str) -> None:
    said = judged(**inclusion)
    assert said is not None
    assert sentence in said
    assert said.count(".") - said.count("pain.t") - said.count("sleep.t") == 1


@pytest.mark.parametrize(
    ("exclusion", "other"),
    [
        ({"age_from": 40}, Candidate(age=39, language="sv")),
        ({"age_to": 60}, Candidate(age=61, language="sv")),
        ({"diagnoses": ["M"]}, Candidate(age=50, language="sv", diagnoses=("G20",))),
        ({"languages": ["sv"]}, Candidate(age=50, language="en")),
        ({"scores": [PAIN]}, Candidate(age=50, language="sv")),
    ],
)
def test_one_exclusion_is_enough_and_is_only_about_whom_it_names(exclusion: dict[str, Any], other: Candidate) -> None:
    assert judged(exclusion=exclusion) is not None
    assert judged(other, exclusion=exclusion) is None


def test_only_the_newest_result_counts() -> None:
    later = Candidate(age=50, language="sv", scores={"pain.t": ((40.0, 5), (60.0, 10))})
    assert judged(later, scores=[PAIN]) is not None


@given(st.integers(0, 130), st.sampled_from(["sv", "fi"]))
def test_a_protocol_without_rules_is_for_everybody(age: int, language: str) -> None:
    assert why_excluded(Rules(), Candidate(age=age, language=language)) is None


@pytest.mark.parametrize(
    "inclusion",
    [
        {"age_from": 60, "age_to": 50},
        {"age_from": "18"},
        {"age_from": True},
        {"diagnoses": ["17"]},
        {"diagnoses": "M17"},
        {"languages": ["Swedish!"]},
        {"scores": [{"variable": "pain.t", "within_days": 90}]},
        {"scores": [{**PAIN, "within_days": 0}]},
        {"scores": [{**PAIN, "at_least": "55"}]},
        {"sex": "female"},
        [1],
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(inclusion: Any) -> None:
    with pytest.raises(BadInput):
        parse_rules(inclusion, None)


def test_what_has_to_be_looked_up_is_known() -> None:
    rules = parse_rules({"scores": [PAIN]}, {"scores": [{"variable": "sleep.t", "at_most": 3, "within_days": 400}]})
    assert (rules.variables, rules.longest_memory) == ({"pain.t", "sleep.t"}, 400)
    assert rules.inclusion.scores == (EarlierScore("pain.t", 90, 55.0, None),)


def test_diagnosis_codes_are_read_as_people_write_them() -> None:
    assert parse_diagnoses(" m17.1, S83;  G20\n") == ("M17.1", "S83", "G20")
    assert parse_diagnoses("") == ()


@pytest.mark.parametrize("text", ["knee", "19460708-2395", "M17.1.2", "17"])
def test_what_is_no_diagnosis_code_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_diagnoses(text)
