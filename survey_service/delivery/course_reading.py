"""Reading a patient's course: for the unit that follows the patient, and for the patient. Opening it is logged.

A number of queries that does not grow with the course, which is cut at the newest responses.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import TypedDict
from uuid import UUID

from sqlalchemy import Connection

from instruments import Score
from survey_service.access.queries import all_units
from survey_service.answering.queries import Response, responses_of_person, scores_of_versions
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.course import Point, Standing
from survey_service.delivery.emergency import ground_about
from survey_service.delivery.queries import (
    Version,
    VersionKind,
    Whereabouts,
    current_version,
    units_served,
    whereabouts,
)
from survey_service.delivery.rules import Ground
from survey_service.delivery.use_cases import caring
from survey_service.errors import AccessDenied
from survey_service.foundation.clock import at_local_time
from survey_service.foundation.principals import Patient, Staff
from survey_service.foundation.services import Services
from survey_service.history.queries import EarlierResponse, ImportedScore, earlier_responses, imported_scores_of
from survey_service.languages.queries import texts_of, wordings_with_ids
from survey_service.people.queries import open_patients, sealed_patients
from survey_service.people.rules import Identity
from survey_service.privacy.queries import closed_units
from survey_service.scheduling.queries import Anchor, Occasion, anchors_of, followed_occasions, occasions_of_tasks

MOST_RESPONSES = 500
_NOON = time(12, 0)

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What there is to show. ``occasions`` and ``units`` (names) are by response, but for those imported.

    ``may_open``: the responses whose answers the reader may go to; ``elsewhere``: those given to another unit.
    ``is_blocked``: that the patient has closed a unit's answers to this one. ``texts`` are by instrument and version.
    """

    points: Sequence[Point] = field(repr=False)
    anchors: Sequence[Anchor]
    occasions: Mapping[UUID, Occasion]
    units: Mapping[UUID, str]
    texts: Mapping[tuple[str, str], Texts]
    may_open: frozenset[UUID]
    elsewhere: frozenset[UUID]
    is_blocked: bool
    is_cut: bool
    identity: Identity | None = field(default=None, repr=False)


