"""The words of the access log, those of the national log service (ehr:log StoreLog)."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from survey_service.foundation.principals import (
    Gate,
    Operator,
    Patient,
    Principal,
    RecordSystem,
    Register,
    Staff,
    System,
    Translator,
)


class Activity(Enum):
    READ = "Läsa"
    WRITE = "Skriva"
    SIGN = "Signera"
    ERASE = "Radera"
    SIGN_IN = "Logga in"
    EMERGENCY = "Nödöppning"


class Purpose(Enum):
    CARE = "Vård och behandling"
    OWN_ACCESS = "Patientens egen åtkomst"
    REGISTER = "Kvalitetsregister"
    ADMINISTRATION = "Administration"


@dataclass(frozen=True, slots=True)
class Access:
    """One thing done, or refused, to one object, about one person where there is one. ``reason`` is a code."""

    activity: Activity
    purpose: Purpose
    object_kind: str
    object_id: UUID | None = None
    person_id: UUID | None = None
    provider_id: UUID | None = None
    reason: str | None = None


NOBODY = UUID(int=0)


def actor_of(principal: Principal) -> tuple[str, UUID, UUID | None, UUID | None]:
    """Kind, id, unit and provider of who acts, as logged."""
    match principal:
        case Staff():
            return "staff", principal.staff_id, principal.unit_id, principal.provider_id
        case Patient():
            return "patient", principal.acts, None, None
        case Register():
            return "register", principal.register_id, None, None
        case RecordSystem():
            return "record_system", principal.record_system_id, None, principal.provider_id
        case System():
            return "system", principal.provider_id, None, principal.provider_id
        case Gate():
            return "gate", NOBODY, None, None
        case Translator():
            return "translator", principal.translator_id, None, None
        case Operator():
            return "operator", NOBODY, None, None
