"""Looking at a delivered response by the unit's own rules, in the worker, and keeping which of them it met.

By each unit's, where it was delivered to several. For the version that stands: a correction is looked at anew. Not for
the rules themselves (`flagging`).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import Answered, Instrument, Score, series_of
from survey_service.access.queries import flag_hours
from survey_service.answering.queries import (
    Response,
    instrument_of,
    open_corrections,
    open_log,
    previous_responses,
    response,
    scores_of,
    scores_of_versions,
    sealed_log,
)
from survey_service.answering.rules import amended
from survey_service.delivery.flagging import Earlier, GivenAnswer, Judged, Raised, Rule, flags
from survey_service.delivery.queries import Version, VersionKind, current_version, sealed_corrections, units_served
from survey_service.delivery.records import unit_flags
from survey_service.delivery.worklist_queries import RuleState, rules_of
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.scheduling.queries import occasions_of_tasks

# Of so many earlier responses one is looked for that can be compared.
_LOOKED_BACK = 10


def raise_flags(services: Services, response_id: UUID, *, as_: System, unit_id: UUID | None = None) -> int:
    """Keep what the response meets at a unit, or (None) at every one that has it; returns how many rules.

    Harmless when repeated. None for a response that is voided, or whose instrument is gone: what cannot be read cannot
    be judged.
    """
    with services.db.transaction(as_=as_) as connection:
        units = units_served(connection, [response_id])[response_id]
    return sum(_raise_at(services, response_id, one, as_=as_) for one in sorted(units) if unit_id in {None, one})


def _raise_at(services: Services, response_id: UUID, unit_id: UUID, *, as_: System) -> int:
    with services.db.transaction(as_=as_) as connection:
        found = response(connection, response_id)
        if found is None:
            return 0
        version = current_version(connection, [found.id])[found.id]
        in_force = [one.rule for one in rules_of(connection, unit_id) if one.state is RuleState.ACTIVE]
        rules = [rule for rule in in_force if rule.instrument == found.session.instrument]
        instrument = instrument_of(services, found.session)
        if not rules or instrument is None or version.kind is VersionKind.VOIDED:
            return 0
        scores = scores_of_versions(connection, [version])[found.id]
        earlier = _earlier(connection, found, scores, unit_id)
        log, corrected = (
            sealed_log(connection, found.session.id),
            sealed_corrections(connection, found.id, up_to=version.number),
        )
        hours = flag_hours(connection, unit_id)
    # The key store is another database: it is not visited within a transaction.
    answers = _answers(services, found, instrument, log, corrected) if _looks_at_answers(rules) else ()
    judged = Judged(
        instrument=instrument.id,
        variables={variable.name: variable for variable in instrument.variables},
        scores={score.variable: score for score in scores},
        answers=answers,
        earlier=earlier,
    )
    raised = flags(rules, judged)
    if raised:
        with services.db.transaction(as_=as_) as connection:
            _keep(connection, services, found, version, raised, unit_id=unit_id, hours=hours)
    return len(raised)


def _looks_at_answers(rules: Sequence[Rule]) -> bool:
    return any(isinstance(rule.criterion, GivenAnswer) for rule in rules)


def _answers(
    services: Services,
    found: Response,
    instrument: Instrument,
    log: Sequence[Row[tuple[object, ...]]],
    corrected: Sequence[Row[tuple[object, ...]]],
) -> Sequence[Answered]:
    cipher = services.keys.cipher(found.person_id)
    corrections = open_corrections(cipher, corrected, instrument.items)
    return amended(open_log(cipher, log, instrument.items), corrections, instrument)


def _earlier(connection: Connection, found: Response, scores: Sequence[Score], unit_id: UUID) -> Mapping[str, Earlier]:
    """By variable, the previous response at the unit of the same series, and of the same side of the body."""
    before = previous_responses(connection, found, unit_id=unit_id, limit=_LOOKED_BACK)
    asked_at = occasions_of_tasks(connection, [one.session.task_id for one in (found, *before)])
    side = asked_at[found.session.task_id].side
    scored = scores_of(connection, [one.id for one in before])
    wanted = {score.variable: series_of(score, found.provenance) for score in scores}
    nearest: dict[str, Earlier] = {}
    for one in before:
        if asked_at[one.session.task_id].side != side:
            continue
        for score in scored[one.id]:
            if wanted.get(score.variable) == series_of(score, one.provenance) and score.value is not None:
                nearest.setdefault(score.variable, Earlier(one.id, score))
    return nearest


def _keep(
    connection: Connection,
    services: Services,
    found: Response,
    version: Version,
    raised: Sequence[Raised],
    *,
    unit_id: UUID,
    hours: int,
) -> None:
    now = services.clock()
    rows = [
        {
            "response_id": found.id,
            "version": version.number,
            "rule_version_id": one.rule_id,
            "provider_id": found.provider_id,
            "person_id": found.person_id,
            "unit_id": unit_id,
            "value": one.value,
            "standard_error": one.standard_error,
            "earlier_id": one.change.earlier.response_id if one.change else None,
            "earlier_value": one.change.earlier.score.value if one.change else None,
            "earlier_error": one.change.earlier.score.standard_error if one.change else None,
            "important_change": one.change.important if one.change else None,
            "reliable_change": one.change.reliable if one.change else None,
            "flagged_at": now,
            "assess_by": now + timedelta(hours=hours),
        }
        for one in raised
    ]
    connection.execute(upsert(unit_flags).on_conflict_do_nothing(), rows)