class _Within(TypedDict):
    """What two queries are narrowed by."""

    protocols: frozenset[UUID] | None
    without_units: frozenset[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """Whose answers a reader gets to see: a patient everything, staff by the unit, commission, block and reason."""

    own: UUID | None = None
    asked_by: UUID | None = None
    """None is every unit that the database shows the reader."""
    protocols: frozenset[UUID] | None = None
    closed: frozenset[UUID] = frozenset()
    ground: Ground | None = None


def course_of_patient(services: Services, person_id: UUID, *, locale: str, as_: Staff) -> Course:
    """What the unit has asked the patient, and what was brought to it from before.

    With a reason in force, what other units asked too, which is logged as opened with it. Raises ``AccessDenied`` for
    a unit that neither has nor had an enrolment of the person in a protocol of the commission.
    """
    with services.db.transaction(as_=as_) as connection:
        reach = _reach_of_staff(connection, person_id, as_=as_, now=services.clock())
        course = _read(connection, person_id, reach, locale)
        if not course.anchors and not (reach.ground and course.points):
            raise AccessDenied
        sealed = sealed_patients(connection, [person_id])
        accesses = [Access(Activity.READ, Purpose.CARE, "course", None, person_id)]
        accesses += [
            Access(Activity.EMERGENCY, Purpose.CARE, "course", one, person_id, reason=reach.ground)
            for one in sorted(course.elsewhere if reach.ground else ())
        ]
        record_access(connection, services.clock, accesses, by=as_)
    return replace(course, identity=open_patients(services.keys, sealed).get(person_id))


def _reach_of_staff(connection: Connection, person_id: UUID, *, as_: Staff, now: datetime) -> _Reach:
    """What the unit follows, in the protocols of the commission; with a reason in force, everything of the provider."""
    rights = caring(connection, as_, now)
    ground = ground_about(connection, person_id, as_=as_, now=now)
    closed = closed_units(connection, person_id, as_.unit_id)
    if ground in {Ground.CONSENT, Ground.EMERGENCY}:
        closed = frozenset()
    if ground is not None:
        return _Reach(own=as_.unit_id, asked_by=None, closed=closed, ground=ground)
    return _Reach(own=as_.unit_id, asked_by=as_.unit_id, protocols=rights.protocols, closed=closed)


def own_course(services: Services, *, locale: str, as_: Patient) -> Course:
    """Everything that the patient has answered, whoever asked."""
    with services.db.transaction(as_=as_) as connection:
        course = _read(connection, as_.person_id, _Reach(), locale)
        access = Access(Activity.READ, Purpose.OWN_ACCESS, "course", None, as_.person_id)
        record_access(connection, services.clock, [access], by=as_)
    return course


def _read(connection: Connection, person_id: UUID, reach: _Reach, locale: str) -> Course:
    within: _Within = {"protocols": reach.protocols, "without_units": reach.closed}
    followed = followed_occasions(person_id, reach.asked_by, **within)
    # One more than is shown tells that there are more.
    answered = responses_of_person(
        connection, person_id, of_occasions=followed, without_units=reach.closed, limit=MOST_RESPONSES + 1
    )
    occasions = occasions_of_tasks(connection, [one.session.task_id for one in answered])
    served = units_served(connection, [one.id for one in answered]) if reach.own else {}
    own = frozenset(response_id for response_id, units in served.items() if reach.own in units)
    points = sorted(
        [
            *_answered(connection, answered, occasions, own, reach.own),
            *_imported(connection, _earlier(connection, person_id, reach)),
        ],
        key=lambda one: (one.at, one.id),
    )
    names = {unit.id: unit.name for unit in all_units(connection).values()}
    elsewhere = frozenset(one.id for one in answered) - own
    return Course(
        points=points[-MOST_RESPONSES:],
        anchors=anchors_of(connection, person_id, reach.asked_by, **within),
        occasions={one.id: occasions[one.session.task_id] for one in answered},
        units={one.id: names[one.unit_id] for one in answered},
        texts=_texts(connection, points, answered, locale),
        may_open=frozenset(one.id for one in answered) if reach.ground else own,
        elsewhere=elsewhere,
        is_blocked=bool(reach.closed),
        is_cut=len(points) > MOST_RESPONSES,
    )


def _earlier(connection: Connection, person_id: UUID, reach: _Reach) -> list[EarlierResponse]:
    """Earlier results are of no protocol, so that who is limited to some sees none of them."""
    if reach.protocols is not None:
        return []
    return earlier_responses(
        connection, person_id, reach.asked_by, limit=MOST_RESPONSES + 1, without_units=reach.closed
    )


def _answered(
    connection: Connection,
    answered: Sequence[Response],
    occasions: Mapping[UUID, Occasion],
    own: Collection[UUID],
    unit_id: UUID | None,
) -> list[Point]:
    """``own`` were delivered to the unit, which sees them once it has opened them itself; others, once somebody has."""
    ids = [one.id for one in answered]
    stands = current_version(connection, ids)
    scores, happened = scores_of_versions(connection, stands.values()), dict(whereabouts(connection, ids))
    happened |= whereabouts(connection, own, at_unit=unit_id)
    return [
        Point(
            id=one.id,
            instrument=one.session.instrument,
            instrument_version=one.session.instrument_version,
            form=one.session.form,
            respondent=one.session.respondent,
            side=occasions[one.session.task_id].side,
            at=one.completed_at,
            standing=standing,
            scores=scores[one.id] if standing is Standing.STANDS else (),
            corrected_at=stands[one.id].at if stands[one.id].kind is VersionKind.CORRECTED else None,
        )
        for one in answered
        for standing in [_standing(stands[one.id], happened.get(one.id), is_own=unit_id is None)]
    ]


def _standing(version: Version, happened: Whereabouts | None, *, is_own: bool) -> Standing:
    """Patients see their own answers at once; a unit, once somebody has opened them."""
    if version.kind is VersionKind.VOIDED:
        return Standing.VOIDED
    if is_own or (happened is not None and happened.read_at is not None):
        return Standing.STANDS
    return Standing.UNOPENED


def _imported(connection: Connection, earlier: Sequence[EarlierResponse]) -> list[Point]:
    """Of a figure both computed here and in the file, the one computed here; a day without its time is noon."""
    scores = imported_scores_of(connection, [one.id for one in earlier])
    return [
        Point(
            id=one.id,
            instrument=one.instrument,
            instrument_version=one.instrument_version,
            form=one.form,
            respondent=one.respondent,
            side=None,
            at=one.completed_at or at_local_time(one.completed_on, _NOON),
            standing=Standing.STANDS,
            scores=_one_each(scores.get(one.id, ())),
            source=one.source,
        )
        for one in earlier
    ]


def _one_each(scores: Sequence[ImportedScore]) -> tuple[Score, ...]:
    computed_last = sorted(scores, key=lambda score: score.origin == "computed")
    chosen = {score.variable: score for score in computed_last}
    return tuple(
        Score(
            variable=score.variable,
            method=score.method,
            method_hash=score.method_hash or "",
            algorithm="",
            value=score.value,
            text=score.text,
            standard_error=score.standard_error,
            missing_reason=score.missing_reason,
        )
        for score in chosen.values()
    )


def _texts(
    connection: Connection, points: Sequence[Point], answered: Sequence[Response], locale: str
) -> Mapping[tuple[str, str], Texts]:
    """Approved texts in the reader's language; where all have been withdrawn, those that were shown."""
    approved = texts_of(connection, {(one.instrument, one.instrument_version) for one in points}, locale)
    shown = {
        (one.session.instrument, one.session.instrument_version): one.session.wording_id
        for one in answered
        if (one.session.instrument, one.session.instrument_version) not in approved
    }
    worded = wordings_with_ids(connection, set(shown.values())) if shown else {}
    return {**{key: worded[wording_id].texts for key, wording_id in shown.items()}, **approved}
