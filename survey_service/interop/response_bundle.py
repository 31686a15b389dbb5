"""A completed response as a FHIR R4 Bundle: a transaction for the record system, or one of a patient's own collection.

QuestionnaireResponse, score Observations, and a Provenance that signs them. Each is created only if it is not there
(by its identifier), so that a Bundle sent twice is taken once. The patient is named by identity number and nothing
else; no wording goes along, for it may not be ours to give. Pure: ``sign`` is an argument.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, assert_never
from uuid import UUID, uuid5

from instruments import (
    Answered,
    AnswerKind,
    Day,
    FreeText,
    Item,
    Number,
    Respondent,
    Scale,
    SeveralChoices,
    SingleChoice,
    Statement,
)
from survey_service.interop import vocabulary
from survey_service.interop.canonical_json import canonical_json
from survey_service.interop.items_export import code_system, is_integer
from survey_service.interop.observations import Measurement, ScoreFacts, moment, number, observations

Json = dict[str, Any]
# The signed bytes in, a detached JWS (RFC 7515, appendix F) out.
Sign = Callable[[bytes], str]

RESPONSE_IDS = f"{vocabulary.PROJECT}/response"
CIRCUMSTANCES = f"{vocabulary.OWN}/circumstances"
PERSONNUMMER = "urn:oid:1.2.752.129.2.1.3.1"
SAMORDNINGSNUMMER = "urn:oid:1.2.752.129.2.1.3.3"
HSA_ID = "urn:oid:1.2.752.129.2.1.4.1"
_DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_SIGNATURE_TYPES = "urn:iso-astm:E1762-95:2013"
_SOURCE_SIGNATURE = "1.2.840.10065.1.12.1.14"
_ABSENT = {
    AnswerKind.SKIPPED: "asked-declined",
    AnswerKind.NOT_APPLICABLE: "not-applicable",
    AnswerKind.AMBIGUOUS: "error",
    AnswerKind.OUT_OF_RANGE: "error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedResponse:
    """What goes to the record system. ``answers`` in the order given; ``items`` are the instrument's."""

    id: UUID
    identity_number: str = field(repr=False)
    provider_hsa_id: str
    unit_hsa_id: str
    instrument: str
    instrument_version: str
    instrument_hash: str
    form: str
    wording: UUID
    locale: str
    mode: str
    respondent: str
    occasion: str
    completed_at: datetime
    answers: Sequence[Answered] = field(repr=False)
    items: Mapping[str, Item] = field(repr=False)
    scores: Sequence[ScoreFacts] = field(repr=False)

    @property
    def questionnaire(self) -> str:
        """The url of the Questionnaire, as `questionnaire_export` has it."""
        url = f"{vocabulary.PROJECT}/Questionnaire/{self.instrument}"
        return url if self.respondent == Respondent.SELF else f"{url}/{self.respondent}"


def response_bundle(told: CompletedResponse, *, sign: Sign) -> Json:
    """The transaction. The same response gives the same entries every time, but for the signature's chance."""
    signed = _resources(told)
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [*signed, _entry(_provenance(told, signed, sign), told.id, "provenance")],
    }


def collected(all_told: Iterable[CompletedResponse], *, at: datetime) -> Json:
    """Many responses of one patient as a collection, to keep: nothing is to be created, and nobody signs."""
    entries = [entry for told in all_told for entry in _resources(told)]
    kept = [{"fullUrl": entry["fullUrl"], "resource": entry["resource"]} for entry in entries]
    bundle = {"resourceType": "Bundle", "type": "collection", "timestamp": moment(at)}
    return bundle | ({"entry": kept} if kept else {})


def _resources(told: CompletedResponse) -> list[Json]:
    """The response and its scores, as entries of a transaction."""
    subject = {"type": "Patient", "identifier": identity(told.identity_number)}
    answered = _entry(_questionnaire_response(told, subject), told.id, "response")
    measured = Measurement(
        id=str(told.id),
        questionnaire=f"{told.questionnaire}|{told.instrument_version}",
        completed_at=told.completed_at,
        subject=subject,
        performer=subject,
        derived_from={"reference": answered["fullUrl"]},
    )
    scores = [_entry(one, told.id, one["identifier"][0]["value"]) for one in observations(measured, told.scores)]
    return [answered, *scores]


def identity(number: str) -> Json:
    """A personnummer, or a samordningsnummer, whose day is the day of birth plus 60."""
    return {"system": SAMORDNINGSNUMMER if int(number[6:8]) > 60 else PERSONNUMMER, "value": number}


