"""A patient at the questions of some questionnaires, page by page, as a browser without script sends them."""

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from instruments import AnswerKind, AnswerValue, Score
from survey_service.answering.queries import scores_of
from survey_service.answering.records import responses
from survey_service.answering.use_cases import SessionState, look_at_session
from survey_service.foundation.principals import Patient
from survey_service.scheduling.use_cases import publish_protocol
from tests.browsing import Visitor
from tests.world import World, protocol_definition


class Controls(HTMLParser):
    """What the fields of a page hold, by name: of boxes and radio buttons those that are ticked."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.offered: dict[str, list[str]] = {}
        self._writing = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        kind = found.get("type")
        if tag == "textarea":
            self._writing = True
            self.values[found["name"]] = [""]
        if tag != "input" or kind in {"hidden", "range"}:
            return
        self.offered.setdefault(found["name"], []).append(found["value"])
        if kind not in {"radio", "checkbox"} or "checked" in found:
            self.values.setdefault(found["name"], []).append(found["value"])

    def handle_endtag(self, tag: str) -> None:
        self._writing = self._writing and tag != "textarea"

    def handle_data(self, data: str) -> None:
        if self._writing:
            # A browser drops the line break that begins the field.
            self.values["value"] = [data.removeprefix("\n")]


@dataclass
class Sitting:
    """Where a patient is: ``address`` is the page that the browser shows."""

    world: World
    app: Flask
    patient: Patient
    visitor: Visitor
    address: str

    @property
    def session_id(self) -> UUID:
        return UUID(self.address.split("/")[2])

    def page(self) -> str:
        return unescape(self.visitor.get(self.address).get_data(as_text=True))

    def controls(self) -> Controls:
        return Controls(self.visitor.get(self.address).get_data(as_text=True))

    def send(self, **fields: Any) -> TestResponse:
        """Fill in the form and press Next; a page that was taken leads to the next."""
        answer = self.visitor.submit(self.address, "/sessions/", **fields)
        if answer.status_code == 303:
            self.address = answer.headers["Location"]
        return answer

    def back(self) -> None:
        found = re.search(r'<p class="back"><a href="([^"]+)"', self.page())
        assert found is not None
        self.address = found[1]

    def state(self) -> SessionState:
        return look_at_session(self.world.services, self.session_id, as_=self.patient)

    def answers(self, session_id: UUID | None = None) -> dict[str, AnswerValue | AnswerKind]:
        """What stands: the value, or the kind of an answer that has none, by item."""
        state = look_at_session(self.world.services, session_id or self.session_id, as_=self.patient)
        return {
            entry.answer.item_id: entry.answer.kind if entry.answer.value is None else entry.answer.value
            for entry in state.entries
        }

    def response_id(self, session_id: UUID) -> UUID:
        with self.world.services.db.transaction(as_=self.patient) as connection:
            found = connection.execute(sa.select(responses.c.id).where(responses.c.session_id == session_id))
            return UUID(str(found.scalar_one()))

    def scores(self, response_id: UUID) -> dict[str, Score]:
        with self.world.services.db.transaction(as_=self.patient) as connection:
            return {score.variable: score for score in scores_of(connection, [response_id])[response_id]}

    def staff_page(self, response_id: UUID) -> str:
        """What the unit reads of it, opened there."""
        clinician = Visitor(self.app, self.world.staff_cookie(self.world.alice))
        opened = clinician.submit("/staff", f"/staff/responses/{response_id}")
        assert opened.status_code == 303
        return unescape(clinician.get(opened.headers["Location"]).get_data(as_text=True))


def sit_down(world: World, app: Flask, *instruments: str, language: str = "sv") -> Sitting:
    """A patient whom the unit has just asked, at the first question."""
    code = "-".join(instruments)
    definition = protocol_definition(code, list(instruments))
    provider_id = world.alice.provider_id
    world.protocols[code] = publish_protocol(world.services, provider_id=provider_id, definition=definition)
    who = world.new_identity()
    patient, occasion = world.enrol(who, protocol=code)
    visitor = Visitor(app, world.patient_cookie(who))
    visitor.submit("/inbox", "/language", language=language)
    started = visitor.submit(f"/surveys/{occasion.id}", "/surveys/")
    assert started.status_code == 303
    return Sitting(world, app, patient, visitor, started.headers["Location"])
