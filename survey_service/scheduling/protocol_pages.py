"""What the pages of care protocols show."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any
from uuid import UUID

from flask_babel import gettext

from instruments import Library
from survey_service.access.queries import all_units, manages_unit, staff_names
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied, Conflict
from survey_service.foundation.clock import STOCKHOLM
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, languages
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients
from survey_service.scheduling.inclusion import Criteria
from survey_service.scheduling.protocol_changing import progress
from survey_service.scheduling.protocol_fields import LOCALES, MOST_OCCASIONS, locales_of, occasion_numbers
from survey_service.scheduling.protocol_previewing import ChangeKind, Look, OccasionChange, UnitCounts, look
from survey_service.scheduling.protocol_queries import (
    Draft,
    ProtocolVersion,
    change_to,
    listed_protocols,
    own_drafts,
    protocol_code,
    versions_of,
)
from survey_service.scheduling.rules import (
    AnchorKind,
    Asked,
    CareProtocol,
    OccasionPlan,
    ReceiptPolicy,
    in_language,
    parse_protocol,
)

Context = dict[str, Any]

_MOST_ROWS = 50
# The time line's drawing is so wide; an occasion's marks are at least so wide, to be seen in ten years.
_WIDTH, _ROW, _LEAST = 1000, 26, 6
_MOST_MARKS = 120


def protocols(services: Services, *, as_: Staff) -> Context:
    """The provider's protocols."""
    locale = current_locale()
    with services.db.transaction(as_=as_) as connection:
        found = listed_protocols(connection)
        drafts = own_drafts(connection)
        manages = manages_unit(connection, as_, services.clock())
    return {
        "manages": manages,
        "protocols": [
            {
                "id": one.id,
                "code": one.code,
                "name": in_language(one.names, locale) if one.names else one.code,
                "version": one.version,
                "since": one.since,
                "enrolled": one.enrolled,
                "behind": one.behind,
                "has_draft": one.id in drafts,
            }
            for one in found
            if one.version or manages
        ],
    }


def newest(services: Services, protocol_id: UUID, *, as_: Staff) -> ProtocolVersion:
    """The version in force. Raises ``AccessDenied`` where there is none."""
    with services.db.transaction(as_=as_) as connection:
        found = versions_of(connection, protocol_id)
    if not found:
        raise AccessDenied
    return found[0]


def protocol(services: Services, protocol_id: UUID, *, as_: Staff) -> Context:
    """The plan in force, its versions, and how far a change has come."""
    with services.db.transaction(as_=as_) as connection:
        code = protocol_code(connection, protocol_id)
        if code is None:
            raise AccessDenied
        versions = versions_of(connection, protocol_id)
        names = staff_names(connection)
        manages = manages_unit(connection, as_, services.clock())
        change = change_to(connection, versions[0].id) if versions else None
        left = progress(connection, protocol_id, versions[0].version) if versions else 0
    read = parse_protocol(versions[0].definition) if versions else None
    return {
        "id": protocol_id,
        "manages": manages,
        "name": in_language(read.names, current_locale()) if read else code,
        "plan": describe_plan(read) if read else None,
        "version": versions[0].version if versions else 0,
        "change": None if change is None else {"enrolled": max(change.enrolled, left), "left": left},
        "versions": [
            {"version": one.version, "at": one.published_at, "by": names.get(one.published_by or UUID(int=0))}
            for one in versions
        ],
    }


def edit(services: Services, protocol_id: UUID, draft: Draft, *, as_: Staff) -> Context:
    """What the form needs besides its fields."""
    with services.db.transaction(as_=as_) as connection:
        versions = versions_of(connection, protocol_id)
    numbers = occasion_numbers(draft.fields)
    return {
        "id": protocol_id,
        "saved_at": draft.saved_at,
        "overtaken_by": versions[0].version if versions and versions[0].version > draft.after else None,
        "locales": [(locale, _language(locale)) for locale in locales_of(draft.fields)],
        "numbers": numbers,
        "may_add": len(numbers) < MOST_OCCASIONS,
        "instruments": _instruments(services.library),
        "anchor_kinds": [(kind.value, anchor_in_words(kind)) for kind in AnchorKind],
        "asked": [(one.value, _asked(one)) for one in Asked],
        "purposes": [("care", gettext("Care")), ("quality_follow_up", gettext("The provider's quality follow-up"))],
        "policies": [(one.value, _policy(one)) for one in ReceiptPolicy],
    }


def _instruments(library: Library) -> list[str]:
    """As they are written in the form."""
    return sorted(f"{id_} {library.latest(id_).version}" for id_ in library.ids())