def signed_part(bundle: Mapping[str, Any]) -> bytes:
    """What the signature is of: every entry but the last, which holds it."""
    return canonical_json(bundle["entry"][:-1])


def _entry(resource: Json, response_id: UUID, name: str) -> Json:
    kind = resource["resourceType"]
    named = {"request": {"method": "POST", "url": kind}}
    identifier = resource.get("identifier")
    if identifier:  # a Provenance has none: it is written once with the others, or not at all
        one = identifier[0] if isinstance(identifier, list) else identifier
        named["request"]["ifNoneExist"] = f"identifier={one['system']}|{one['value']}"
    return {"fullUrl": f"urn:uuid:{uuid5(response_id, name)}", "resource": resource, **named}


def _questionnaire_response(told: CompletedResponse, subject: Json) -> Json:
    items = [item for answer in told.answers if (item := _item(told, answer))]
    return {
        "resourceType": "QuestionnaireResponse",
        "language": told.locale.replace("_", "-"),
        "extension": [_circumstances(told)],
        "identifier": {"system": RESPONSE_IDS, "value": str(told.id)},
        "questionnaire": f"{told.questionnaire}|{told.instrument_version}",
        "status": "completed",
        "subject": subject,
        "authored": moment(told.completed_at),
        **({"source": subject} if told.respondent == Respondent.SELF else {}),
        **({"item": items} if items else {}),
    }


def _circumstances(told: CompletedResponse) -> Json:
    parts = {
        "unit": told.unit_hsa_id,
        "occasion": told.occasion,
        "mode": told.mode,
        "respondent": told.respondent,
        "wording": str(told.wording),
        "instrument-hash": told.instrument_hash,
        **({"form": told.form} if told.form else {}),
    }
    return {
        "url": CIRCUMSTANCES,
        "extension": [{"url": name, "valueString": value} for name, value in parts.items()],
    }


def _item(told: CompletedResponse, answer: Answered) -> Json | None:
    if answer.kind is AnswerKind.SHOWN:
        return None
    if answer.kind is AnswerKind.NOT_APPLICABLE and isinstance(
        told.items[answer.item_id].question, SingleChoice | SeveralChoices
    ):  # one of the options, as the Questionnaire has it
        coding = {"system": vocabulary.ABSENT, "code": vocabulary.NOT_APPLICABLE}
        return {"linkId": answer.item_id, "answer": [{"valueCoding": coding}]}
    if answer.value is None:
        absent = {"url": _DATA_ABSENT, "valueCode": _ABSENT[answer.kind]}
        return {"extension": [absent], "linkId": answer.item_id}
    return {"linkId": answer.item_id, "answer": list(_answers(told, answer))}


def _answers(told: CompletedResponse, answer: Answered) -> list[Json]:
    value, question = answer.value, told.items[answer.item_id].question
    match question:
        case SingleChoice(option_set) | SeveralChoices(option_set):
            codes = value if isinstance(value, tuple) else (value,)
            system = code_system(told.questionnaire, option_set)
            return [{"valueCoding": {"system": system, "code": str(code)}} for code in codes]
        case Scale():
            return [{"valueInteger": value}]
        case Number():
            assert isinstance(value, Decimal)
            whole = is_integer(question)
            return [{"valueInteger": int(value)} if whole else {"valueDecimal": number(float(value))}]
        case FreeText():
            return [{"valueString": value}]
        case Day():
            assert isinstance(value, date)
            return [{"valueDate": value.isoformat()}]
        case Statement():
            raise AssertionError("a statement has no answer")
        case _:
            assert_never(question)


def _provenance(told: CompletedResponse, signed: Sequence[Json], sign: Sign) -> Json:
    provider = {"type": "Organization", "identifier": {"system": HSA_ID, "value": told.provider_hsa_id}}
    when = moment(told.completed_at)
    signature = sign(canonical_json(list(signed)))
    return {
        "resourceType": "Provenance",
        "target": [{"reference": entry["fullUrl"]} for entry in signed],
        "recorded": when,
        "agent": [{"who": provider}],
        "signature": [
            {
                "type": [{"system": _SIGNATURE_TYPES, "code": _SOURCE_SIGNATURE}],
                "when": when,
                "who": provider,
                "targetFormat": "application/fhir+json",
                "sigFormat": "application/jose",
                "data": base64.b64encode(signature.encode()).decode(),
            }
        ],
    }
