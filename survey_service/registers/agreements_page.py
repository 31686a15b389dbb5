"""What the page of a provider's agreements shows: to whom what is given, on which ground, and where each stands."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask_babel import gettext

from instruments import Library
from survey_service.access.queries import manages_unit
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.locale import day
from survey_service.registers.queries import AgreementRecord, RegisterRecord, all_registers, recorded_agreements
from survey_service.registers.rules import AgreementState, Identifier, RegisterState, Side

Context = dict[str, Any]

_OVER = frozenset({AgreementState.SUPERSEDED, AgreementState.ENDED})


def agreements(services: Services, *, as_: Staff) -> Context:
    """The provider's agreements, those in force and those that wait for its yes; what has ended last."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = recorded_agreements(connection, now, provider_id=as_.provider_id)
        registers = {one.id: one for one in all_registers(connection)}
        manages = manages_unit(connection, as_, now)
    ordered = sorted(found, key=lambda one: one.state in _OVER)
    return {
        "manages": manages,
        "agreements": [_describe(one, registers[one.register_id], services.library) for one in ordered],
    }


def _describe(one: AgreementRecord, register: RegisterRecord, library: Library) -> Context:
    approved = one.approval_of(Side.PROVIDER)
    theirs = one.approval_of(Side.REGISTER)
    return {
        "id": one.id,
        "register": register.name,
        "authority": register.cpua_authority,
        "contact": register.contact,
        "ground": register.legal_ground,
        "version": one.version,
        "state": one.state.value,
        "state_in_words": _state(one),
        "given": _given(one, library),
        "item_answers": list(one.item_answers),
        "identifier": _identifier(one.identifier),
        "reason": one.identifier_reason,
        "answered_from": day(one.look_back),
        "hold_hours": one.review_hold_hours,
        "valid_from": one.valid_from,
        # The last moment of it, as people read an end at midnight.
        "valid_until": one.valid_until - timedelta(minutes=1) if one.valid_until else None,
        "approved_at": approved.at if approved else None,
        "approved_by": approved.by if approved else None,
        "approved_there_at": theirs.at if theirs else None,
        "may_approve": one.state not in _OVER and approved is None,
        "may_end": one.state not in _OVER,
    }


def _given(one: AgreementRecord, library: Library) -> list[tuple[str, list[str]]]:
    """Variables by instrument: what the instrument is called here, and the names that both sides use."""
    owners: Mapping[str, str] = {
        variable.name: id_ for id_ in library.ids() for variable in library.latest(id_).variables
    }
    by_instrument: dict[str, list[str]] = {}
    for name in one.variables:
        by_instrument.setdefault(owners.get(name, "–"), []).append(name)
    return sorted(by_instrument.items())


def _state(one: AgreementRecord) -> str:
    if one.state not in _OVER and one.register_state is not RegisterState.ACTIVE:
        return str(gettext("The register is not active: nothing is given"))
    words: Mapping[AgreementState, str] = {
        AgreementState.PROPOSED: gettext("Waits for approval: nothing is given"),
        AgreementState.COMING: gettext("Approved, not begun yet"),
        AgreementState.IN_FORCE: gettext("In force"),
        AgreementState.SUPERSEDED: gettext("Replaced by a newer version"),
        AgreementState.ENDED: gettext("Ended"),
    }
    return words[one.state]


def _identifier(identifier: Identifier) -> str:
    words: Mapping[Identifier, str] = {
        Identifier.PSEUDONYM: gettext("A code that only this register gets"),
        Identifier.KEYED_PSEUDONYM: gettext("A code that the register can work out from the personal identity number"),
        Identifier.PERSONAL_NUMBER: gettext("The personal identity number"),
    }
    return words[identifier]
