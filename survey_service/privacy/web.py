"""My data, in the browser."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from survey_service.access.queries import MandateRow, all_providers, all_units, mandates_about
from survey_service.access.rules import MandateKind
from survey_service.answering.pages import done
from survey_service.answering.queries import responses_of_tasks
from survey_service.audit.queries import LoggedAccess, accesses_to_me
from survey_service.audit.rules import Activity, Purpose
from survey_service.delivery.rules import Ground, NamingReason
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.http.context import patient, services
from survey_service.privacy.queries import my_blocks
from survey_service.privacy.use_cases import block_unit, lift_block
from survey_service.registers.objecting import object_to_register, withdraw_objection
from survey_service.registers.queries import my_erasures, my_objections, register_names, registers_served_by
from survey_service.registers.rules import ACCEPTED_PURPOSE
from survey_service.scheduling.queries import occasions_of_patient, tasks_of

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/my-data")
def my_data() -> ResponseReturnValue:
    as_ = patient()
    return render_template("my_data.html", **_page(services(), as_=as_), mandates=_mandates(services(), as_=as_))


@blueprint.post("/my-data/registers/<uuid:register_id>")
def set_objection(register_id: UUID) -> ResponseReturnValue:
    """Say no to a register, or allow it again. Takes effect at once."""
    match request.form.get("objected"):
        case "1":
            object_to_register(services(), register_id, as_=patient())
        case "0":
            withdraw_objection(services(), register_id, as_=patient())
        case _:
            raise BadInput("Say whether the register may get your results.")
    return redirect(url_for("privacy.my_data") + "#registers", code=303)


@blueprint.post("/my-data/units/<uuid:unit_id>")
def set_block(unit_id: UUID) -> ResponseReturnValue:
    """Close a unit's answers to the provider's other units, or open them again. Takes effect at once."""
    match request.form.get("blocked"):
        case "1":
            block_unit(services(), unit_id, as_=patient())
        case "0":
            lift_block(services(), unit_id, as_=patient())
        case _:
            raise BadInput("Say whether other units may see the answers.")
    return redirect(url_for("privacy.my_data") + "#units", code=303)


def _page(services: Services, *, as_: Patient) -> dict[str, Any]:
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = occasions_of_patient(connection, now)
        tasks = tasks_of(connection, [one.id for one in found])
        answered = list(responses_of_tasks(connection, [task.id for task in tasks]).values())
        objections = my_objections(connection)
        served = registers_served_by(connection, sorted({one.provider_id for one in found}), now)
        all_of_them = all_units(connection)
        units = {unit_id: unit.name for unit_id, unit in all_of_them.items()}
        providers, blocks = all_providers(connection), my_blocks(connection)
        registers = register_names(connection)
        erasures = my_erasures(connection)
        logged = accesses_to_me(connection)
        return {
            "responses": done(connection, answered),
            "units": [
                {
                    "id": unit_id,
                    "name": units[unit_id],
                    "provider": providers[all_of_them[unit_id].provider_id].name,
                    "blocked": unit_id in blocks,
                }
                for unit_id in sorted({one.unit_id for one in found} | blocks, key=lambda one: units[one].casefold())
            ],
            "registers": [
                {
                    "id": one.id,
                    "name": one.name,
                    "authority": one.cpua_authority,
                    "objected": one.id in objections,
                }
                for one in served
            ],
            "erasures": [
                {
                    "register": registers.get(one.register_id, ""),
                    "ordered_at": one.ordered_at,
                    "confirmed_at": one.confirmed_at,
                }
                for one in erasures
            ],
            "pulls": [
                {
                    "at": access.at,
                    "register": registers.get(access.actor_id, ""),
                    "purpose": _why(access),
                    "what": gettext("A result"),
                }
                for access in logged
                if access.actor_kind == "register"
            ],
            "accesses": _once_a_day([access for access in logged if access.actor_kind != "register"], units),
        }


def _mandates(services: Services, *, as_: Patient) -> list[dict[str, Any]]:
    """Who may answer for the patient now. A guardian's name is not known here."""
    with services.db.transaction(as_=as_) as connection:
        rows = [one for one in mandates_about(connection, as_.person_id) if one.is_in_force(services.clock())]
        units = all_units(connection)
    return [
        {
            "id": one.id,
            "name": _holder(services, one, as_=as_),
            "unit": units[one.unit_id].name if one.unit_id else None,
            "may_read": one.may_read,
            # The mandate ends with the first moment of the day after its last.
            "last_day": one.valid_until - timedelta(days=1),
            "can_be_ended": one.kind is MandateKind.PROXY,
        }
        for one in rows
    ]


def _holder(services: Services, one: MandateRow, *, as_: Patient) -> str:
    if one.holder_name is None:
        return str(gettext("A guardian of yours"))
    cipher = services.keys.cipher(as_.person_id)
    return cipher.open(one.holder_name, table="mandates", column="holder_name", row=str(one.id))


