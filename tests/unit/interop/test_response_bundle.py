"""A completed response as a FHIR transaction: models, our own list of bindings, the signature, and who is named."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey

from instruments import Answered, AnswerKind, Library
from survey_service.interop.canonical_json import canonical_json
from survey_service.interop.observations import ScoreFacts
from survey_service.interop.response_bundle import CompletedResponse, identity, response_bundle, signed_part

NUMBER = "191212121212"
KEY = ECKey.generate_key("P-384", auto_kid=True)
LIBRARY = Library.load()
# Required and extensible bindings of R4 that fhir.resources does not check.
STATUSES = {"QuestionnaireResponse": {"completed"}, "Observation": {"final"}}
ABSENT = {"asked-declined", "not-applicable", "not-performed", "error", "unknown"}


def sign(content: bytes) -> str:
    head, _, tail = jws.serialize_compact({"alg": "ES384"}, content, KEY, algorithms=["ES384"]).split(".")
    return f"{head}..{tail}"


def score(variable: str, **values: Any) -> ScoreFacts:
    made = {"unit": "points", "method": "M", "method_hash": "abc", "algorithm": "pattern-eap/1"}
    return ScoreFacts(variable=variable, **(made | values))


T = [
    score("promis_anxiety.theta", value=-0.123456, standard_error=0.3, unit="standard deviations"),
    score("promis_anxiety.t", value=48.76544, standard_error=3.0, unit="T-score points"),
    score("promis_anxiety.n_items", value=5.0),
    score("promis_anxiety.stop_reason", text="precision"),
]


def completed(**changes: Any) -> CompletedResponse:
    library = LIBRARY.get("promis-anxiety", "1.0", "")
    values: dict[str, Any] = {
        "id": UUID(int=7),
        "identity_number": NUMBER,
        "provider_hsa_id": "SE2321000016-p1",
        "unit_hsa_id": "SE2321000016-u1",
        "instrument": "promis-anxiety",
        "instrument_version": "1.0",
        "instrument_hash": "hash",
        "form": "",
        "wording": UUID(int=8),
        "locale": "sv",
        "mode": "web",
        "respondent": "self",
        "occasion": "visit",
        "completed_at": datetime(2026, 11, 22, 12, 0, 0, 1, tzinfo=UTC),
        "answers": [
            Answered("EDANX01", 2, AnswerKind.VALUE),
            Answered("EDANX02", None, AnswerKind.SKIPPED),
        ],
        "items": library.items,
        "scores": T,
    }
    return CompletedResponse(**(values | changes))


def breaches(bundle: dict[str, Any]) -> list[str]:
    """Every breach of a rule of R4 that no model checks."""
    found = []
    for entry in bundle["entry"]:
        resource, request = entry["resource"], entry["request"]
        kind = resource["resourceType"]
        if (request["method"], request["url"]) != ("POST", kind):
            found.append(f"{kind}: request {request}")
        if kind in STATUSES and resource["status"] not in STATUSES[kind]:
            found.append(f"{kind}: status {resource['status']}")
        if kind != "Provenance" and "identifier=" not in request.get("ifNoneExist", ""):
            found.append(f"{kind}: created twice when sent twice")
        if kind == "Observation" and ("dataAbsentReason" in resource) == any(
            key.startswith("value") for key in resource
        ):
            found.append("obs-6: a value or a reason why there is none")
        for coding in resource.get("dataAbsentReason", {}).get("coding", []):
            if coding["code"] not in ABSENT:
                found.append(f"data-absent-reason {coding['code']}")
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    found += ["bdl-7: fullUrl twice"] if len(set(urls)) < len(urls) else []
    told = json.dumps(bundle)
    found += [f"reference to {url}" for url in _references(bundle) if url not in urls]
    return found + (["a null"] if "null" in told else [])


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if "reference" in value else []
        return own + [one for inner in value.values() for one in _references(inner)]
    return [one for inner in value for one in _references(inner)] if isinstance(value, list) else []


ANSWERS = {
    "promis-anxiety": [Answered("EDANX01", 3, AnswerKind.VALUE)],
    "eq5d-5l": [Answered("mobility", 2, AnswerKind.VALUE), Answered("vas", 80, AnswerKind.VALUE)],
}


@pytest.mark.parametrize("instrument", ANSWERS)
def test_the_bundle_is_fhir(instrument: str) -> None:
    items = LIBRARY.get(instrument, "1.0", "").items
    told = completed(instrument=instrument, items=items, answers=ANSWERS[instrument])
    bundle = response_bundle(told, sign=sign)
    Bundle.model_validate(bundle)
    assert breaches(bundle) == []


def test_a_response_without_scores_or_answers_is_fhir_too() -> None:
    bundle = response_bundle(completed(answers=[], scores=[]), sign=sign)
    Bundle.model_validate(bundle)
    assert breaches(bundle) == []
    assert len(bundle["entry"]) == 2


def test_a_t_score_tells_its_error_and_how_it_was_measured_in_one_observation() -> None:
    """D3"""
    told = response_bundle(completed(), sign=sign)["entry"]
    (observation,) = [one["resource"] for one in told if one["resource"]["resourceType"] == "Observation"]
    quantity = observation["valueQuantity"]
    uncertainty, adaptive = quantity["extension"]
    assert (quantity["value"], uncertainty["valueDecimal"]) == (48.76544, 3)
    told_beside = {one.pop("url"): next(iter(one.values())) for one in adaptive["extension"]}
    assert told_beside == {
        "theta": -0.123456, "theta-standard-error": 0.3, "items": 5, "stop-reason": "precision",
    }  # fmt: skip
    versions = {one["url"]: one["valueString"] for one in observation["extension"][1]["extension"]}
    assert versions == {"method": "M", "method-hash": "abc", "algorithm": "pattern-eap/1"}


@pytest.mark.parametrize(
    ("variable", "code"),
    [
        ("promis_depression.t", "77861-3"),
        ("promis_29.anxiety.t", "71967-4"),
        ("eq5d5l.vas", "736535009"),
        ("promis_anxiety.t", None),
    ],
)
def test_a_score_has_the_public_code_where_there_is_one_and_always_our_own(variable: str, code: str | None) -> None:
    told = response_bundle(completed(scores=[score(variable, value=50.0)]), sign=sign)
    codings = told["entry"][1]["resource"]["code"]["coding"]
    assert [one["code"] for one in codings] == ([code, variable] if code else [variable])


def test_a_score_that_cannot_be_had_says_why_and_has_no_value() -> None:
    """D3: missing is not zero."""
    scores = [score("eq5d5l.index", missing_reason="skipped"), score("eq5d5l.profile", text="2345")]
    told = response_bundle(completed(scores=scores), sign=sign)["entry"]
    assert told[1]["resource"]["dataAbsentReason"]["coding"][0]["code"] == "asked-declined"
    assert "valueQuantity" not in told[1]["resource"]
    assert told[2]["resource"]["valueString"] == "2345"


def test_a_question_that_was_skipped_is_told_without_an_answer() -> None:
    items = response_bundle(completed(), sign=sign)["entry"][0]["resource"]["item"]
    assert [one["linkId"] for one in items] == ["EDANX01", "EDANX02"]
    assert "answer" not in items[1]
    assert items[1]["extension"][0]["valueCode"] == "asked-declined"


def test_the_patient_is_named_by_identity_number_alone_and_never_in_an_address() -> None:
    bundle = response_bundle(completed(), sign=sign)
    addresses = [entry["fullUrl"] + json.dumps(entry["request"]) for entry in bundle["entry"]]
    assert not [one for one in addresses if NUMBER in one]
    assert not [one for one in bundle["entry"] if one["resource"]["resourceType"] == "Patient"]
    subject = bundle["entry"][0]["resource"]["subject"]
    assert subject == {"type": "Patient", "identifier": identity(NUMBER)}
    assert NUMBER not in repr(completed())


@pytest.mark.parametrize(("number", "ending"), [(NUMBER, "3.1"), ("197010632391", "3.3")])
def test_a_samordningsnummer_is_told_apart(number: str, ending: str) -> None:
    assert identity(number)["system"].endswith(ending)


def test_the_signature_is_of_what_was_sent_and_of_nothing_else() -> None:
    bundle = json.loads(json.dumps(response_bundle(completed(), sign=sign)))
    data = base64.b64decode(bundle["entry"][-1]["resource"]["signature"][0]["data"]).decode()

    def verify(content: bytes) -> None:
        head, _, tail = data.split(".")
        middle = base64.urlsafe_b64encode(content).decode().rstrip("=")
        jws.deserialize_compact(f"{head}.{middle}.{tail}", KEY, algorithms=["ES384"])

    verify(signed_part(bundle))
    bundle["entry"][0]["resource"]["item"][0]["answer"][0]["valueCoding"]["code"] = "5"
    with pytest.raises(BadSignatureError):
        verify(signed_part(bundle))


def test_the_same_response_gives_the_same_entries() -> None:
    one, other = (response_bundle(completed(), sign=sign) for _ in range(2))
    assert signed_part(one) == signed_part(other)


@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.integers(-(10**6), 10**6) | st.decimals(-1000, 1000, places=6).map(float) | st.text() | st.booleans(),
    )
)
def test_canonical_json_reads_back_the_same_and_is_written_in_one_way(value: dict[str, Any]) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value
    assert canonical_json(json.loads(written)) == written
    assert b"e-" not in written.replace(b"\\", b"").split(b'"')[-1]


@pytest.mark.parametrize(("value", "text"), [(52.0, b"52"), (0.00001, b"0.00001"), (48.76544, b"48.76544")])
def test_numbers_are_written_as_javascript_would(value: float, text: bytes) -> None:
    """RFC 8785, section 3.2.2.3"""
    assert canonical_json(value) == text
