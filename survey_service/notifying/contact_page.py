"""The page of a patient's contact choices: the form, what was written, and how much is asked."""

from collections.abc import Collection, Mapping
from datetime import time, timedelta
from typing import Any

from notifications.message import Format
from survey_service.access.queries import all_providers
from survey_service.errors import BadInput
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.http.locale import gettext, languages, ngettext
from survey_service.notifying.addressing import Choices, mobile_number
from survey_service.notifying.choosing import my_choices, parse_choices
from survey_service.notifying.contact_queries import INBOX, Arrival, invitations_since, written_to_me
from survey_service.notifying.use_cases import offered_ways
from survey_service.people.queries import open_patients, sealed_patients
from survey_service.people.rules import Identity

# From six in the morning to midnight, in whole hours.
_HOURS = range(6, 25)
# A longer list of numbers helps nobody to choose.
_MOST_LISTED = 12


def noted_by_care(services: Services, *, as_: Patient) -> Mapping[str, list[str]]:
    """The addresses that care units have entered, which are used where the patient has given none."""
    with services.db.transaction(as_=as_) as connection:
        sealed = sealed_patients(connection, [as_.person_id])
    found: list[Identity] = []
    for one in sealed:
        found += open_patients(services.keys, [one]).values()
    return {
        "email": sorted({one.email for one in found if one.email}),
        "phone": sorted({one.phone for one in found if one.phone and mobile_number(one.phone)}),
    }


def read_form(services: Services, form: Mapping[str, str], *, as_: Patient) -> Choices:
    """What was sent. Raises ``BadInput`` with every field that has to be put right."""
    noted = noted_by_care(services, as_=as_)
    return parse_choices(
        form,
        ways=list(offered_ways(services)),
        noted=frozenset(way for way, field in (("email", "email"), ("sms", "phone")) if noted[field]),
        locales=frozenset(code for code, _ in languages()),
        most=_MOST_LISTED,
    )


def page(
    services: Services, *, as_: Patient, sent: Mapping[str, str] | None = None, refused: BadInput | None = None
) -> dict[str, Any]:
    """What the template shows; with ``sent``, everything that was written, and what has to be put right."""
    cipher = services.keys.cipher(as_.person_id)
    notices = services.settings.notices
    since = services.clock() - timedelta(days=notices.period_days)
    with services.db.transaction(as_=as_) as connection:
        chosen = my_choices(connection, cipher, as_=as_)
        written = written_to_me(connection)
        asked = invitations_since(connection, since)
        names = {id_: one.name for id_, one in all_providers(connection).items()}
    ways = offered_ways(services)
    most = notices.most_invitations
    own_most = chosen.most_invitations if chosen else None
    return {
        "values": sent or _values(chosen, ways, every_day=notices.every_day),
        "errors": {name: gettext(sentence) for name, sentence in refused.fields.items()} if refused else {},
        "ways": [{"name": name, "label": _way(format)} for name, format in ways.items()],
        "noted": noted_by_care(services, as_=as_),
        "hours": [(f"{hour % 24:02}:00", f"{hour:02}:00") for hour in _HOURS],
        "usual_hours": (f"{notices.opens:%H:%M}", "24:00" if notices.closes == time(0) else f"{notices.closes:%H:%M}"),
        "numbers": _numbers(most),
        "limit": _at_most(min(most, own_most or most)),
        "days": notices.period_days,
        "since": since,
        "asked": [{"provider": names[id_], "count": count} for id_, count in asked.items()],
        "written": [
            {
                "at": one.at,
                "provider": names[one.provider_id],
                "way": gettext("Here, in your inbox") if one.channel == INBOX else _way(ways.get(one.channel)),
                "arrival": _arrival(one.arrival),
            }
            for one in written
        ],
    }


def _values(chosen: Choices | None, ways: Collection[str], *, every_day: bool) -> dict[str, str]:
    """The form as it stands: what was chosen, or what happens to who has chosen nothing."""
    if chosen is None:
        return {f"way-{way}": str(place) for place, way in enumerate(ways, start=1)} | _ticked("every_day", every_day)
    places = {f"way-{way}": str(place) for place, way in enumerate(chosen.channels, start=1)}
    return (
        places
        | _ticked("none", not chosen.channels)
        | _ticked("every_day", bool(chosen.every_day))
        | {
            "email": chosen.email or "",
            "phone": chosen.phone or "",
            "since": f"{chosen.hours.since:%H:%M}" if chosen.hours else "",
            "until": f"{chosen.hours.until:%H:%M}" if chosen.hours else "",
            "most": str(chosen.most_invitations or ""),
            "language": chosen.locale or "",
        }
    )


def _numbers(most: int) -> list[tuple[str, str]]:
    """How many invitations there may be, the usual first."""
    usual = gettext("As for everybody: %(most)s", most=_at_most(most))
    return [("", usual), *((str(one), _at_most(one)) for one in range(1, min(most, _MOST_LISTED + 1)))]


def _at_most(number: int) -> str:
    return ngettext("at most %(num)s survey", "at most %(num)s surveys", number)


def _ticked(name: str, is_so: bool) -> dict[str, str]:
    return {name: "1"} if is_so else {}


def _way(format: Format | None) -> str:
    described = {
        Format.EMAIL: gettext("E-mail"),
        Format.SMS: gettext("Text message"),
        Format.LETTER: gettext("Letter"),
        Format.NOTE: gettext("Digital mailbox"),
        None: gettext("Another way"),
    }
    return described[format]


def _arrival(arrival: Arrival) -> str:
    described = {
        Arrival.HERE: "",
        Arrival.WAITING: gettext("On its way"),
        Arrival.SENT: gettext("Sent"),
        Arrival.ARRIVED: gettext("Arrived"),
        Arrival.FAILED: gettext("Did not arrive"),
    }
    return described[arrival]
