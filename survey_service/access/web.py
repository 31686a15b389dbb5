"""Signing in and out, in the browser."""

from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from survey_service.access import oidc
from survey_service.access.mandates import Ward, wards_of
from survey_service.access.queries import all_translators, all_units, rights_of, staff_names
from survey_service.access.rules import COOKIE as COOKIE
from survey_service.access.rules import (
    MandateKind,
    Right,
    Rights,
    TranslatorClaims,
    read_patient_claims,
    read_staff_claims,
)
from survey_service.access.use_cases import (
    SignedIn,
    carry_over,
    drop_held,
    resume,
    sign_in_patient,
    sign_in_staff,
    sign_in_translator,
    sign_out,
)
from survey_service.errors import BadInput, MandateEnded
from survey_service.foundation.crypto import device_tag
from survey_service.foundation.principals import Patient, Staff, Translator
from survey_service.http.context import respondent, services
from survey_service.http.locale import gettext
from survey_service.http.security import limiter

blueprint = Blueprint("access", __name__)

_METHODS = frozenset({"bankid", "freja"})
# In the browser's form session, which every sign-in begins anew.
_TOLD = "told_of_the_end"
# Every page for staff takes a commission in care, but for these; None is any commission. A page that is not named here
# is closed to administrators and officers, whoever writes it.
_NEEDED = {
    "rights.overview": Right.SEE_RIGHTS,
    "rights.download": Right.SEE_RIGHTS,
    "rights.give": Right.SET_RIGHTS,
    "rights.end": Right.SET_RIGHTS,
    "oversight.report": Right.OVERSEE,
    "oversight.download": Right.OVERSEE,
    "oversight.patient": Right.OVERSEE,
    "agreements_web.agreements": None,
    "register_use.pulls": None,
    "register_use.coverage": None,
    "access.staff_sign_in": None,
    "access.staff_callback": None,
}
# Where nobody is told that a mandate has ended: to go back, or away, was what they wanted.
_ALWAYS_OPEN = frozenset({"access.sign_out", "acting.choose", "acting.oneself", "preferences.set_language"})
_HOMES = {Right.CARE: "delivery.worklist", Right.SET_RIGHTS: "rights.overview", Right.OVERSEE: "oversight.report"}


@blueprint.get("/sign-in", endpoint="sign_in")
def choose_way() -> ResponseReturnValue:
    """Says once that a sign-in has ended. Its cookie stays in the browser: by it what was held is found again."""
    has_ended = COOKIE in request.cookies and "principal" not in g and _TOLD not in session
    if has_ended:
        session[_TOLD] = True
    return render_template("sign_in.html", ended="own" if has_ended else None, kept=False)


@blueprint.post("/sign-in")
@limiter.limit("600 per minute")
def start_patient_sign_in() -> ResponseReturnValue:
    if request.form.get("method") not in _METHODS:
        raise BadInput("Choose one of the ways to sign in.")
    provider = services().settings.patient_identity
    return oidc.send_to_provider(
        current_app,
        oidc.PATIENT,
        callback=_absolute("access.patient_callback"),
        accepted_acr=provider.accepted_acr,
    )


@blueprint.get("/sign-in/callback")
def patient_callback() -> ResponseReturnValue:
    claims = oidc.claims_from_provider(current_app, oidc.PATIENT)
    accepted = services().settings.patient_identity.accepted_acr
    token = sign_in_patient(services(), read_patient_claims(claims, accepted_acr=accepted))
    before = request.cookies.get(COOKIE)
    session_id = carry_over(services(), before, token) if before else None
    if session_id is not None:
        return signed_in(token, url_for("answering.kept", session_id=session_id))
    who = resume(services(), token)
    assert who is not None
    assert isinstance(who.principal, Patient)
    return _signed_in(token, "acting.choose" if wards_of(services(), who.principal.person_id) else "answering.inbox")


@blueprint.get("/staff/sign-in")
@limiter.limit("600 per minute")
def staff_sign_in() -> ResponseReturnValue:
    provider = services().settings.staff_identity
    return oidc.send_to_provider(
        current_app,
        oidc.STAFF,
        callback=_absolute("access.staff_callback"),
        accepted_acr=provider.accepted_acr,
    )


@blueprint.get("/staff/sign-in/callback")
def staff_callback() -> ResponseReturnValue:
    claims = oidc.claims_from_provider(current_app, oidc.STAFF)
    accepted = services().settings.staff_identity.accepted_acr
    read = read_staff_claims(claims, accepted_acr=accepted)
    if isinstance(read, TranslatorClaims):
        return _signed_in(sign_in_translator(services(), read), "languages.desk")
    token = sign_in_staff(services(), read)
    signed_in = resume(services(), token)
    assert signed_in is not None
    assert isinstance(signed_in.principal, Staff)
    return _signed_in(token, home_of(_rights(signed_in.principal)))


@blueprint.post("/sign-out", endpoint="sign_out")
def leave() -> ResponseReturnValue:
    if token := request.cookies.get(COOKIE):
        sign_out(services(), token)
    response = redirect(url_for("home.index"), code=303)
    response.delete_cookie(COOKIE)
    session.clear()
    return response


@blueprint.post("/stay")
def stay() -> ResponseReturnValue:
    """Somebody who is still there, and has nothing to send: the request itself puts the sign-out off."""
    respondent()
    return "", 204


