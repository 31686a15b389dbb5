"""What an identity provider has to say before anybody is let in, and what a commission gives right to. Pure.

Staff claims are those of the Inera identity provider; patients' those of the Swedish OpenID Connect profile. A token
without an accepted level of assurance is refused, so single-factor sign-in never gets through [G1].
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

from survey_service.errors import AccessDenied, BadInput, SignInRefused, mark
from survey_service.foundation.clock import at_local_time
from survey_service.foundation.principals import Patient
from survey_service.people.rules import birthday, parse_identity_number

# The cookie with the secret of a sign-in.
COOKIE = "sign_in"
PERSONAL_NUMBER_CLAIM = "https://id.oidc.se/claim/personalIdentityNumber"
CARE_PURPOSE = "Vård och behandling"
# The catalogue of commissions has none for translation; what a translator may do is recorded here, not there.
TRANSLATION_PURPOSE = "Administration"


class Role(StrEnum):
    """What a commission is for."""

    CLINICIAN = "clinician"
    UNIT_MANAGER = "unit_manager"
    ADMINISTRATOR = "administrator"
    DATA_PROTECTION_OFFICER = "data_protection_officer"


class MandateKind(StrEnum):
    """Why somebody may answer for somebody else."""

    GUARDIAN = "guardian"
    PROXY = "proxy"


class MandateGround(StrEnum):
    """What a proxy's mandate rests on."""

    POWER_OF_ATTORNEY = "power_of_attorney"
    FUTURE_POWER = "future_power"
    TRUSTEE = "trustee"
    RELATIVE = "relative"


# From this birthday a child answers alone.
HAND_OVER_AGE = 13
LONGEST_PROXY_YEARS = 2


def handed_over_at(number: str) -> datetime:
    """When a child's own answers become the child's alone: the first moment of the day, in Sweden."""
    return at_local_time(birthday(number, HAND_OVER_AGE), time())


def last_day_of_proxy(today: date) -> date:
    """The latest day on which a mandate entered today may end."""
    month_day = (today.month, min(today.day, 28)) if today.month == 2 else (today.month, today.day)
    return date(today.year + LONGEST_PROXY_YEARS, *month_day)


class Right(Enum):
    """What a page or a use case asks for."""

    CARE = "care"
    MANAGE = "manage"
    SET_RIGHTS = "set_rights"
    SEE_RIGHTS = "see_rights"
    OVERSEE = "oversee"


_GIVES = {
    Role.CLINICIAN: frozenset({Right.CARE}),
    Role.UNIT_MANAGER: frozenset({Right.CARE, Right.MANAGE}),
    Role.ADMINISTRATOR: frozenset({Right.SET_RIGHTS, Right.SEE_RIGHTS}),
    Role.DATA_PROTECTION_OFFICER: frozenset({Right.OVERSEE, Right.SEE_RIGHTS}),
}


def gives(role: Role, right: Right) -> bool:
    """Whether a commission in the role gives the right."""
    return right in _GIVES[role]


@dataclass(frozen=True, slots=True)
class Held:
    """A commission in force. ``protocols`` None is no limit."""

    role: Role
    protocols: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may at the unit that they signed in for: the one judgement, for pages, use cases and lists."""

    held: tuple[Held, ...]

    def may(self, right: Right) -> bool:
        return any(right in _GIVES[one.role] for one in self.held)

    def require(self, right: Right) -> None:
        """Raises ``AccessDenied`` with the sentence that says what is missing."""
        if self.may(right):
            return
        match right:
            case Right.CARE:
                raise AccessDenied("Patients and their answers are for clinicians and managers of the unit.")
            case Right.SET_RIGHTS:
                raise AccessDenied("Rights are set by an administrator of your provider.")
            case Right.SEE_RIGHTS | Right.OVERSEE:
                raise AccessDenied("This page is for the data protection officer or an administrator of your provider.")
            case _:
                raise AccessDenied

    @property
    def protocols(self) -> frozenset[UUID] | None:
        """The protocols whose patients are open to them; None is all of the unit's."""
        limits = [one.protocols for one in self.held if Right.CARE in _GIVES[one.role]]
        if any(limit is None for limit in limits):
            return None
        return frozenset().union(*(limit for limit in limits if limit is not None))

    def covers(self, protocol_id: UUID) -> bool:
        """Whether they care for patients of the protocol."""
        return self.may(Right.CARE) and (self.protocols is None or protocol_id in self.protocols)


@dataclass(frozen=True, slots=True)
class PatientClaims:
    """A person, as an e-identification names them."""

    number: str = field(repr=False)
    acr: str


@dataclass(frozen=True, slots=True)
class StaffClaims:
    """A member of staff under one commission."""

    staff_hsa_id: str
    unit_hsa_id: str
    acr: str


@dataclass(frozen=True, slots=True)
class TranslatorClaims:
    """Somebody of the staff who has come to translate."""

    hsa_id: str
    acr: str


def may_read_own(who: Patient) -> bool:
    """Whether somebody may take home what was answered: never at a tablet, nor with the code of a letter [C4], and for
    another only with a mandate that says so [C5]."""
    return who.occasion_id is None and who.may_read


def read_patient_claims(claims: Mapping[str, Any], *, accepted_acr: Collection[str]) -> PatientClaims:
    """The patient that the token names. Raises ``SignInRefused``."""
    acr = _assurance(
        claims,
        accepted_acr,
        mark("Your e-identification is not of level of assurance 3. Use BankID or Freja+, or ask your care unit."),
    )
    try:
        return PatientClaims(number=parse_identity_number(_text(claims, PERSONAL_NUMBER_CLAIM)), acr=acr)
    except BadInput:
        raise SignInRefused("Your e-identification did not give a personal identity number.") from None


def read_staff_claims(claims: Mapping[str, Any], *, accepted_acr: Collection[str]) -> StaffClaims | TranslatorClaims:
    """The commission that the token names: for care, or for administration, which is a translator's.

    Raises ``SignInRefused``.
    """
    acr = _assurance(claims, accepted_acr, mark("That way of signing in is not secure enough here. Use two factors."))
    purpose = _text(claims, "commissionPurpose")
    if purpose == TRANSLATION_PURPOSE:
        return TranslatorClaims(hsa_id=_text(claims, "employeeHsaId"), acr=acr)
    if purpose != CARE_PURPOSE:
        raise SignInRefused("Choose a commission for care and treatment when you sign in.")
    return StaffClaims(
        staff_hsa_id=_text(claims, "employeeHsaId"), unit_hsa_id=_text(claims, "healthCareUnitHsaId"), acr=acr
    )


def _assurance(claims: Mapping[str, Any], accepted: Collection[str], refusal: str) -> str:
    acr = claims.get("acr")
    if not isinstance(acr, str) or acr not in accepted:
        raise SignInRefused(refusal)
    return acr


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise SignInRefused("The sign-in service did not say who you are.")
    return value