def _once_a_day(logged: Sequence[LoggedAccess], units: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """What a unit did, newest first; the same thing on the same day on one line, with how many times."""
    days: dict[tuple[object, ...], list[LoggedAccess]] = defaultdict(list)
    for access in logged:
        same_thing = (access.unit_id, access.activity, access.object_kind, access.purpose, access.reason)
        days[local_day(access.at), *same_thing].append(access)
    lines = []
    for same in days.values():
        latest, times = same[0], len(same)
        what = _what(latest)
        if times > 1:
            what = gettext("%(what)s (%(times)s times)", what=what, times=times)
        who = units.get(latest.unit_id, "") if latest.unit_id else _who(latest)
        lines.append({"at": latest.at, "who": who, "what": what, "why": _why(latest)})
    return lines


def _who(access: LoggedAccess) -> str:
    """Who is no person of a unit."""
    if access.actor_kind == "patient":
        return str(gettext("Somebody who answers for you"))
    return str(gettext("The record system") if access.actor_kind == "record_system" else gettext("This service"))


def _why(access: LoggedAccess) -> str:
    """The log's own words, which are those of the national log service, as people say them."""
    if access.activity == Activity.EMERGENCY.value:
        return _ground(access)
    if access.object_kind == "identity":
        return _why_named(access)
    described = {
        Purpose.CARE.value: gettext("Care and treatment"),
        Purpose.OWN_ACCESS.value: gettext("On your behalf"),
        f"{Purpose.REGISTER.value} {ACCEPTED_PURPOSE}": gettext(
            "Quality register (Patient Data Act, chapter 7, section 4)"
        ),
    }
    return str(described.get(access.purpose, access.purpose))


def _ground(access: LoggedAccess) -> str:
    """Why another unit opened what is not theirs."""
    described = {
        Ground.CARE: gettext("They take part in your care"),
        Ground.CONSENT: gettext("You have consented"),
        Ground.EMERGENCY: gettext("An emergency"),
    }
    return str(described[Ground(access.reason or "")])


def _why_named(access: LoggedAccess) -> str:
    """Why the data protection officer looked who somebody is."""
    described = {
        NamingReason.PATIENT_ASKS: gettext("You have asked"),
        NamingReason.REVIEW: gettext("A regular review"),
        NamingReason.SUSPICION: gettext("A suspicion that it was not lawful"),
    }
    return str(described[NamingReason(access.reason or "")])


def _what(access: LoggedAccess) -> str:
    if access.actor_kind == "patient":
        return _done_for_you(access)
    described = {
        ("Läsa", "mandate"): gettext("Saw who may answer for you"),
        ("Skriva", "mandate"): gettext("Changed who may answer for you"),
        ("Läsa", "response"): gettext("Read your answers"),
        ("Läsa", "worklist"): gettext("Saw your name in a list"),
        ("Läsa", "block"): gettext("Saw that you have answers at another unit"),
        ("Läsa", "identity"): gettext("The data protection officer looked who you are"),
        ("Läsa", "elsewhere"): gettext("Looked whether other units have answers of yours"),
        ("Nödöppning", "course"): gettext("Saw your results at another unit over time"),
        ("Nödöppning", "emergency_access"): gettext("Opened your answers at another unit, with a reason"),
        ("Nödöppning", "response"): gettext("Read your answers at another unit"),
        ("Läsa", "push"): gettext("Sent your answers to the record system"),
        ("Läsa", "register_query"): gettext("Read a register's question about your answers"),
        ("Signera", "receipt"): gettext("Confirmed receipt"),
        ("Signera", "assessment"): gettext("Assessed your answers"),
        ("Skriva", "correction"): gettext("Corrected your answers"),
        ("Skriva", "voiding"): gettext("Put your answers aside"),
        ("Skriva", "response"): gettext("Entered your answers from paper"),
        ("Skriva", "hand_over"): gettext("Handed your answers over to a colleague"),
        ("Skriva", "note"): gettext("Wrote about your answers to colleagues"),
        ("Skriva", "reminder"): gettext("Had you reminded of a survey"),
        ("Skriva", "non_response"): gettext("Noted why a survey is not answered"),
        ("Skriva", "clinic_list"): gettext("Put you on the list for a day"),
        ("Läsa", "paper_form"): gettext("Saw a survey for you on paper"),
        ("Skriva", "enrolment"): gettext("Ordered surveys for you"),
        ("Läsa", "enrolment"): gettext("Saw what was ordered for you"),
        ("Läsa", "course"): gettext("Saw your results over time"),
        ("Läsa", "imported_results"): gettext("Saw your earlier results"),
        ("Skriva", "imported_response"): gettext("Brought in earlier results about you"),
    }
    return str(described.get((access.activity, access.object_kind), access.activity))


def _done_for_you(access: LoggedAccess) -> str:
    """What somebody did who answers for the patient."""
    described = {
        ("Logga in", "mandate"): gettext("Began or stopped answering for you"),
        ("Skriva", "occasion"): gettext("Began a survey for you"),
        ("Skriva", "response"): gettext("Answered a survey for you"),
        ("Läsa", "response"): gettext("Read your result"),
        ("Läsa", "course"): gettext("Saw your results over time"),
    }
    return str(described.get((access.activity, access.object_kind), access.activity))
