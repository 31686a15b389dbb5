"""The worker: every job of the service, and the few things that come round by the clock."""

from functools import partial

import sqlalchemy as sa

from survey_service.access.use_cases import purge_held_answers
from survey_service.delivery import jobs as delivery
from survey_service.delivery.gateway import RecordSystemGateway
from survey_service.delivery.pushing import CATCH_UP_JOB, PUSH_NOW_JOB
from survey_service.delivery.use_cases import ARCHIVE_JOB, FLAG_JOB, PUSH_JOB, RELEASE_JOB
from survey_service.delivery.watching import TELL_JOB
from survey_service.foundation.clock import local_day
from survey_service.foundation.jobs import Job, PeriodicJob, Worker, enqueue
from survey_service.foundation.principals import NO_PROVIDER, System
from survey_service.foundation.services import Services
from survey_service.insight.jobs import make_all_figures
from survey_service.languages.interface_texts import InterfaceTexts
from survey_service.notifying.alarming import watch_gateways
from survey_service.notifying.jobs import Sending
from survey_service.registers import jobs as registers
from survey_service.registers.rules import BACKLOG_JOB
from survey_service.scheduling import jobs as scheduling
from survey_service.scheduling.protocol_changing import CHANGE_JOB
from survey_service.scheduling.protocol_previewing import PREVIEW_JOB
from survey_service.scheduling.rules import SEND_JOB

# The log and the inbox have partitions for this month and the next ones, so many in all.
_MONTHS = 3


def create_worker(services: Services) -> Worker:
    """A worker on these services."""
    texts = InterfaceTexts(services)
    sending = Sending(services, texts)
    gateway = RecordSystemGateway(services.settings, services.clock)
    return Worker(
        services.settings.databases.worker,
        jobs=[
            Job(SEND_JOB, sending),
            Job(CHANGE_JOB, partial(scheduling.change_protocol, services)),
            Job(PREVIEW_JOB, partial(scheduling.preview_protocol, services)),
            Job(RELEASE_JOB, registers.Releasing(services)),
            Job(BACKLOG_JOB, partial(registers.backlog, services)),
            Job(PUSH_JOB, partial(delivery.push, services, gateway)),
            Job(PUSH_NOW_JOB, partial(delivery.push_now, services, gateway)),
            Job(ARCHIVE_JOB, partial(delivery.archive, services)),
            Job(FLAG_JOB, partial(delivery.flag, services)),
            Job(CATCH_UP_JOB, partial(delivery.catch_up, services)),
            Job(TELL_JOB, partial(delivery.tell_of_alarm, services, texts)),
        ],
        periodic=[
            *(
                [PeriodicJob("demo.hasten", "* * * * *", partial(hasten, services))]
                if services.settings.demo_clock
                else []
            ),
            PeriodicJob("notifying.come_round", "* * * * *", sending),
            PeriodicJob("notifying.watch_gateways", "* * * * *", partial(watch_gateways, services, texts)),
            PeriodicJob("delivery.watch", "* * * * *", partial(delivery.watch, services)),
            # In the small hours of Sweden, when nobody answers.
            PeriodicJob("insight.make_figures", "23 1 * * *", partial(make_all_figures, services), is_overtaken=True),
            PeriodicJob("access.purge_held_answers", "*/10 * * * *", partial(purge_held_answers, services)),
            PeriodicJob("audit.prepare_partitions", "17 3 * * *", partial(prepare_partitions, services)),
        ],
    )


def ask_to_send(services: Services) -> None:
    """Have what is due looked for at once: what a worker left that died does not wait for the minute."""
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        enqueue(connection, SEND_JOB)


def hasten(services: Services) -> None:
    """Make what is due by a demonstration's clock due now. Anywhere else the database refuses."""
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        connection.execute(sa.select(sa.func.hasten_jobs(services.clock())))


def prepare_partitions(services: Services) -> None:
    """Make the coming months' partitions of the access log and the inbox. Harmless when repeated."""
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        for parent in ("audit_events", "messages"):
            connection.execute(
                sa.text("SELECT prepare_partitions(cast(:parent AS regclass), :today, :months)"),
                {"parent": parent, "today": local_day(services.clock()), "months": _MONTHS},
            )
