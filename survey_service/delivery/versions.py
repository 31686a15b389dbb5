"""The versions of a response, opened: what was answered, what a correction would make of it, and its scores again.

Reads and weighs; writing a version is `corrections`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from instruments import Answered, AnswerKind, Ask, Instrument, QuestionKind, Score
from instruments.form import refusal
from survey_service.answering.queries import (
    Response,
    open_corrections,
    open_log,
    scores_of_versions,
    sealed_log,
)
from survey_service.answering.rules import LoggedAnswer, Way, amended, read_answer
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.plausibility import Seen
from survey_service.delivery.queries import Version, sealed_corrections, versions_of, whereabouts
from survey_service.delivery.use_cases import own_response, responsible_response
from survey_service.errors import BadInput, Unavailable
from survey_service.foundation.clock import local_day
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.languages.queries import wording
from survey_service.people.queries import open_patients, sealed_patients
from survey_service.people.rules import Identity, age_on
from survey_service.scheduling.queries import Occasion, occasions_of_tasks
from translations.catalogue import InstrumentWording
from translations.completeness import eligible_items


@dataclass(frozen=True, slots=True)
class Standing:
    """A version of a response, opened: what was answered, and everything needed to score it again."""

    found: Response
    version: Version
    occasion: Occasion
    instrument: Instrument
    wording: InstrumentWording
    log: Sequence[LoggedAnswer]
    answered_at: Sequence[datetime]
    corrections: Mapping[str, Answered]
    scores: Sequence[Score]
    identity: Identity | None

    @property
    def answers(self) -> tuple[Answered, ...]:
        return amended(self.log, self.corrections, self.instrument)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a correction would make of a version: the answers that change, those that then stand, and their scores."""

    changed: tuple[Answered, ...]
    answers: tuple[Answered, ...]
    scores: tuple[Score, ...]


def look_at_version(
    services: Services, response_id: UUID, *, as_: Staff, number: int | None = None, to_correct: bool = False
) -> Standing:
    """A version of a received response, the one that stands unless another is named.

    Raises ``AccessDenied`` for another unit's, ``BadInput`` for what nobody has received or a version that is not
    there, and with ``to_correct`` for what was given to another unit, ``Unavailable`` where the instrument is not the
    one that was answered.
    """
    with services.db.transaction(as_=as_) as connection:
        look = responsible_response if to_correct else own_response
        found = look(connection, response_id, as_=as_, now=services.clock())
        if whereabouts(connection, [found.id])[found.id].received_at is None:
            raise BadInput("Open the response before you correct it.")
        versions = {one.number: one for one in versions_of(connection, found.id)}
        version = versions.get(max(versions) if number is None else number)
        if version is None:
            raise BadInput("There is no such version.")
        log = sealed_log(connection, found.session.id)
        sealed = sealed_corrections(connection, found.id, up_to=version.number)
        scores = scores_of_versions(connection, [version])[found.id]
        shown = wording(connection, found.session.wording_id)
        occasion = occasions_of_tasks(connection, [found.session.task_id])[found.session.task_id]
        patients = sealed_patients(connection, [found.person_id])
        access = Access(Activity.READ, Purpose.CARE, "response", found.id, found.person_id)
        record_access(connection, services.clock, [access], by=as_)
    instrument = _pinned(services, found)
    cipher = services.keys.cipher(found.person_id)
    return Standing(
        found=found,
        version=version,
        occasion=occasion,
        instrument=instrument,
        wording=shown,
        log=open_log(cipher, log, instrument.items),
        answered_at=[row.answered_at for row in log],
        corrections=open_corrections(cipher, sealed, instrument.items),
        scores=scores,
        identity=open_patients(services.keys, patients).get(found.person_id),
    )


def read_fields(standing: Standing, texts: Mapping[str, Sequence[str]]) -> Mapping[str, Answered | None]:
    """What the fields of a form say, by item; None for a question that had no answer and was left empty.

    Raises ``BadInput``, with the fields, for what is no answer to its question, or is missing and has to be there.
    """
    answered = {answer.item_id for answer in standing.answers}
    given: dict[str, Answered | None] = {}
    refused = []
    for item_id, written in texts.items():
        item = standing.instrument.items[item_id]
        way = Way.NOT_APPLICABLE if tuple(written) == (AnswerKind.NOT_APPLICABLE,) else Way.ANSWER
        if not written:
            way = Way.SKIP
        given[item_id] = None if not written and item_id not in answered else read_answer(item, written, way=way)
        if given[item_id] is None and written:
            refused.append(item_id)
    if refused:
        raise BadInput("That answer is not one of those that can be given.", fields=dict.fromkeys(refused, ""))
    return given


