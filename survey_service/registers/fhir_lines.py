"""A feed's entries as lines of FHIR R4 (``application/fhir+ndjson``). Pure.

A score is an Observation. Every Observation of a release carries the release as an identifier, so that a withdrawal is
one Observation with that identifier, ``entered-in-error``. What FHIR has no resource for (an order to erase, the end of
the pull) is ``Parameters``.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from survey_service.interop import vocabulary
from survey_service.interop.observations import VARIABLES, Measurement, ScoreFacts, observations
from survey_service.registers.entries import Ending, EntryKind, FeedEntry
from survey_service.registers.formats import dumps, look_back

RELEASE_IDS = f"{vocabulary.PROJECT}/release"
RESPONSE_IDS = f"{vocabulary.PROJECT}/response"
SUBJECT_IDS = f"{vocabulary.PROJECT}/register-subject"
RESULT = f"{vocabulary.OWN}/register-result"
HSA_IDS = "urn:oid:1.2.752.129.2.1.4.1"
_PERSONAL_NUMBERS = "urn:oid:1.2.752.129.2.1.3.1"
_PERSONAL_NUMBER_LENGTH = 12
_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

# How the answers came about, which no element of an Observation says. Under their own names.
_FACTS = (
    "version", "provider", "instrument_hash", "form", "wording", "language", "mode", "respondent", "occasion",
    "occasion_due_on", "within_window", "completed_at", "erased",
)  # fmt: skip

# How every Observation of the builder begins, as JSON.
_BEGINNING = '{"resourceType":"Observation","extension":['

Json = dict[str, Any]


def fhir_lines(entry: FeedEntry, *, units: Mapping[str, str]) -> Iterator[str]:
    """An entry as lines, each a resource. ``units`` are the catalogue's, by variable."""
    match entry.kind:
        case EntryKind.ERASURE:
            yield dumps(_parameters("erasure", order=entry.order, release=[str(one) for one in entry.releases]))
        case EntryKind.WITHDRAWN:
            yield dumps(_forgotten(str(entry.release_id)))
        case EntryKind.RESULT | EntryKind.CORRECTED:
            if entry.replaces is not None:
                yield dumps(_forgotten(str(entry.replaces)))
            yield from _resources(entry, units)


def ending_line(ending: Ending) -> str:
    """The last line of a stream: without it, the stream broke off and nothing of it counts."""
    return dumps(
        _parameters(
            "end",
            pull=ending.pull_id,
            next_cursor=ending.next_cursor,
            truncated=ending.truncated,
            **look_back(ending),
        )
    )


def _resources(entry: FeedEntry, units: Mapping[str, str]) -> Iterator[str]:
    payload = entry.payload or {}
    release = {"system": RELEASE_IDS, "value": str(entry.release_id)}
    facts = _facts(payload)
    measured = Measurement(
        id=str(payload["response"]),
        questionnaire=_questionnaire(payload),
        completed_at=datetime.fromisoformat(payload["completed_at"]),
        subject=_subject(payload),
        performer={"identifier": {"system": HSA_IDS, "value": payload["unit"]}},
        derived_from={
            "type": "QuestionnaireResponse",
            "identifier": {"system": RESPONSE_IDS, "value": payload["response"]},
        },
    )
    scores = [ScoreFacts(unit=units.get(one["variable"], ""), **one) for one in payload.get("scores") or ()]
    status = "corrected" if entry.kind is EntryKind.CORRECTED else "final"
    # The facts are most of an Observation and the same in all of a result: written once, they take half the time.
    beginning = f"{_BEGINNING}{dumps(facts)},"
    for observation in observations(measured, scores):
        observation["identifier"].append(release)
        observation["status"] = status
        yield beginning + dumps(observation)[len(_BEGINNING) :]
    if payload.get("answers"):
        status = "amended" if status == "corrected" else "completed"
        yield dumps(_questionnaire_response(payload, facts, status=status))


def _questionnaire_response(payload: Mapping[str, Any], facts: Json, *, status: str) -> Json:
    return {
        "resourceType": "QuestionnaireResponse",
        "extension": [facts],
        "identifier": {"system": RESPONSE_IDS, "value": payload["response"]},
        "questionnaire": _questionnaire(payload),
        "status": status,
        "subject": _subject(payload),
        "authored": payload["completed_at"],
        "item": [{"linkId": one["item"], **_answer(one.get("value"))} for one in payload["answers"]],
    }


def _answer(value: object) -> Json:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return {"answer": [_typed("value", one) for one in values]} if values else {}


def _facts(payload: Mapping[str, Any]) -> Json:
    event, agreement = payload.get("event") or {}, payload.get("agreement") or {}
    told: Json = {name: payload.get(name) for name in _FACTS}
    told |= {f"event_{name}": event.get(name) for name in ("kind", "date", "procedure", "side")}
    told |= {"agreement": agreement.get("id"), "agreement_version": agreement.get("version")}
    parts = [{"url": name.replace("_", "-"), **_typed("value", one)} for name, one in told.items() if one is not None]
    parts += [{"url": "flag", "valueString": str(one)} for one in payload.get("flags") or ()]
    return {"url": RESULT, "extension": parts}


def _questionnaire(payload: Mapping[str, Any]) -> str:
    return f"{vocabulary.PROJECT}/Questionnaire/{payload['instrument']}|{payload['instrument_version']}"


def _subject(payload: Mapping[str, Any]) -> Json:
    """By identifier alone; nobody, where the number has been erased with the person."""
    subject = payload.get("subject")
    if subject is None:
        return {"extension": [{"url": _ABSENT_REASON, "valueCode": "masked"}]}
    # A pseudonym is 36 or 64 characters long.
    system = _PERSONAL_NUMBERS if len(subject) == _PERSONAL_NUMBER_LENGTH else SUBJECT_IDS
    return {"identifier": {"system": system, "value": subject}}


def _forgotten(release: str) -> Json:
    return {
        "resourceType": "Observation",
        "identifier": [{"system": RELEASE_IDS, "value": release}],
        "status": "entered-in-error",
        "code": {"coding": [{"system": VARIABLES, "code": "withdrawn"}]},
    }


def _parameters(kind: str, **told: object) -> Json:
    parts: list[Json] = [{"name": "kind", "valueString": kind}]
    for name, value in told.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                parts.append({"name": name, **_typed("value", one if isinstance(one, bool) else str(one))})
    return {"resourceType": "Parameters", "parameter": parts}


def _typed(prefix: str, value: object) -> Json:
    if isinstance(value, bool):
        return {f"{prefix}Boolean": value}
    if isinstance(value, int | float):
        return {f"{prefix}Integer" if isinstance(value, int) else f"{prefix}Decimal": value}
    return {f"{prefix}String": str(value)}
