"""Sending what is due: claim, look, ask the directory, decide, write down, hand over, record.

At least once, and one effect: the dispatch is there before it is handed over and is its key, what became of it is kept
at once, and a message handed over twice by a worker that died in between has the same key for its gateway.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Lock
from time import monotonic
from uuid import UUID

from babel.support import Translations
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from notifications.channels import Gateway
from notifications.ladder import Unreached
from notifications.timing import Decency, Hours
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.logging import get_logger
from survey_service.foundation.person_directory import NO_DIRECTORY, DirectoryDown, PersonFacts
from survey_service.foundation.principals import NO_PROVIDER, System
from survey_service.foundation.services import Services
from survey_service.notifying.addressing import Addressee, has_new_number
from survey_service.notifying.claiming import Claim, Rest, claim, let_go, next_look
from survey_service.notifying.deciding import INBOX, Case, Tell, Terms, after_attempt, decide, is_deceased, retried_at
from survey_service.notifying.gateways import Counterparts, Pace
from survey_service.notifying.handing_over import Parcel, hand_over
from survey_service.notifying.looking import Looked, Sight, look, opened_choices
from survey_service.notifying.writing import announce, keep_facts, record_attempts, write_dispatches
from survey_service.people.queries import open_patient
from survey_service.scheduling.rules import OPENING_TIME, SEND_JOB

Texts = Callable[[], Mapping[str, Translations]]

# Less than this is left of the lease: another worker might take what is handed over now for its own.
_LEAST_LEFT = timedelta(seconds=10)
# Somebody has to put something right first.
_UNREADABLE_FOR = timedelta(hours=1)
# What is due later than this is found by the worker that comes round every minute.
_SOON = timedelta(minutes=1)


class Sending:
    """Sends what is due, in one thread of this process at a time. Others that are asked to leave it to that one."""

    def __init__(self, services: Services, texts: Texts) -> None:
        self._services = services
        self._texts = texts
        self._turn = Lock()
        self._asked = Event()

    def __call__(self) -> None:
        """Go on until nothing is due. Harmless when repeated."""
        self._asked.set()
        # Whoever asks while the turn is another's is heard: that one looks once more before it ends.
        while self._asked.is_set() and self._turn.acquire(blocking=False):
            try:
                self._asked.clear()
                send_due(self._services, self._texts)
            finally:
                self._turn.release()


def send_due(services: Services, texts: Texts) -> None:
    """Send until nothing is due, and come back when something is before the next minute. ``texts`` are the interface's
    in force, by locale."""
    try:
        while claims := claim(services):
            by_provider: dict[UUID, list[Claim]] = defaultdict(list)
            for one in claims:
                by_provider[one.provider_id].append(one)
            for provider_id, own in by_provider.items():
                _send_contained(services, texts, provider_id, own)
    finally:
        for gateway in services.gateways:
            gateway.channel.close()
    due, now = next_look(services), services.clock()
    if due is not None and now < due < now + _SOON:
        with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
            enqueue(connection, SEND_JOB, at=due)


def _send_contained(services: Services, texts: Texts, provider_id: UUID, claims: list[Claim]) -> None:
    """One notice that cannot be read or written keeps no other from being sent: the unit sees that it was withheld, and
    it is looked at again later. While the database is away, when its lease is over."""
    try:
        _Batch(services, texts, provider_id).send(claims)
    except Exception as error:
        if len(claims) == 1:
            get_logger().error("notice.failed", occasion_id=str(claims[0].occasion_id), exc_info=error)
            if not isinstance(error, SQLAlchemyError):
                again = Rest(services.clock() + _UNREADABLE_FOR, Unreached.WITHHELD)
                let_go(services, [(claims[0], again)], as_=System(provider_id))
            return
        for one in claims:
            _send_contained(services, texts, provider_id, [one])


@dataclass(frozen=True, slots=True)
class _Written:
    """What was written before anything is handed over: what waits after all, and the dispatches, by occasion."""

    waiting: Mapping[UUID, Rest]
    dispatches: Mapping[UUID, UUID]


class _Batch:
    """A few notices of one provider, from looking at them to letting go of them."""

    def __init__(self, services: Services, texts: Texts, provider_id: UUID) -> None:
        self._services = services
        self._texts = texts()
        self._system = System(provider_id)
        self._now = services.clock()
        self._counterparts = Counterparts(services)
        self._pace = Pace(self._now, monotonic())
        limits = services.settings.notices
        self._terms = Terms(
            formats={one.kind: one.channel.format for one in services.gateways},
            decency=Decency(Hours(limits.opens, limits.closes), limits.every_day),
            spread_over=timedelta(seconds=limits.spread_seconds),
            digest_key=services.settings.identity_key,
        )

    def send(self, claims: Collection[Claim]) -> None:
        with self._services.db.transaction(as_=self._system) as connection:
            sight = look(connection, self._services, claims, self._system.provider_id)
        rests = {one.claim.occasion_id: self._unasked(one) for one in sight.notices}
        asked = [one for one in sight.notices if rests[one.claim.occasion_id] is None]
        people = self._addressees(sight, {one.occasion.person_id for one in asked})
        cases = {
            one.occasion.id: Case(
                one.occasion,
                one.sent,
                one.asked_for,
                one.signed_in_at,
                people[one.occasion.person_id],
                one.ladder,
            )
            for one in asked
            if one.occasion.person_id in people  # who has been erased is told nothing
        }
        decided = {id_: decide(case, self._terms, now=self._now) for id_, case in cases.items()}
        written = self._write(cases, decided, people.values())
        done: dict[UUID, Rest] = {id_: rest for id_, rest in decided.items() if isinstance(rest, Rest)}
        done |= written.waiting
        parcels = [
            Parcel(
                case=cases[id_],
                tell=tell,
                dispatch_id=written.dispatches[id_],
                sender_name=sight.sender_name,
                secrets=sight.secrets[id_],
            )
            for id_, tell in decided.items()
            if isinstance(tell, Tell) and id_ in written.dispatches
        ]
        until = min((one.until for one in claims), default=self._now) - _LEAST_LEFT
        done |= self._hand_over(parcels, until)
        # Somebody else has just made the dispatch: there is more to see.
        again = Rest(self._now + _SOON)
        finished = [
            (
                one,
                done.get(one.occasion_id)
                or rests.get(one.occasion_id)
                or (again if one.occasion_id in cases else Rest()),
            )
            for one in claims
        ]
        let_go(self._services, finished, as_=self._system)

    def _unasked(self, one: Looked) -> Rest | None:
        """Why nothing is asked of it now, if so: over, to come, answered, another's to answer, or not to be shown."""
        occasion = one.occasion
        if not one.left.tasks:
            return Rest()
        if occasion.closes_at <= self._now:
            return Rest(None, one.unreached)
        if not occasion.is_open(self._now):
            return Rest(occasion.opens_at if occasion.opens_at > self._now else None)
        if one.left.waits_until is not None:
            return Rest(min(one.left.waits_until, occasion.closes_at))
        if one.refusal is not None:
            # Nobody is invited to what may not be shown. A licence may yet come.
            get_logger().warning("notice.withheld", occasion_id=str(occasion.id), code=one.refusal.why.name.lower())
            tomorrow = at_local_time(local_day(self._now) + timedelta(days=1), OPENING_TIME)
            return Rest(tomorrow if tomorrow < occasion.closes_at else None, Unreached.WITHHELD)
        return None

    def _addressees(self, sight: Sight, people: Collection[UUID]) -> Mapping[UUID, Addressee]:
        """Who they are, how they want to be written to, and what the directory says of them just now."""
        ciphers = self._services.keys.ciphers(people) if people else {}
        identities = {id_: open_patient(cipher, sight.patients[id_]) for id_, cipher in ciphers.items()}
        said: Mapping[str, PersonFacts] = {}
        if identities:
            try:
                said = self._services.directory.look_up([one.number for one in identities.values()])
            except DirectoryDown:
                if self._services.directory is not NO_DIRECTORY:
                    get_logger().warning("directory.down")
        found = {
            id_: Addressee(
                person_id=id_,
                identity=identity,
                choices=opened_choices(ciphers[id_], sight.choices[id_]) if id_ in sight.choices else None,
                facts=said.get(identity.number),
                last=sight.facts.get(id_),
            )
            for id_, identity in identities.items()
        }
        if renewed := sum(map(has_new_number, found.values())):
            # The notice goes on by the new number; care has to see to its own records.
            get_logger().warning("person.has_new_number", count=renewed)
        return found

    def _write(
        self, cases: Mapping[UUID, Case], decided: Mapping[UUID, Tell | Rest], people: Collection[Addressee]
    ) -> _Written:
        living = [case for case in cases.values() if not is_deceased(case.addressee)]

        def work(connection: Connection) -> _Written:
            keep_facts(connection, self._now, self._system.provider_id, people)
            waiting = announce(connection, self._services, living)
            tells = [
                (cases[id_], tell)
                for id_, tell in sorted(decided.items())
                if isinstance(tell, Tell) and id_ not in waiting
            ]
            return _Written(waiting, write_dispatches(connection, self._now, tells))

        return self._services.db.run(work, as_=self._system) if cases else _Written({}, {})

    def _hand_over(self, parcels: Collection[Parcel], until: datetime) -> Mapping[UUID, Rest]:
        """Each by a gateway that is in order, at the gateway's pace; returns when to look at each again."""
        by_kind: dict[str, deque[Parcel]] = defaultdict(deque)
        for one in parcels:
            by_kind[one.tell.step.channel].append(one)
        done: dict[UUID, Rest] = {}
        for kind, waiting in by_kind.items():
            while waiting:
                gateway = self._counterparts.for_kind(kind)
                if gateway is None:
                    back_at = self._counterparts.back_at(kind)
                    done |= {one.case.occasion.id: _out_of_order(one, back_at) for one in waiting}
                    break
                if not self._by_gateway(gateway, waiting, until, done):
                    break
        return done

    def _by_gateway(self, gateway: Gateway, waiting: deque[Parcel], until: datetime, done: dict[UUID, Rest]) -> bool:
        """As many as it takes; False when the others are looked at again later."""
        turns = self._counterparts.reserve(gateway, len(waiting))
        for number in range(turns.count):
            if self._counterparts.for_kind(gateway.kind) is not gateway:
                return True
            self._pace.wait_for(turns.first + number * turns.apart, monotonic())
            if (now := self._services.clock()) > until:
                done |= {one.case.occasion.id: Rest(now) for one in waiting}
                return False
            parcel = waiting.popleft()
            done[parcel.case.occasion.id] = self._one(parcel, gateway)
        if waiting:
            done |= {one.case.occasion.id: Rest(turns.after) for one in waiting}
        return False

    def _one(self, parcel: Parcel, gateway: Gateway) -> Rest:
        tried, asked = hand_over(self._services, self._texts, parcel, gateway)
        before = next((one for one in parcel.case.sent if one.id == parcel.dispatch_id), None)
        attempts = before.since_revived if before else ()
        format_ = gateway.channel.format
        is_given_up = tried.outcome in ("temporary", "technical") and (
            retried_at((*attempts, tried.as_attempt), format_) is None
        )
        made = record_attempts(self._services, parcel.case.occasion, parcel.dispatch_id, tried, is_given_up=is_given_up)
        get_logger().info(
            "notice.attempted", dispatch_id=str(parcel.dispatch_id), channel=gateway.kind, outcome=tried.outcome
        )
        if tried.outcome == "technical":
            self._counterparts.failed(gateway)
        elif tried.outcome != "refused":
            self._counterparts.took_one(gateway)
        case = after_attempt(parcel.case, parcel.tell, parcel.dispatch_id, made)
        following = decide(case, self._terms, now=tried.at)
        rest = Rest(tried.at) if isinstance(following, Tell) else following
        if asked is None or rest.until is None:
            return rest
        return Rest(max(rest.until, tried.at + asked), rest.unreached)


def _out_of_order(parcel: Parcel, back_at: datetime) -> Rest:
    """It waits for the gateway, without an attempt that counts; the unit sees why where nothing has been sent."""
    is_told = any(tried.outcome == "sent" for one in parcel.case.sent if one.channel != INBOX for tried in one.attempts)
    until = min(back_at, parcel.case.occasion.closes_at)
    return Rest(until, None if is_told else Unreached.GATEWAY)