def weigh_correction(standing: Standing, given: Mapping[str, Answered | None]) -> Outcome:
    """What would stand if ``given`` (by item; None for a field left empty) did. Nothing is written.

    Raises ``BadInput``, with the fields, for an answer that the item does not take, a question that has to be answered
    now, a question that was never asked, and for a form in which nothing is changed.
    """
    before = {answer.item_id: answer for answer in standing.answers}
    instrument = standing.instrument
    asked = before if instrument.adaptive else instrument.items
    if unasked := given.keys() - asked.keys():
        raise BadInput("Only questions that were asked can be corrected.", fields=dict.fromkeys(unasked, ""))
    proposed = {item: answer for item, answer in given.items() if answer is not None and answer != before.get(item)}
    refused = [item for item, answer in proposed.items() if refusal(instrument.items[item], answer)]
    if refused:
        raise BadInput("That answer is not one of those that can be given.", fields=dict.fromkeys(refused, ""))
    after = _settled(standing, proposed, given)
    changed = tuple(
        answer for answer in after if answer.kind is not AnswerKind.SHOWN and answer != before.get(answer.item_id)
    )
    if not changed:
        raise BadInput("Nothing is changed.")
    return Outcome(changed=changed, answers=after, scores=_rescored(standing, after))


def recompute(standing: Standing) -> tuple[Score, ...]:
    """The scores of the version, by the pinned instrument from the answers that stood: they are those stored."""
    return _rescored(standing, standing.answers)


def _pinned(services: Services, found: Response) -> Instrument:
    session = found.session
    instrument = services.library.get(session.instrument, session.instrument_version, session.form)
    if instrument.content_hash != session.instrument_hash:
        raise Unavailable("This survey is no longer the one that was answered, so it cannot be scored again.")
    return instrument


def _settled(
    standing: Standing, proposed: Mapping[str, Answered], given: Mapping[str, Answered | None]
) -> tuple[Answered, ...]:
    """The answers that would stand. A question that comes into play and was left empty was skipped, where it may be."""
    instrument = standing.instrument
    corrections = {**standing.corrections, **proposed}
    while True:
        after = amended(standing.log, corrections, instrument)
        if instrument.adaptive:
            return after
        step = instrument.next_step(after, eligible=frozenset(instrument.items))
        if not isinstance(step, Ask):
            return after
        item = step.item
        if item.kind is QuestionKind.STATEMENT:
            corrections[item.id] = Answered(item.id, None, AnswerKind.SHOWN)
        elif item.skippable and given.get(item.id) is None:
            corrections[item.id] = Answered(item.id, None, AnswerKind.SKIPPED)
        else:
            raise BadInput("With this change the question has to be answered too.", fields={item.id: ""})


def _rescored(standing: Standing, answers: Sequence[Answered]) -> tuple[Score, ...]:
    """By the pinned instrument. Why an adaptive test stopped is how it went that day, and no correction changes it."""
    instrument = standing.instrument
    eligible = eligible_items(instrument, standing.wording)
    scores = instrument.score(answers, eligible=eligible)
    if not instrument.adaptive:
        return scores
    as_it_went = instrument.score(amended(standing.log, {}, instrument), eligible=eligible)
    stopped = {score.variable: score for score in as_it_went if score.variable.endswith(".stop_reason")}
    return tuple(stopped.get(score.variable, score) for score in scores)


def seen(standing: Standing, outcome: Outcome) -> Seen:
    """The version that a correction would make, as the rules of plausibility see it."""
    found, identity = standing.found, standing.identity
    return Seen(
        instrument=standing.instrument,
        respondent=found.session.respondent,
        answers=outcome.answers,
        scores=outcome.scores,
        answered_at=standing.answered_at,
        completed_at=found.completed_at,
        opens_at=standing.occasion.opens_at,
        closes_at=standing.occasion.closes_at,
        age=age_on(identity.number, local_day(found.completed_at)) if identity else None,
    )