def _language(locale: str) -> str:
    return dict(languages()).get(locale, locale) if locale in LOCALES else locale


def preview(services: Services, protocol_id: UUID, definition: Mapping[str, Any], *, after: int, as_: Staff) -> Context:
    """What applying would do: counts for the provider, the first rows for the patients of one's own unit.

    While the worker is still looking there are no counts, and it says how far it has come.
    """
    found = look(services, protocol_id, definition, most=_MOST_ROWS, as_=as_)
    about = {
        "id": protocol_id,
        "name": in_language(found.protocol.names, current_locale()),
        "plan": describe_plan(found.protocol),
        "seen": found.fingerprint,
        "version": found.after + 1,
        "overtaken": found.after > after,
        "at": found.at,
        "progress": None if found.is_done else {"done": found.done, "portions": found.portions},
    }
    return about if not found.is_done else about | _found(services, found, as_)


def _found(services: Services, found: Look, as_: Staff) -> Context:
    with services.db.transaction(as_=as_) as connection:
        units = all_units(connection)
        sealed = sealed_patients(connection, {one.enrolled.person_id for one in found.own})
        _log(services, connection, found.own, as_)
    identities = open_patients(services.keys, sealed)
    everything = list(found.units.values())
    codes = {code for unit in everything for code, _ in unit.changes}
    planned = [one.code for one in found.protocol.occasions]
    own = found.units.get(as_.unit_id)
    return {
        "enrolled": sum(unit.enrolled for unit in everything),
        "paused": sum(unit.paused for unit in everything),
        "counts": _counts(everything),
        "units": [
            {"name": units[id_].name, "enrolled": found.units[id_].enrolled, **_counts([found.units[id_]])}
            for id_ in sorted(found.units, key=lambda one: units[one].name)
        ],
        "occasions": [
            {"code": code, **_counts(everything, code)}
            for code in [*(one for one in planned if one in codes), *sorted(codes - set(planned))]
        ],
        "rows": [_row(one, identities) for one in found.own],
        "count": own.changes.total() if own else 0,
    }


def _counts(units: Sequence[UnitCounts], code: str | None = None) -> dict[str, int]:
    """By kind, of one occasion or of all."""
    return {
        kind.value: sum(
            count for unit in units for (of, what), count in unit.changes.items() if what is kind and code in {None, of}
        )
        for kind in ChangeKind
    }


def _log(services: Services, connection: Any, shown: Sequence[OccasionChange], as_: Staff) -> None:
    """Whose plans were looked at."""
    enrolled = {one.enrolled.id: one.enrolled.person_id for one in shown}
    accesses = [Access(Activity.READ, Purpose.CARE, "enrolment", id_, person) for id_, person in enrolled.items()]
    record_access(connection, services.clock, accesses, by=as_)


def _row(one: OccasionChange, identities: Mapping[UUID, Any]) -> Context:
    identity = identities.get(one.enrolled.person_id)
    return {
        "enrolment_id": one.enrolled.id,
        "number": f"{identity.number[:8]}-{identity.number[8:]}" if identity else NAME_IS_ERASED,
        "code": one.code,
        "kind": one.kind.value,
        "kind_in_words": _kind(one.kind),
        "before": one.before,
        "after": one.after,
    }


def preview_csv(services: Services, protocol_id: UUID, definition: Mapping[str, Any], *, as_: Staff) -> str:
    """All rows of the unit, by enrolment: no name and no number leaves the service."""
    found = look(services, protocol_id, definition, most=None, as_=as_)
    if not found.is_done:
        raise Conflict("The plan has been changed since you looked at it. Look at the preview again.")
    shown = found.own
    with services.db.transaction(as_=as_) as connection:
        _log(services, connection, shown, as_)
    stream = StringIO()
    writer = csv.writer(stream)
    writer.writerow(["enrolment", "occasion", "change", "opened", "closed", "opens", "closes"])
    for one in shown:
        moments = [*(one.before or (None, None)), *(one.after or (None, None))]
        local = ["" if at is None else at.astimezone(STOCKHOLM).isoformat(timespec="minutes") for at in moments]
        writer.writerow([one.enrolled.id, one.code, one.kind.value, *local])
    return stream.getvalue()