@blueprint.get("/sign-in/ended", endpoint="signed_out")
def say_that_time_is_over() -> ResponseReturnValue:
    """Where a page goes of itself when nothing was done for too long. It signs nobody out."""
    return render_template(
        "sign_in.html", ended="lent" if "lent" in request.args else "own", kept="kept" in request.args
    )


def load_principal() -> None:
    """Before each request: who is asking, by the cookie."""
    token = request.cookies.get(COOKIE)
    # What a page asks for of itself, when time is over, is no sign of anybody being there.
    if not token or request.endpoint in {"static", "words", "access.signed_out"}:
        return
    found = resume(services(), token)
    if found is None:
        return
    g.principal, g.sign_in, g.answers_for_others = found.principal, found, found.answers_for_others
    if found.mandate_ended and request.endpoint not in _ALWAYS_OPEN:
        raise MandateEnded


def guard_staff() -> None:
    """Before each request of staff: whether their commission opens this page. Raises ``AccessDenied``."""
    found = g.get("principal")
    if not isinstance(found, Staff) or request.endpoint is None:
        return
    g.rights = _rights(found)
    needed = _NEEDED.get(request.endpoint, Right.CARE if request.path.startswith("/staff") else None)
    if needed is not None:
        g.rights.require(needed)


def home_of(rights: Rights) -> str:
    """The endpoint of the first page that the rights open."""
    return next((home for right, home in _HOMES.items() if rights.may(right)), "home.index")


def _rights(who: Staff) -> Rights:
    with services().db.transaction(as_=who) as connection:
        return rights_of(connection, who, services().clock())


def describe_principal() -> dict[str, object]:
    """For the frame of every page: which kind of user is signed in, and the name where the frame shows one."""
    found = g.get("principal")
    described: dict[str, object] = {"signed_in": None, "signed_in_name": None, "unit_name": None, "home": "home.index"}
    described |= {"acts_for": None, "may_read": True, "answers_for_others": g.get("answers_for_others", False)}
    described |= {"ends_at": None, "idle_seconds": None, "longest_seconds": None, "device_tag": None}
    if isinstance(found, Patient):
        # A tablet in a waiting room shows nobody's name, and leads nowhere else.
        is_tablet = found.occasion_id is not None
        described |= {"signed_in": "tablet" if is_tablet else "patient"}
        described |= {} if is_tablet else {"home": "answering.inbox"}
        if found.actor_id is not None:
            described |= _answering_for(found, found.actor_id)
        described |= _timed(g.sign_in)
    if isinstance(found, Staff):
        with services().db.transaction(as_=found) as connection:
            described["signed_in"] = "staff"
            described["signed_in_name"] = staff_names(connection).get(found.staff_id)
            described["unit_name"] = all_units(connection)[found.unit_id].name
        rights: Rights = g.get("rights") or _rights(found)
        described["home"] = home_of(rights)
        described["may"] = {right.value: rights.may(right) for right in Right}
    if isinstance(found, Translator):
        with services().db.transaction(as_=found) as connection:
            described |= {"signed_in": "translator", "home": "languages.desk"}
            described["signed_in_name"] = all_translators(connection)[found.translator_id].name
    return described


def _answering_for(found: Patient, holder_id: UUID) -> dict[str, object]:
    """For whom somebody else answers, in words, and whether they may read."""
    wards = wards_of(services(), holder_id, only=found.person_id)
    return {"acts_for": ward_in_words(wards[0]) if wards else "", "may_read": found.may_read}


def ward_in_words(ward: Ward) -> str:
    """What somebody who is answered for is called on screens: of who is protected, no name."""
    if ward.name is not None:
        return str(gettext("%(name)s, aged %(age)s", name=ward.name, age=ward.age))
    if ward.kind is MandateKind.GUARDIAN:
        return str(gettext("your child, born in %(year)s", year=ward.born))
    return str(gettext("somebody born in %(year)s", year=ward.born))


def _timed(found: SignedIn) -> dict[str, object]:
    """When somebody is signed out who does nothing, and at the latest; and what a device keeps their answers by."""
    now = services().clock()
    timed: dict[str, object] = {
        "ends_at": min(found.idle_until, found.expires_at),
        "idle_seconds": int((found.idle_until - now).total_seconds()),
        "longest_seconds": int((found.expires_at - now).total_seconds()),
    }
    who, key = found.principal, services().settings.identity_key
    assert isinstance(who, Patient)
    if who.occasion_id is None:  # nothing is kept on a device that is lent
        timed["device_tag"] = device_tag(who.person_id, who.actor_id or who.person_id, key=key)
    return timed


def _signed_in(token: str, endpoint: str) -> Response:
    return signed_in(token, url_for(endpoint))


def signed_in(token: str, address: str) -> Response:
    """Go to ``address`` with the secret of a sign-in."""
    if before := request.cookies.get(COOKIE):
        drop_held(services(), before)
    # A new form session with each sign-in: what an earlier visitor's page held is of no use any more.
    session.clear()
    response = redirect(address, code=303)
    secure = services().settings.base_url.startswith("https://")
    response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=secure)
    return response  # type: ignore[return-value]  # because werkzeug's redirect is typed as its base class


def _absolute(endpoint: str) -> str:
    return services().settings.base_url + url_for(endpoint)
