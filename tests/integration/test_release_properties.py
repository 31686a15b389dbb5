"""Whatever happens in whatever order, a register sees what it may and nothing else, and in the end all that it may.

Random lives of a small world on real PostgreSQL: orders, answers, receipts, failures, objections and their withdrawals,
agreements proposed, approved and ended, suspensions, the clock, the worker, pulls. After each step what the registers
pull, and what lies in the database, is held against a model that is written in the words of the rules and shares no
code with the service.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from survey_service.delivery.use_cases import open_response
from survey_service.errors import NotSignedIn
from survey_service.foundation.db import Database
from survey_service.foundation.principals import Operator, Patient, Register, System
from survey_service.foundation.services import Services
from survey_service.people.rules import Identity
from survey_service.registers.agreeing import approve_on_paper, end_agreement, propose
from survey_service.registers.feed import pull
from survey_service.registers.objecting import object_to_register, withdraw_objection
from survey_service.registers.proposal import Proposal
from survey_service.registers.releasing import release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE, Identifier, Side
from survey_service.registers.tenants import activate_register, suspend_register
from survey_service.scheduling.rules import BodySide
from survey_service.worker import create_worker
from tests.conftest import TestClock, TestDatabase, clone, drop
from tests.world import World

PROVIDER = "SE2321000016-p1"
CODES = ("first", "second")
ASKED = {
    "anxiety-only": ("promis-anxiety", frozenset({"promis_anxiety.t", "promis_anxiety.n_items"})),
    "eq5d-only": ("eq5d-5l", frozenset({"eq5d5l.index", "eq5d5l.vas"})),
}
SIDES = (None, BodySide.LEFT, BodySide.RIGHT, BodySide.BOTH)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
REGISTERS = st.sampled_from((0, 1))
WHICH = st.integers(0, 50)


@dataclass
class Answered:
    """A response, as the model knows it."""

    id: UUID
    person: int
    instrument: str
    variables: frozenset[str]
    social_service: bool
    completed_at: datetime
    received_at: datetime | None = None


@dataclass
class Agreed:
    """A version of an agreement, as the model knows it."""

    id: UUID
    register: int
    variables: frozenset[str]
    item_answers: frozenset[str]
    look_back: date
    hold: timedelta
    begins: datetime
    ends: datetime | None
    approved: dict[Side, datetime] = field(default_factory=dict)

    def began_by(self, at: datetime) -> bool:
        is_approved = len(self.approved) == 2 and max(self.approved.values()) <= at
        return is_approved and self.begins <= at and (self.ends is None or self.ends > self.begins)

    def lets_through(self, one: Answered, at: datetime) -> bool:
        """Whether the response may be released under it at that moment, its register and the patient's word aside."""
        return (
            one.received_at is not None
            and one.received_at + self.hold <= at
            and not one.social_service
            and one.completed_at.astimezone(STOCKHOLM).date() >= self.look_back
            and bool(one.variables & self.variables)
            and self.began_by(at)
            and (self.ends is None or at < self.ends)
        )


class Stopped(Exception):
    """The process died in the middle of what it did."""


@dataclass
class Breaking:
    """A clock at which a process dies, at its so-manieth reading: that is in the midst of a transaction."""

    clock: Callable[[], datetime]
    left: int

    def __call__(self) -> datetime:
        self.left -= 1
        if self.left < 0:
            raise Stopped
        return self.clock()


