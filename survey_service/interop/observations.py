"""Scores as FHIR R4 Observations: plain values in, plain values out, for record systems and for registers alike.

After the German core data set for PROMs: the value is a quantity, its questionnaire is named by canonical, and the
standard error stands beside the value. No standard carries theta: it has an extension of our own (`docs/fhir.md`).
Not for which scores may be told to whom: the caller leaves out what is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from survey_service.interop import vocabulary

Json = dict[str, Any]

SCORE_IDS = f"{vocabulary.PROJECT}/score"
VARIABLES = f"{vocabulary.PROJECT}/CodeSystem/variables"
METHODS = f"{vocabulary.PROJECT}/CodeSystem/methods"
ADAPTIVE_TEST = f"{vocabulary.OWN}/adaptive-test"
COMPUTATION = f"{vocabulary.OWN}/computation"
UNCERTAINTY = "http://hl7.org/fhir/StructureDefinition/iso21090-uncertainty"
INSTANTIATES = "http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical"

_SURVEY = "http://terminology.hl7.org/CodeSystem/observation-category"
_LOINC = "http://loinc.org"
_SNOMED = "http://snomed.info/sct"
# T-scores of the item banks, and of PROMIS-29 for anxiety. LOINC has no code for the anxiety bank or the EQ-5D index.
_CODES = {
    "promis_physical_function.t": (_LOINC, "91721-1"),
    "promis_depression.t": (_LOINC, "77861-3"),
    "promis_fatigue.t": (_LOINC, "77864-7"),
    "promis_pain_interference.t": (_LOINC, "77865-4"),
    "promis_sleep_disturbance.t": (_LOINC, "77860-5"),
    "promis_social_participation.t": (_LOINC, "77854-8"),
    "promis_29.anxiety.t": (_LOINC, "71967-4"),
    "eq5d5l.index": (_SNOMED, "736534008"),
    "eq5d5l.vas": (_SNOMED, "736535009"),
}
# Told in the T-score's Observation, where there is one: they are how it was measured.
_BESIDE_T = ("theta", "n_items", "stop_reason")
# Everything else is a number without dimension.
_UCUM = {"per cent": "%"}
_ABSENT = {
    "skipped": "asked-declined",
    "not_applicable": "not-applicable",
    "unanswered": "not-performed",
    "no_answers": "not-performed",
    "ambiguous": "error",
    "out_of_range": "error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFacts:
    """One score with the versions that made it. ``unit`` is the catalogue's, in words."""

    variable: str
    unit: str
    method: str
    method_hash: str
    algorithm: str
    value: float | None = None
    text: str | None = None
    standard_error: float | None = None
    missing_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What the scores of one response share.

    ``id`` is what the receiver is to know the response by, and identifiers are made of. ``questionnaire`` is the
    canonical with its version. ``subject`` and ``performer`` are References; so is ``derived_from``, where the
    response itself is told too.
    """

    id: str
    questionnaire: str
    completed_at: datetime
    subject: Mapping[str, Any]
    performer: Mapping[str, Any]
    derived_from: Mapping[str, Any] | None = None


def observations(measured: Measurement, scores: Sequence[ScoreFacts]) -> list[Json]:
    """One Observation a score; theta, the number of items and the stop reason stand in that of their T-score."""
    by_name = {score.variable: score for score in scores}
    return [
        _observation(measured, score, _beside(score, by_name)) for score in scores if not _is_beside_t(score, by_name)
    ]


def number(value: float) -> int | float:
    """As JSON writes it anywhere: a whole number has no fraction."""
    return int(value) if value == int(value) else value


def moment(at: datetime) -> str:
    """To the second, with the zone."""
    return at.isoformat(timespec="seconds")


def _is_beside_t(score: ScoreFacts, by_name: Mapping[str, ScoreFacts]) -> bool:
    prefix, _, name = score.variable.rpartition(".")
    return name in _BESIDE_T and f"{prefix}.t" in by_name


def _beside(score: ScoreFacts, by_name: Mapping[str, ScoreFacts]) -> list[ScoreFacts]:
    prefix, _, name = score.variable.rpartition(".")
    found = [by_name.get(f"{prefix}.{other}") for other in _BESIDE_T] if name == "t" else []
    return [one for one in found if one is not None]


def _observation(measured: Measurement, score: ScoreFacts, beside: Sequence[ScoreFacts]) -> Json:
    instantiates = {"url": INSTANTIATES, "valueCanonical": measured.questionnaire}
    return {
        "resourceType": "Observation",
        "extension": [instantiates, _computation(score)],
        "identifier": [{"system": SCORE_IDS, "value": f"{measured.id}.{score.variable}"}],
        "status": "final",
        "category": [{"coding": [{"system": _SURVEY, "code": "survey"}]}],
        "code": {"coding": _coding(score)},
        "subject": dict(measured.subject),
        "effectiveDateTime": moment(measured.completed_at),
        "performer": [dict(measured.performer)],
        **_value(score, beside),
        "method": {"coding": [{"system": METHODS, "code": score.method}], "text": score.method},
        **({"derivedFrom": [dict(measured.derived_from)]} if measured.derived_from else {}),
    }


def _coding(score: ScoreFacts) -> list[Json]:
    own = {"system": VARIABLES, "code": score.variable}
    known = _CODES.get(score.variable)
    return [{"system": known[0], "code": known[1]}, own] if known else [own]


def _computation(score: ScoreFacts) -> Json:
    """The versions, so that scores of different ones are never pooled unawares [D3]."""
    parts = {"method": score.method, "method-hash": score.method_hash, "algorithm": score.algorithm}
    return {
        "url": COMPUTATION,
        "extension": [{"url": name, "valueString": value} for name, value in parts.items()],
    }


def _value(score: ScoreFacts, beside: Sequence[ScoreFacts]) -> Json:
    adaptive = _adaptive(beside)
    if score.value is not None:
        error = score.standard_error
        told = [] if error is None else [{"url": UNCERTAINTY, "valueDecimal": number(error)}]
        told += adaptive
        return {
            "valueQuantity": {
                **({"extension": told} if told else {}),
                "value": number(score.value),
                "unit": score.unit,
                "system": vocabulary.UCUM,
                "code": _UCUM.get(score.unit, "1"),
            }
        }
    if score.text is not None:
        return {"valueString": score.text}
    absent = {"system": vocabulary.ABSENT, "code": _ABSENT.get(score.missing_reason or "", "unknown")}
    return {"dataAbsentReason": {"coding": [absent], "text": score.missing_reason or "unknown"}}


def _adaptive(beside: Sequence[ScoreFacts]) -> list[Json]:
    parts: list[Json] = []
    for one in beside:
        name = one.variable.rpartition(".")[2]
        if name == "theta" and one.value is not None:
            parts.append({"url": "theta", "valueDecimal": number(one.value)})
            if one.standard_error is not None:
                parts.append({"url": "theta-standard-error", "valueDecimal": number(one.standard_error)})
        elif name == "n_items" and one.value is not None:
            parts.append({"url": "items", "valueInteger": int(one.value)})
        elif name == "stop_reason" and one.text is not None:
            parts.append({"url": "stop-reason", "valueCode": one.text})
    return [{"url": ADAPTIVE_TEST, "extension": parts}] if parts else []
