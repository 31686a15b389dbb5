"""Every route, for everybody: who gets in, who is sent to sign in, who is refused, and that each refusal is logged.

Real requests with real cookies and tokens, on a world in which there is something to be refused. HEAD and OPTIONS are
left out: HEAD runs the view of GET, and OPTIONS is answered by Flask without running any view.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import time
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from survey_service.audit.rules import actor_of
from survey_service.delivery.flag_setting import NewRule, set_rule
from survey_service.delivery.flagging import Worsening
from survey_service.delivery.record_systems import Entered, enter
from survey_service.delivery.rules import SystemRoute
from survey_service.delivery.use_cases import open_response
from survey_service.delivery.worklist_queries import rules_of
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, Operator, Patient, Principal
from survey_service.history.use_cases import import_history
from survey_service.languages.rules import State
from survey_service.languages.workflow import Evidence, take_step, translate
from survey_service.registers.oauth import TOKEN_PATH
from survey_service.registers.queries import recorded_agreements
from survey_service.registers.rules import ACCEPTED_PURPOSE
from survey_service.settings import IdentityProvider, Settings
from tests.browsing import Visitor
from tests.conftest import BASE_URL, TestDatabase
from tests.desk import PREM, QUESTION, Desk, make_desk
from tests.earlier_results import scored_row, write_rows
from tests.integration.notices import dispatch
from tests.world import World, submission_for

# Those who are refused come first, so that what the others do cannot be the reason.
EVERYBODY = ("nobody", "register", "stranger", "charlie", "bob", "alice", "patient", "translator")

SIGN_IN = "sent to sign in"
EVERYBODY_GETS_IN = (200,) * 8
EVERYBODY_IS_MOVED = (303,) * 8

# fmt: off
MATRIX: Mapping[tuple[str, str], tuple[int | str, ...]] = {
    # nobody, register, stranger, charlie, bob, alice, patient, translator
    ("GET",  "/"):                                               EVERYBODY_GETS_IN,
    ("GET",  "/static/<path:filename>"):                         EVERYBODY_GETS_IN,
    ("GET",  "/static/words.<locale>.js"):                       EVERYBODY_GETS_IN,
    ("GET",  "/health"):                                         EVERYBODY_GETS_IN,
    ("GET",  "/metrics"):                                        (404,) * 8,  # without the monitoring system's token
    ("GET",  "/ready"):                                          EVERYBODY_GETS_IN,
    ("GET",  "/accessibility"):                                  EVERYBODY_GETS_IN,
    ("POST", "/language"):                                       EVERYBODY_IS_MOVED,
    ("GET",  "/sign-in"):                                        EVERYBODY_GETS_IN,
    ("POST", "/sign-in"):                                        (503,) * 8,  # nobody answers at the provider's address
    ("GET",  "/sign-in/callback"):                               (403,) * 8,  # a sign-in that was not begun here
    ("GET",  "/staff/sign-in"):                                  (503,) * 8,
    ("GET",  "/staff/sign-in/callback"):                         (403,) * 8,
    ("GET",  "/sign-in/ended"):                                  EVERYBODY_GETS_IN,
    ("POST", "/stay"):                                           (401,     401,     204, 403, 403, 403, 204, 403),
    ("POST", "/sign-out"):                                       EVERYBODY_IS_MOVED,
    ("GET",  "/inbox"):                                          (SIGN_IN, SIGN_IN, 200, 403, 403, 403, 200, 403),
    ("GET",  "/surveys/<uuid:survey_id>"):                       (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 200, 403),
    ("POST", "/surveys/<uuid:survey_id>"):                       (401,     401,     403, 403, 403, 403, 303, 403),
    ("POST", "/language/<uuid:survey_id>"):                      (401,     401,     303, 403, 403, 403, 303, 403),
    ("GET",  "/surveys/<uuid:survey_id>/done"):                  (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 200, 403),
    ("GET",  "/sessions/<uuid:session_id>"):                     (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 200, 403),
    ("GET",  "/sessions/<uuid:session_id>/answers/<int:sequence>"): (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 303, 403),
    ("POST", "/sessions/<uuid:session_id>"):                     (401,     401,     403, 403, 403, 403, 303, 403),
    # Whoever has an own sign-in that has just ended has it held: tests/integration/test_held_answers.py.
    ("GET",  "/sessions/<uuid:session_id>/kept"):                (SIGN_IN, SIGN_IN, 303, 403, 403, 403, 303, 403),
    ("POST", "/sessions/<uuid:session_id>/kept"):                (401,     401,     303, 403, 403, 403, 303, 403),
    ("GET",  "/my-data"):                                        (SIGN_IN, SIGN_IN, 200, 403, 403, 403, 200, 403),
    ("GET",  "/my-results"):                                     (SIGN_IN, SIGN_IN, 200, 403, 403, 403, 200, 403),
    ("GET",  "/my-answers.pdf"):                                  (SIGN_IN, SIGN_IN, 200, 403, 403, 403, 200, 403),
    ("GET",  "/my-answers.csv"):                                  (SIGN_IN, SIGN_IN, 200, 403, 403, 403, 200, 403),
    ("GET",  "/my-answers.json"):                                 (SIGN_IN, SIGN_IN, 200, 403, 403, 403, 200, 403),
    ("GET",  "/contact"):                                        (SIGN_IN, SIGN_IN, 200, 403, 403, 403, 200, 403),
    ("POST", "/contact"):                                        (401,     401,     303, 403, 403, 403, 303, 403),
    ("POST", "/my-data/registers/<uuid:register_id>"):           (401,     401,     303, 403, 403, 403, 303, 403),
    ("POST", "/my-data/units/<uuid:unit_id>"):                   (401,     401,     303, 403, 403, 403, 303, 403),
    ("GET",  "/acting-for"):                                     (SIGN_IN, SIGN_IN, 200, 403, 403, 403, 200, 403),
    ("POST", "/acting-for"):                                     (401,     401,     303, 403, 403, 403, 303, 403),
    # Nobody holds a mandate.
    ("POST", "/acting-for/<uuid:mandate_id>"):                   (401,     401,     403, 403, 403, 403, 403, 403),
    ("POST", "/my-data/mandates/<uuid:mandate_id>/end"):         (401,     401,     403, 403, 403, 403, 403, 403),
    ("GET",  "/staff/enrolments/<uuid:enrolment_id>/mandates"):  (SIGN_IN, SIGN_IN, 403, 403, 403, 200, 403, 403),
    ("POST", "/staff/enrolments/<uuid:enrolment_id>/mandates"):  (401,     401,     403, 403, 403, 400, 403, 403),
    ("POST", "/staff/enrolments/<uuid:enrolment_id>/mandates/<uuid:mandate_id>/end"):
        (401,     401,     403, 403, 403, 403, 403, 403),
    ("GET",  "/staff"):                                          (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("GET",  "/staff/responses/<uuid:response_id>"):             (SIGN_IN, SIGN_IN, 403, 403, 403, 200, 403, 403),
    ("POST", "/staff/responses/<uuid:response_id>"):             (401,     401,     403, 403, 403, 303, 403, 403),
    ("POST", "/staff/responses/<uuid:response_id>/assessment"):  (401,     401,     403, 403, 403, 303, 403, 403),
    ("POST", "/staff/receipts"):                                 (401,     401,     403, 403, 403, 303, 403, 403),
    ("GET",  "/staff/undelivered"):                              (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    # The record system is a manager's to connect; bob is one.
    ("GET",  "/staff/settings/record-system"):                   (SIGN_IN, SIGN_IN, 403, 403, 200, 403, 403, 403),
    ("POST", "/staff/settings/record-system"):                   (401,     401,     403, 403, 303, 403, 403, 403),
    ("POST", "/staff/settings/record-system/<uuid:system_id>/test"): (401, 401,     403, 403, 200, 403, 403, 403),
    ("POST", "/staff/settings/record-system/<uuid:system_id>/activate"): (401, 401, 403, 403, 303, 403, 403, 403),
    ("POST", "/staff/settings/record-system/<uuid:system_id>/pause"): (401, 401,    403, 403, 303, 403, 403, 403),
    ("POST", "/staff/settings/alarms"):                          (401,     401,     403, 403, 303, 403, 403, 403),
    ("GET",  "/staff/new"):                                      (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("POST", "/staff/search"):                                   (401,     401,     403, 303, 303, 303, 403, 403),
    ("POST", "/staff/today"):                                    (401,     401,     403, 303, 303, 303, 403, 403),
    ("POST", "/staff/occasions/<uuid:occasion_id>/reminder"):    (401,     401,     403, 403, 403, 303, 403, 403),
    ("POST", "/staff/occasions/<uuid:occasion_id>/non-response"): (401,    401,     403, 403, 403, 303, 403, 403),
    ("POST", "/staff/responses/<uuid:response_id>/hand-over"):   (401,     401,     403, 403, 403, 303, 403, 403),
    ("POST", "/staff/responses/<uuid:response_id>/notes"):       (401,     401,     403, 403, 403, 303, 403, 403),
    # The patient has begun on a screen: no paper any more.
    ("GET",  "/staff/occasions/<uuid:occasion_id>/paper"):       (SIGN_IN, SIGN_IN, 403, 403, 403, 409, 403, 403),
    ("GET",  "/staff/occasions/<uuid:occasion_id>/entry"):       (SIGN_IN, SIGN_IN, 403, 403, 403, 409, 403, 403),
    ("POST", "/staff/occasions/<uuid:occasion_id>/entry"):       (401,     401,     403, 403, 403, 409, 403, 403),
    # The unit's flags are its manager's to set.
    ("GET",  "/staff/flags"):                                    (SIGN_IN, SIGN_IN, 403, 403, 200, 403, 403, 403),
    ("POST", "/staff/flags"):                                    (401,     401,     403, 403, 303, 403, 403, 403),
    ("POST", "/staff/flags/<uuid:rule_id>/end"):                 (401,     401,     403, 403, 303, 403, 403, 403),
    ("POST", "/staff/flags/hours"):                              (401,     401,     403, 403, 303, 403, 403, 403),
    ("POST", "/staff/flags/paper"):                              (401,     401,     403, 403, 303, 403, 403, 403),
    ("POST", "/staff/flags/letters"):                            (401,     401,     403, 403, 303, 403, 403, 403),
    ("GET",  "/.well-known/jwks.json"):                          EVERYBODY_GETS_IN,
    # Only the unit that received corrects and voids; without a reason, and for what is not there, nothing is done.
    ("GET",  "/staff/responses/<uuid:response_id>/correction"):  (SIGN_IN, SIGN_IN, 403, 403, 403, 200, 403, 403),
    ("POST", "/staff/responses/<uuid:response_id>/correction"):  (401,     401,     403, 403, 403, 400, 403, 403),
    ("GET",  "/staff/responses/<uuid:response_id>/voiding"):     (SIGN_IN, SIGN_IN, 403, 403, 403, 200, 403, 403),
    ("POST", "/staff/responses/<uuid:response_id>/voiding"):     (401,     401,     403, 403, 403, 303, 403, 403),
    ("GET",  "/staff/responses/<uuid:response_id>/versions/<int:number>"):
        (SIGN_IN, SIGN_IN, 403, 403, 403, 200, 403, 403),
    ("GET",  "/staff/registers/pulls"):                          (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("GET",  "/staff/registers/coverage"):                       (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    # Each sees the follow-up of the own unit.
    ("GET",  "/staff/follow-up"):                                (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("GET",  "/staff/follow-up/figures.csv"):                    (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    # Earlier results are the unit's that they were brought to.
    ("GET",  "/staff/patients/<patient>/history"):                (SIGN_IN, SIGN_IN, 403, 403, 403, 200, 403, 403),
    # A course is for the units that follow the patient: alice's has an enrolment, bob's has none.
    ("GET",  "/staff/patients/<patient>/course"):                 (SIGN_IN, SIGN_IN, 403, 403, 403, 200, 403, 403),
    ("GET",  "/staff/patients/<patient>/course.pdf"):             (SIGN_IN, SIGN_IN, 403, 403, 403, 200, 403, 403),
    # Only a care unit orders [A1]; charlie's cannot order by alice's protocol.
    ("GET",  "/staff/enrolments/new"):                           (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("POST", "/staff/enrolments/new"):                           (401,     401,     403, 400, 303, 303, 403, 403),
    ("GET",  "/staff/queries"):                                  (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("GET",  "/staff/enrolments/<uuid:enrolment_id>"):           (SIGN_IN, SIGN_IN, 403, 403, 403, 200, 403, 403),
    # Rights are an administrator's to set, and openings with a reason an officer's to see: test_rights.py.
    ("GET",  "/staff/rights"):                                   (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 403),
    ("POST", "/staff/rights"):                                   (401,     401,     403, 403, 403, 403, 403, 403),
    ("POST", "/staff/rights/<uuid:commission_id>/end"):          (401,     401,     403, 403, 403, 403, 403, 403),
    ("GET",  "/staff/oversight"):                                (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 403),
    ("GET",  "/staff/oversight.csv"):                            (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 403),
    ("GET",  "/staff/rights.csv"):                               (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 403),
    ("POST", "/staff/oversight/openings/<uuid:opening_id>/patient"): (401, 401,     403, 403, 403, 403, 403, 403),
    # bob's unit is of the same provider: he may open with a reason, and gave none; alice needs none.
    ("GET",  "/staff/responses/<uuid:response_id>/emergency"):   (SIGN_IN, SIGN_IN, 403, 403, 200, 303, 403, 403),
    ("POST", "/staff/responses/<uuid:response_id>/emergency"):   (401,     401,     403, 403, 400, 303, 403, 403),
    # Whether the provider has something of a patient; alice's name for the patient means nothing at charlie's.
    ("GET",  "/staff/patients/<patient>/units"):                  (SIGN_IN, SIGN_IN, 403, 403, 200, 200, 403, 403),
    # An enrolment is changed by the unit that it is with.
    ("POST", "/staff/enrolments/<uuid:enrolment_id>/event"):     (401,     401,     403, 403, 403, 303, 403, 403),
    ("POST", "/staff/enrolments/<uuid:enrolment_id>/state"):     (401,     401,     403, 403, 403, 303, 403, 403),
    ("POST", "/staff/enrolments/<uuid:enrolment_id>/unit"):      (401,     401,     403, 403, 403, 303, 403, 403),
    ("POST", "/staff/enrolments/<uuid:enrolment_id>/addresses"): (401,     401,     403, 403, 403, 303, 403, 403),
    ("GET",  "/staff/notices"):                                  (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("POST", "/staff/notices/<uuid:dispatch_id>/again"):         (401,     401,     403, 403, 403, 303, 403, 403),
    ("GET",  "/staff/enrolments/list"):                          (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("POST", "/staff/enrolments/list"):                          (401,     401,     403, 400, 200, 200, 403, 403),
    # What staff attest says nothing of the patient; a code is for the unit's own to make, and for anybody to try.
    ("GET",  "/staff/occasions/<uuid:occasion_id>/hand-over"):     (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("POST", "/staff/occasions/<uuid:occasion_id>/hand-over"):     (401,     401,     403, 403, 403, 200, 403, 403),
    ("GET",  "/h/<code>"):                                       EVERYBODY_GETS_IN,
    ("POST", "/h/<code>"):                                       (410,) * 8,  # one that nobody made
    ("GET",  "/h/done"):                                         EVERYBODY_IS_MOVED,
    ("GET",  "/h/thanks"):                                       EVERYBODY_GETS_IN,
    # The code of a letter is for anybody to try; this one nobody made.
    ("GET",  "/letter"):                                         EVERYBODY_GETS_IN,
    ("POST", "/letter"):                                         (400,) * 8,
    ("GET",  "/letter/done"):                                    EVERYBODY_IS_MOVED,
    ("GET",  "/letter/thanks"):                                  EVERYBODY_GETS_IN,
    # What is given to registers is open to all staff; saying yes or ending it is for the manager of a unit.
    ("GET",  "/staff/registers"):                                (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("POST", "/staff/registers/<uuid:agreement_id>/approval"):   (401,     401,     403, 403, 303, 403, 403, 403),
    ("POST", "/staff/registers/<uuid:agreement_id>/end"):        (401,     401,     403, 403, 303, 403, 403, 403),
    # Protocols are shown to all staff of the provider; a manager writes them, looks at what would happen, and applies.
    ("GET",  "/staff/protocols"):                                (SIGN_IN, SIGN_IN, 403, 200, 200, 200, 403, 403),
    ("POST", "/staff/protocols"):                                (401,     401,     403, 403, 303, 403, 403, 403),
    ("GET",  "/staff/protocols/<uuid:protocol_id>"):             (SIGN_IN, SIGN_IN, 403, 403, 200, 200, 403, 403),
    ("GET",  "/staff/protocols/<uuid:protocol_id>/file"):        (SIGN_IN, SIGN_IN, 403, 403, 200, 200, 403, 403),
    ("POST", "/staff/protocols/<uuid:protocol_id>/file"):        (401,     401,     403, 403, 400, 403, 403, 403),
    ("GET",  "/staff/protocols/<uuid:protocol_id>/edit"):        (SIGN_IN, SIGN_IN, 403, 403, 200, 403, 403, 403),
    ("POST", "/staff/protocols/<uuid:protocol_id>/edit"):        (401,     401,     403, 403, 303, 403, 403, 403),
    ("GET",  "/staff/protocols/<uuid:protocol_id>/preview"):     (SIGN_IN, SIGN_IN, 403, 403, 200, 403, 403, 403),
    ("GET",  "/staff/protocols/<uuid:protocol_id>/preview.csv"): (SIGN_IN, SIGN_IN, 403, 403, 200, 403, 403, 403),
    # Nobody applies what they have not looked at.
    ("POST", "/staff/protocols/<uuid:protocol_id>/publication"): (401,     401,     403, 403, 409, 403, 403, 403),
    # Texts are for translators, and they see nothing else.
    ("GET",  "/translate/sign-in"):                              EVERYBODY_GETS_IN,
    ("GET",  "/translate"):                                       (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("GET",  "/translate/open"):                                  (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 303),
    ("GET",  "/translate/<locale>/glossary"):                     (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("POST", "/translate/<locale>/glossary"):                     (401,     401,     403, 403, 403, 403, 403, 303),
    ("GET",  "/translate/<locale>/<subject>"):                    (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("POST", "/translate/<locale>/<subject>/steps"):              (401,     401,     403, 403, 403, 403, 403, 303),
    ("GET",  "/translate/<locale>/<subject>/version"):            (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("POST", "/translate/<locale>/<subject>/version"):            (401,     401,     403, 403, 403, 403, 403, 400),
    ("GET",  "/translate/<locale>/<subject>/preview"):            (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("GET",  "/translate/<locale>/<subject>/preview/<page>"):     (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("GET",  "/translate/<locale>/<subject>/export/<ending>"):    (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("GET",  "/translate/<locale>/<subject>/import"):             (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("POST", "/translate/<locale>/<subject>/import"):             (401,     401,     403, 403, 403, 403, 403, 400),
    ("GET",  "/translate/<locale>/texts/<uuid:source_id>"):       (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("POST", "/translate/<locale>/texts/<uuid:source_id>"):       (401,     401,     403, 403, 403, 403, 403, 303),
    ("GET",  "/translate/<locale>/texts/<uuid:source_id>/history"): (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("POST", "/translate/<locale>/texts/<uuid:source_id>/steps"): (401,     401,     403, 403, 403, 403, 403, 303),
    ("POST", "/translate/<locale>/texts/<uuid:source_id>/comments"): (401,     401,     403, 403, 403, 403, 403, 303),
    ("GET",  "/translate/evidence/<uuid:step_id>"):               (SIGN_IN, SIGN_IN, 403, 403, 403, 403, 403, 200),
    ("GET",  "/api/v1/openapi.json"):                            EVERYBODY_GETS_IN,
    ("POST", "/api/v1/token"):                                   (400,) * 8,  # whoever asks, without an assertion
    ("GET",  "/api/v1/registers/me/results"):                    (401,     200,     403, 403, 403, 403, 403, 403),
    ("GET",  "/api/v1/registers/me/agreements"):                 (401,     200,     403, 403, 403, 403, 403, 403),
    ("POST", "/api/v1/registers/me/agreements/<uuid:agreement_id>/approval"): (401, 204, 403, 403, 403, 403, 403, 403),
    # For record systems: a register's token is none of theirs.
    ("GET",  "/api/v1/deliveries"):                              (401,     401,     403, 403, 403, 403, 403, 403),
    ("GET",  "/api/v1/deliveries/<uuid:response_id>"):           (401,     401,     403, 403, 403, 403, 403, 403),
    ("POST", "/api/v1/deliveries/<uuid:response_id>/receipt"):   (401,     401,     403, 403, 403, 403, 403, 403),
    ("POST", "/api/v1/enrolments"):                              (401,     401,     403, 403, 403, 403, 403, 403),
    ("PATCH", "/api/v1/enrolments/<uuid:enrolment_id>"):         (401,     401,     403, 403, 403, 403, 403, 403),
    ("POST", "/api/v1/enrolments/<uuid:enrolment_id>/cancellation"): (401, 401,     403, 403, 403, 403, 403, 403),
    # Whoever asks: a gateway signs, and a cookie is no signature.
    ("POST", "/api/v1/gateways/<string:name>/receipts"):         (401,) * 8,
    ("GET",  "/api/v1/catalogue"):                               EVERYBODY_GETS_IN,
    ("POST", "/api/v1/registers/me/messages"):                   (401,     422,     403, 403, 403, 403, 403, 403),
    ("GET",  "/api/v1/registers/me/coverage"):                   (401,     200,     403, 403, 403, 403, 403, 403),
}
# fmt: on

_MACHINES = "machines have no cookies, so nothing can be sent in their name"
FORMS_WITHOUT_A_TOKEN = {
    "/api/v1/token": _MACHINES,
    "/api/v1/deliveries/<uuid:response_id>/receipt": _MACHINES,
    "/api/v1/enrolments": _MACHINES,
    "/api/v1/gateways/<string:name>/receipts": _MACHINES,
    "/api/v1/enrolments/<uuid:enrolment_id>/cancellation": _MACHINES,
    "/api/v1/registers/me/agreements/<uuid:agreement_id>/approval": _MACHINES,
    "/api/v1/registers/me/messages": _MACHINES,
}


@dataclass(frozen=True)
class Scene:
    """A patient with one survey answered and received at alice's unit, and another under way; and texts on a desk."""

    app: Flask
    world: World
    desk: Desk
    patient: Patient
    answered_id: UUID
    survey_id: UUID
    enrolment_id: UUID
    response_id: UUID
    agreement_id: UUID
    session_id: UUID
    sequence: int
    item_id: str
    translation_id: UUID
    step_id: UUID
    system_id: UUID
    rule_id: UUID
    dispatch_id: UUID
    jwks: str
    cookies: Mapping[str, Callable[[], str]]
    bearer: str

    def principal(self, who: str) -> Principal:
        known = {"patient": self.patient, "nobody": Gate(), "register": Gate(), "translator": self.desk.riku}
        found: Principal = known.get(who) or getattr(self.world, who)
        return found

    def request(self, method: str, rule: str, who: str, *, token: bool = True) -> int | str:
        """The status that ``who`` gets, or that they were sent to sign in."""
        visitor = Visitor(self.app, self.cookies[who]() if who in self.cookies else None)
        headers = {"Authorization": f"Bearer {self.bearer}"} if who == "register" else {}
        path = self._path(rule)
        if method == "GET":
            asked = {"purpose": ACCEPTED_PURPOSE, "from": "2026-01", "to": "2026-01"}
            query = asked if rule.startswith("/api/") else {"language": "nb", "subject": PREM}
            if rule == "/staff/new":
                query = {"since": self.world.services.clock().isoformat()}
            answer = visitor.get(path, headers=headers, query_string=query)
        else:
            form = self._form(rule) | ({"csrf_token": visitor.token()} if token else {})
            answer = visitor.raw_post(path, data=form, headers=headers, method=method)
        answer.close()
        is_sent_away = answer.status_code == 303 and answer.location.endswith("/sign-in")
        return SIGN_IN if is_sent_away else answer.status_code

    def _path(self, rule: str) -> str:
        path = (
            rule.replace("<path:filename>", "app.css")
            .replace("words.<locale>", "words.sv")
            .replace("<int:sequence>", "1")
            .replace("<int:number>", "1")
        )
        if rule.endswith("/done"):
            path = path.replace("<uuid:survey_id>", str(self.answered_id))
        for name in (
            "survey_id",
            "session_id",
            "response_id",
            "enrolment_id",
            "step_id",
            "system_id",
            "rule_id",
            "dispatch_id",
        ):
            path = path.replace(f"<uuid:{name}>", str(getattr(self, name)))
        path = path.replace("<uuid:occasion_id>", str(self.survey_id))
        path = path.replace("<uuid:agreement_id>", str(self.agreement_id))
        path = path.replace("<uuid:unit_id>", str(self.world.alice.unit_id))
        path = path.replace("<uuid:mandate_id>", str(new_id()))
        path = path.replace("<uuid:commission_id>", str(new_id())).replace("<uuid:opening_id>", str(new_id()))
        path = path.replace("<uuid:protocol_id>", str(self.world.protocols["anxiety-only"]))
        path = path.replace("<patient>", self.world.reference(self.patient))
        path = path.replace("<uuid:source_id>", str(self.desk.source_id(QUESTION)))
        for name, value in {"code": "none", "locale": "nb", "subject": PREM, "page": "overall", "ending": "po"}.items():
            path = path.replace(f"<{name}>", value)
        return path.replace("<uuid:register_id>", str(self.world.register.register_id))

    def _form(self, rule: str) -> dict[str, str]:
        forms: dict[str, dict[str, str]] = {
            "/sign-in": {"method": "bankid"},
            "/language": {"language": "en", "next": "/"},
            "/sessions/<uuid:session_id>": {"sequence": str(self.sequence), "item": self.item_id, "value": "2"},
            "/my-data/registers/<uuid:register_id>": {"objected": "1"},
            "/my-data/units/<uuid:unit_id>": {"blocked": "0"},
            "/contact": {"none": "1"},
            "/staff/enrolments/<uuid:enrolment_id>/event": {
                "anchor_date": local_day(self.world.services.clock()).isoformat(),
                "confirmed": "1",
            },
            "/staff/enrolments/<uuid:enrolment_id>/state": {"to": "paused"},
            "/staff/enrolments/<uuid:enrolment_id>/unit": {"unit": str(self.world.bob.unit_id)},
            "/staff/enrolments/list": {
                "protocol": str(self.world.protocols["anxiety-only"]),
                "content": "personal_number,name,anchor_date,care_contact",
            },
            "/staff/occasions/<uuid:occasion_id>/hand-over": {"attested": "1"},
            "/staff/receipts": {"response": str(self.response_id)},
            "/staff/settings/record-system": {"name": "Ny journal", "way": "fetch", "jwks": self.jwks},
            "/staff/protocols": {"code": "new-protocol"},
            "/staff/settings/alarms": {"alarm_email": "larm@example.se"},
            "/staff/search": {"personal_number": self.world.new_identity().number},
            "/staff/today": {"numbers": ""},
            "/staff/occasions/<uuid:occasion_id>/non-response": {"reason": "declined", "request_id": str(new_id())},
            "/staff/responses/<uuid:response_id>/hand-over": {"to": "", "request_id": str(new_id())},
            "/staff/responses/<uuid:response_id>/notes": {"note": "Ring", "request_id": str(new_id())},
            "/staff/flags": {
                "what": "v:promis-anxiety:promis_anxiety.t",
                "how": "worsening",
                "reason": "Vi vill ringa",
                "request_id": str(new_id()),
            },
            "/staff/flags/<uuid:rule_id>/end": {"reason": "För många", "request_id": str(new_id())},
            "/staff/flags/hours": {"hours": "8"},
            "/staff/flags/paper": {"days": "7"},
            "/translate/<locale>/glossary": {"term": "visit", "translation": "besøk"},
            "/translate/<locale>/<subject>/steps": {"text": str(self.translation_id), "state": "draft"},
            "/translate/<locale>/texts/<uuid:source_id>": {"form": "Nytt", "replaces": str(self.translation_id)},
            "/translate/<locale>/texts/<uuid:source_id>/steps": {
                "translation": str(self.translation_id),
                "state": "draft",
            },
            "/translate/<locale>/texts/<uuid:source_id>/comments": {"comment": "Bra"},
            "/staff/responses/<uuid:response_id>/voiding": {
                "reason": "wrong_patient",
                "request_id": str(new_id()),
                "based_on": "1",
            },
            "/staff/enrolments/new": {
                "personal_number": self.world.new_identity().number,
                "name": "Ny Patient",
                "language": "sv",
                "protocol": str(self.world.protocols["anxiety-only"]),
                "anchor_date": local_day(self.world.services.clock()).isoformat(),
                "care_contact": "Visit",
                "request_id": str(new_id()),
            },
        }
        return forms.get(rule, {})


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With identity providers that nobody answers for: a loopback port that refuses."""
    away = IdentityProvider("http://127.0.0.1:9", "client", "secret", accepted_acr=("loa3",))
    return replace(settings, patient_identity=away, staff_identity=away)


@pytest.fixture
def scene(
    app: Flask,
    world: World,
    database: TestDatabase,
    register_key: ECKey,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Scene:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # because no test has a certificate
    identity, other = world.new_identity(), world.new_identity()
    world.enrol(other)
    patient, answered = world.enrol(identity, protocol="eq5d-only")
    (response_id,) = world.answer(patient, answered)
    open_response(world.services, response_id, as_=world.alice)
    earlier = write_rows(tmp_path / "earlier.csv", [scored_row(world, identity.number)])
    import_history(world.services, earlier, source="R", skip_bad=False, told=lambda _row: None, as_=world.alice)
    _, waiting = world.enrol(identity)
    state = world.start(patient, waiting)
    submission = submission_for(state, 2)
    desk = make_desk(app, world.services)
    translation_id, step_id = validated(desk)
    jwks = KeySet([register_key]).as_dict(private=False)
    system_id = enter(world.services, Entered(name="Journal", route=SystemRoute.FETCH, jwks=jwks), as_=world.bob)
    rule = NewRule("promis-anxiety", Worsening("promis_anxiety.t"), "Vi vill ringa", new_id())
    set_rule(world.services, rule, as_=world.bob)
    with world.services.db.transaction(as_=world.bob) as connection:
        (kept,) = rules_of(connection, world.bob.unit_id)
    return Scene(
        app=app,
        world=world,
        desk=desk,
        patient=patient,
        answered_id=answered.id,
        survey_id=waiting.id,
        enrolment_id=answered.enrolment_id,
        response_id=response_id,
        agreement_id=the_agreement(world),
        session_id=state.session.id,
        sequence=submission.sequence,
        item_id=submission.answer.item_id,
        translation_id=translation_id,
        step_id=step_id,
        system_id=system_id,
        rule_id=kept.rule_id,
        dispatch_id=dispatch(database, waiting, outcomes=("technical", "given_up")),
        jwks=json.dumps(jwks),
        cookies={
            "patient": lambda: world.patient_cookie(identity),
            "stranger": lambda: world.patient_cookie(other),
            "alice": lambda: world.staff_cookie(world.alice),
            "bob": lambda: world.staff_cookie(world.bob),
            "charlie": lambda: world.staff_cookie(world.charlie),
            "translator": lambda: desk.cookie(desk.riku),
        },
        bearer=bearer_token(app, register_key),
    )


def the_agreement(world: World) -> UUID:
    with world.services.db.transaction(as_=Operator()) as connection:
        (found,) = recorded_agreements(connection, world.services.clock(), register_id=world.register.register_id)
    return found.id


def validated(desk: Desk) -> tuple[UUID, UUID]:
    """A translation by tina that riku has validated, and the step that has the document."""
    services = desk.services
    made = translate(services, subject=PREM, context=QUESTION, locale="nb", forms=["Ja?"], replaces=None, as_=desk.tina)
    take_step(services, translation_id=made, state=State.REVIEWED, as_=desk.riku)
    document = Evidence("interviews.pdf", b"%PDF")
    state = State.LINGUISTICALLY_VALIDATED
    return made, take_step(services, translation_id=made, state=state, evidence=document, as_=desk.riku)


def bearer_token(app: Flask, key: ECKey) -> str:
    """A register's token, asked for as its client would."""
    claims = {
        "iss": "first",
        "sub": "first",
        "aud": BASE_URL + TOKEN_PATH,
        "exp": int(time()) + 60,
        "jti": str(new_id()),
    }
    assertion = jwt.encode({"alg": "ES384", "kid": key.kid}, claims, key, algorithms=["ES384"])
    answer = app.test_client().post(
        TOKEN_PATH,
        base_url=BASE_URL,
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        },
    )
    return str(answer.get_json()["access_token"])