class Life(RuleBasedStateMachine):
    """One life of the world, on a database of its own. ``start`` is given by the test."""

    start: Callable[[], tuple[World, TestDatabase, TestClock]]

    def __init__(self) -> None:
        super().__init__()
        self.world, self.database, self.clock = type(self).start()
        self.people: list[tuple[Identity, Patient | None]] = [(self.world.new_identity(), None) for _ in range(2)]
        self.answered: list[Answered] = []
        self.agreed: list[Agreed] = []
        self.active_spans: list[list[tuple[datetime, datetime | None]]] = [
            [(self.clock() - timedelta(days=1), None)] for _ in self.registers
        ]
        self.objected: set[tuple[int, int]] = set()

    def teardown(self) -> None:
        try:
            self.the_worker_runs()
            self.nothing_is_visible_that_may_not_be()
        finally:
            self.remove()

    def remove(self) -> None:
        self.world.services.db.close()
        drop(self.database.server, self.database.name)

    # ---- what people do

    @initialize(hold=st.sampled_from([0, 24]), with_answers=st.sampled_from([[], ["promis-anxiety"]]))
    def begin_with_agreements(self, hold: int, with_answers: list[str]) -> None:
        for register, hours in ((0, hold), (1, 24 - hold)):
            self.propose_agreement(register, list(ASKED), with_answers, None, hours, timedelta(0), None)
            self.approve(0, list(Side))

    @rule(
        register=REGISTERS,
        instruments=st.sampled_from([["anxiety-only"], ["eq5d-only"], list(ASKED)]),
        with_answers=st.sampled_from([[], ["promis-anxiety"], ["eq5d-5l"]]),
        look_back=st.sampled_from([None, -30, 1]),
        hold=st.sampled_from([0, 24]),
        begins=st.sampled_from([timedelta(0), timedelta(hours=2)]),
        lasts=st.sampled_from([None, timedelta(days=2)]),
    )
    def propose_agreement(
        self,
        register: int,
        instruments: list[str],
        with_answers: list[str],
        look_back: int | None,
        hold: int,
        begins: timedelta,
        lasts: timedelta | None,
    ) -> None:
        now = self.clock()
        variables = frozenset(variable for one in instruments for variable in ASKED[one][1])
        names = {ASKED[one][0] for one in instruments}
        today = now.astimezone(STOCKHOLM).date()
        proposal = Proposal(
            register=CODES[register],
            provider=PROVIDER,
            variables=tuple(variables),
            item_answers=tuple(one for one in with_answers if one in names),
            identifier=Identifier.PSEUDONYM,
            identifier_reason=None,
            look_back=None if look_back is None else today + timedelta(days=look_back),
            review_hold_hours=hold,
            valid_from=now + begins,
            valid_until=None if lasts is None else now + begins + lasts,
        )
        self.agreed.append(
            Agreed(
                id=propose(self.world.services, proposal),
                register=register,
                variables=variables,
                item_answers=frozenset(proposal.item_answers),
                look_back=proposal.look_back or proposal.valid_from.astimezone(STOCKHOLM).date(),
                hold=timedelta(hours=hold),
                begins=proposal.valid_from,
                ends=proposal.valid_until,
            )
        )

    @precondition(lambda self: self.agreed)
    @rule(which=WHICH, sides=st.sampled_from([[Side.PROVIDER], [Side.REGISTER], list(Side)]))
    def approve(self, which: int, sides: list[Side]) -> None:
        one = self.agreed[-1 - which % len(self.agreed)]
        if one.ends is not None and one.ends <= self.clock():
            return
        approve_on_paper(self.world.services, one.id, sides=sides, by="an operator", document="a document")
        for side in sides:
            one.approved.setdefault(side, self.clock())

    @precondition(lambda self: self.agreed)
    @rule(which=WHICH)
    def end(self, which: int) -> None:
        one = self.agreed[which % len(self.agreed)]
        if one.ends is not None and one.ends <= self.clock():
            return
        end_agreement(self.world.services, one.id, as_=Operator())
        one.ends = max(self.clock(), one.begins)

    @rule(register=REGISTERS, worker_first=st.booleans())
    def suspend_or_activate(self, register: int, worker_first: bool) -> None:
        if worker_first:
            self.the_worker_runs()
        spans = self.active_spans[register]
        register_id = self.registers[register].register_id
        since, until = spans[-1]
        if until is None:
            suspend_register(self.world.services, register_id, note="a test")
            spans[-1] = (since, self.clock())
        else:
            activate_register(self.world.services, register_id, note="a test")
            spans.append((self.clock(), None))

    @rule(
        person=st.sampled_from((0, 1)),
        protocol=st.sampled_from(sorted(ASKED)),
        regime=st.sampled_from(("health_care", "health_care", "social_service")),
        is_received=st.booleans(),
    )
    def order_and_answer(self, person: int, protocol: str, regime: str, is_received: bool) -> None:
        instrument, variables = ASKED[protocol]
        # The same again is answered once [B6], unless it is about another side: there are so many.
        before = sum((one.person, one.instrument) == (person, instrument) for one in self.answered)
        if before == len(SIDES):
            return
        with self.database.connect("survey_owner") as connection:
            connection.execute("UPDATE providers SET legal_regime = %s", [regime])
        patient, occasion = self.world.enrol(self.people[person][0], protocol=protocol, side=SIDES[before])
        self.people[person] = (self.people[person][0], patient)
        (response_id,) = self.world.answer(patient, occasion)
        is_social = regime == "social_service"
        self.answered.append(Answered(response_id, person, instrument, variables, is_social, self.clock()))
        if is_received:
            self.receive(len(self.answered) - 1)

    @precondition(lambda self: self.answered)
    @rule(which=WHICH)
    def receive(self, which: int) -> None:
        one = self.answered[which % len(self.answered)]
        open_response(self.world.services, one.id, as_=self.world.alice)
        one.received_at = one.received_at or self.clock()

    @rule(person=st.sampled_from((0, 1)), register=REGISTERS)
    def object_or_allow(self, person: int, register: int) -> None:
        patient = self.people[person][1]
        if patient is None:
            return
        register_id = self.registers[register].register_id
        if (person, register) in self.objected:
            withdraw_objection(self.world.services, register_id, as_=patient)
        else:
            object_to_register(self.world.services, register_id, as_=patient)
        self.objected ^= {(person, register)}

    # ---- what machines do

    @rule(hours=st.sampled_from((1, 3, 25)))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))

    @precondition(lambda self: self.answered)
    @rule(which=WHICH, readings=st.integers(0, 12))
    def a_worker_dies_or_does_it_twice(self, which: int, readings: int) -> None:
        """At least once is what a job runner promises: any moment may be the last, and any job may come again."""
        services = replace(self.world.services, clock=Breaking(self.clock, readings))
        with suppress(Stopped):
            release_batch(services, [self.answered[which % len(self.answered)].id], as_=self.system)

    @rule()
    def the_worker_runs(self) -> None:
        """Every job that is due by our clock; and then everything that ought to be visible is."""
        with self.database.connect("survey_owner") as connection:
            connection.execute("SET search_path = public, jobs")
            connection.execute("DELETE FROM jobs.procrastinate_jobs WHERE task_name = 'notifying.send_due'")
            connection.execute(
                "UPDATE jobs.procrastinate_jobs SET scheduled_at = now() WHERE scheduled_at <= %s", [self.clock()]
            )
        with ThreadPoolExecutor(1) as thread:  # because a worker wants a thread without an event loop
            thread.submit(create_worker(self.world.services).run, until_idle=True).result()
        seen = {(row["response_id"], row["register"]) for row in self.releases()}
        missing = [
            (one, register) for one in self.answered for register in (0, 1) if self.ought_to_be_seen(one, register)
        ]
        assert [(one, register) for one, register in missing if (one.id, register) not in seen] == []

    # ---- what must hold after each step

    @invariant()
    def a_moment_passes(self) -> None:
        """So that of any two steps one is the earlier: an agreement ends after what was released under it."""
        self.clock.advance(timedelta(microseconds=1))

    @invariant()
    def nothing_is_visible_that_may_not_be(self) -> None:
        """A2, B2, B4: the database holds no other release, and the registers pull just those."""
        known = {one.id: one for one in self.answered}
        agreed = {one.id: one for one in self.agreed}
        for row in self.releases():
            one, under = known[row["response_id"]], agreed[row["agreement_id"]]
            assert under.lets_through(one, row["released_at"]), "released against the rules"
            assert not self.is_superseded(under, row["released_at"]), "released under an agreement that was replaced"
            assert self.was_active(row["register"], row["released_at"]), "released while the register was suspended"
            assert (one.person, row["register"]) not in self.objected, "released against the patient's word"
            told = {score["variable"] for score in row["payload"]["scores"]}
            assert told == one.variables & under.variables, "other variables than agreed"
            assert (row["sealed"] is not None) == (one.instrument in under.item_answers), "item answers not agreed"

    @invariant()
    def the_registers_pull_what_is_released_and_nothing_else(self) -> None:
        """B1, B9: and nothing at all while they are suspended."""
        released = self.releases()
        for register, who in enumerate(self.registers):
            is_suspended = self.active_spans[register][-1][1] is not None
            ought = [] if is_suspended else [str(row["reference"]) for row in released if row["register"] == register]
            assert self.pulled(who) == sorted(ought)

    def pulled(self, who: Register) -> list[str]:
        try:
            page = pull(self.world.services, cursor=None, limit=1000, purpose=ACCEPTED_PURPOSE, as_=who)
        except NotSignedIn:
            return []
        return sorted(str(entry.payload["response"]) for entry in page.entries if entry.payload is not None)

    # ---- the model

    @property
    def registers(self) -> tuple[Register, Register]:
        return self.world.register, self.world.other_register

    @property
    def system(self) -> System:
        return System(self.world.alice.provider_id)

    def releases(self) -> list[dict[str, Any]]:
        """What lies in the database, as its owner sees it."""
        numbers = {one.register_id: number for number, one in enumerate(self.registers)}
        with self.database.connect("survey_owner") as connection:
            rows = connection.execute(
                "SELECT response_id, agreement_id, register_id, reference, released_at, payload, sealed FROM releases"
            ).fetchall()
        names = ("response_id", "agreement_id", "register", "reference", "released_at", "payload", "sealed")
        return [dict(zip(names, (*row[:2], numbers[row[2]], *row[3:]), strict=True)) for row in rows]

    def is_superseded(self, under: Agreed, at: datetime) -> bool:
        later = self.agreed[self.agreed.index(under) + 1 :]
        return any(one.register == under.register and one.began_by(at) for one in later)

    def was_active(self, register: int, at: datetime) -> bool:
        # To the very moment: the clock stands still between two steps.
        return any(since <= at and (until is None or at <= until) for since, until in self.active_spans[register])

    def ought_to_be_seen(self, one: Answered, register: int) -> bool:
        now = self.clock()
        return (
            (one.person, register) not in self.objected
            and self.active_spans[register][-1][1] is None
            and any(
                under.register == register and under.lets_through(one, now) and not self.is_superseded(under, now)
                for under in self.agreed
            )
        )