def describe_plan(read: CareProtocol) -> Context:
    """A plan for reading, and its time line. The two say the same, occasion for occasion."""
    locale = current_locale()
    return {
        "reason": in_language(read.reasons, locale),
        "anchor": anchor_in_words(read.anchor_kind),
        "side": _asked(read.side),
        "procedure": _asked(read.procedure),
        "policy": _policy(read.receipt.policy),
        "within_hours": read.receipt.within_hours,
        "read_within_hours": read.receipt.read_within_hours,
        "other_way_after_days": read.notices.other_way_after_days,
        "letter_after_days": read.notices.letter_after_days,
        "registers": list(read.registers),
        "inclusion": _criteria(read.rules.inclusion),
        "exclusion": _criteria(read.rules.exclusion),
        "occasions": [
            {
                "code": one.code,
                "title": in_language(one.titles, locale),
                "due_day": one.due_day,
                "opens_day": one.due_day - one.opens_days_before,
                "closes_day": one.due_day + one.closes_days_after,
                "every_days": one.every_days,
                "times": one.times,
                "reminders": list(one.reminders),
                "not_on_holidays": one.not_on_holidays,
                "instruments": [" ".join(part for part in (i.id, i.version, i.form) if part) for i in one.instruments],
            }
            for one in read.occasions
        ],
        "line": time_line(read.occasions),
    }


def time_line(occasions: Sequence[OccasionPlan]) -> Context:
    """Where each occasion lies on a line of days, in the units of a drawing that is ``width`` wide."""
    first = min(0, *(one.due_day - one.opens_days_before for one in occasions))
    last = max(1, *(one.due_day + one.every_days * (one.times - 1) + one.closes_days_after for one in occasions))
    scale = _WIDTH / (last - first + 1)

    def marks(one: OccasionPlan) -> list[Context]:
        step = max(1, one.times // _MOST_MARKS)
        dues = [one.due_day + one.every_days * number for number in range(0, one.times, step)]
        wide = max(_LEAST, round((one.opens_days_before + one.closes_days_after + 1) * scale))
        return [{"x": round((due - one.opens_days_before - first) * scale), "width": wide} for due in dues]

    rows = [{"number": n, "y": _ROW * n, "marks": marks(one)} for n, one in enumerate(occasions, start=1)]
    return {
        "width": _WIDTH + _LEAST,
        "height": _ROW * (len(rows) + 1),
        "event": round(-first * scale),
        "rows": rows,
    }


def _criteria(found: Criteria) -> list[str]:
    lines = []
    if found.age_from is not None or found.age_to is not None:
        low, high = found.age_from or 0, found.age_to if found.age_to is not None else "–"
        lines.append(gettext("Age from %(low)s to %(high)s", low=low, high=high))
    if found.diagnoses:
        lines.append(gettext("Diagnosis that begins with %(codes)s", codes=", ".join(found.diagnoses)))
    if found.languages:
        lines.append(gettext("Language %(languages)s", languages=", ".join(found.languages)))
    lines += [
        gettext(
            "%(variable)s from %(low)s to %(high)s within %(days)s days",
            variable=one.variable,
            low="–" if one.at_least is None else f"{one.at_least:g}",
            high="–" if one.at_most is None else f"{one.at_most:g}",
            days=one.within_days,
        )
        for one in found.scores
    ]
    return [str(line) for line in lines]


def anchor_in_words(kind: str) -> str:
    words: Mapping[str, str] = {
        AnchorKind.SURGERY: gettext("Surgery"),
        AnchorKind.DIAGNOSIS: gettext("Diagnosis"),
        AnchorKind.VISIT: gettext("Visit"),
        AnchorKind.ENROLMENT: gettext("Enrolment"),
    }
    return words.get(kind, kind)


def _asked(one: Asked) -> str:
    words: Mapping[Asked, str] = {
        Asked.NEVER: gettext("Never stated"),
        Asked.OPTIONAL: gettext("May be stated"),
        Asked.REQUIRED: gettext("Always stated"),
    }
    return words[one]


def _policy(policy: ReceiptPolicy) -> str:
    words: Mapping[ReceiptPolicy, str] = {
        ReceiptPolicy.PERSON: gettext("Somebody at the unit opens the answers"),
        ReceiptPolicy.RECORD_SYSTEM: gettext("The record system takes them in, or somebody opens them"),
        ReceiptPolicy.ARCHIVE: gettext("The archive takes them in, or somebody opens them"),
    }
    return words[policy]


def _kind(kind: ChangeKind) -> str:
    words: Mapping[ChangeKind, str] = {
        ChangeKind.ADDED: gettext("Added"),
        ChangeKind.MOVED: gettext("Moved"),
        ChangeKind.WITHDRAWN: gettext("Withdrawn"),
    }
    return words[kind]