def routes(app: Flask) -> set[tuple[str, str]]:
    """Method and rule of every route."""
    return {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}


def denials(database: TestDatabase) -> list[tuple[Any, ...]]:
    """Who was refused, in the order of the log."""
    with database.connect("survey_owner") as connection:
        return connection.execute(
            "SELECT actor_kind, actor_id FROM audit_events WHERE outcome = 'denied' ORDER BY id"
        ).fetchall()


def test_every_route_is_in_the_matrix_and_every_row_is_a_route(app: Flask) -> None:
    assert routes(app) == set(MATRIX)


def test_a_route_that_nobody_entered_is_noticed(app: Flask) -> None:
    app.add_url_rule("/staff/export", view_func=lambda: "everything", methods=["GET"])
    assert routes(app) - set(MATRIX) == {("GET", "/staff/export")}


@pytest.mark.parametrize(("method", "rule"), MATRIX, ids=lambda part: part)
def test_each_gets_what_the_matrix_says_and_each_refusal_is_logged(
    method: str, rule: str, scene: Scene, database: TestDatabase
) -> None:
    """A1, A6, B1, G2"""
    expected = dict(zip(EVERYBODY, MATRIX[method, rule], strict=True))
    answered = {who: scene.request(method, rule, who) for who in EVERYBODY}
    assert answered == expected

    refused = [scene.principal(who) if who != "stranger" else None for who in EVERYBODY if expected[who] == 403]
    logged = denials(database)
    assert len(logged) == len(refused)
    for principal, (_, actor_id) in zip(refused, logged, strict=True):
        assert principal is None or actor_id == actor(principal)


def actor(principal: Principal) -> UUID:
    return actor_of(principal)[1]


@pytest.mark.parametrize("who", ["patient", "alice", "translator"])
def test_no_form_is_taken_without_its_token(scene: Scene, who: str) -> None:
    """A form on somebody else's site cannot act in the name of who is signed in."""
    forms = [rule for method, rule in MATRIX if method == "POST" and rule not in FORMS_WITHOUT_A_TOKEN]
    assert {rule: scene.request("POST", rule, who, token=False) for rule in forms} == dict.fromkeys(forms, 400)