@pytest.fixture
def lives(world: World, services: Services, database: TestDatabase, clock: TestClock) -> type[Life]:
    """Lives that begin in a copy of the world, in which nothing is agreed."""
    with database.connect("survey_owner") as connection:
        connection.execute("TRUNCATE agreements CASCADE")
        connection.execute("SET search_path = public, jobs")
        connection.execute("DELETE FROM jobs.procrastinate_jobs")
    services.db.close()  # a database with a visitor is not copied
    begun = clock()

    def start() -> tuple[World, TestDatabase, TestClock]:
        copied = TestDatabase(database.server, clone(database.server, database.name))
        clock.now = begun
        db = Database(copied.urls, pool_size=2)
        there = replace(services, db=db, settings=replace(services.settings, databases=copied.urls))
        return replace(world, services=there), copied, clock

    return type("Life", (Life,), {"start": staticmethod(start)})


def test_what_a_suspension_kept_back_is_there_when_it_is_over(lives: type[Life]) -> None:
    """B2: a life that chance seldom lives. At its end the work is done, and what ought to be visible is."""
    life = lives()
    life.begin_with_agreements(hold=0, with_answers=["promis-anxiety"])
    life.suspend_or_activate(register=0, worker_first=False)
    life.order_and_answer(person=0, protocol="anxiety-only", regime="health_care", is_received=True)
    life.suspend_or_activate(register=0, worker_first=True)
    life.teardown()


def test_however_things_happen_a_register_sees_what_it_may_and_in_the_end_all_of_it(lives: type[Life]) -> None:
    """A2, A3, B1, B2, B4, B9"""
    run_state_machine_as_test(
        lives,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
