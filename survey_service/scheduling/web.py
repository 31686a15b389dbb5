"""Ordering in the browser: the enrolment form of a care unit."""

from collections.abc import Callable, Mapping
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import DateField, Field, StringField
from wtforms.validators import AnyOf, Length, ValidationError

from survey_service.access.queries import rights_of
from survey_service.errors import BadInput
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.http.context import services, staff
from survey_service.http.locale import current_locale, languages
from survey_service.people.rules import Identity, parse_email, parse_identity_number, parse_name, parse_phone
from survey_service.scheduling.enrolment_page import side_in_words
from survey_service.scheduling.inclusion import parse_diagnoses
from survey_service.scheduling.queries import PublishedProtocol, published_protocols
from survey_service.scheduling.rules import BodySide, in_language, parse_procedure
from survey_service.scheduling.use_cases import Order, enrol_patient

blueprint = Blueprint("scheduling", __name__)


class Follows:
    """A field that obeys one of the domain's rules; the rule's own sentence is shown at the field."""

    def __init__(self, rule: Callable[[str], object]) -> None:
        self._rule = rule

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        try:
            self._rule(field.data or "")
        except BadInput as refused:
            raise ValidationError(gettext(next(iter(refused.fields.values())))) from None


class EnrolmentForm(FlaskForm):
    """What a unit fills in."""

    personal_number = StringField(validators=[Follows(parse_identity_number)])
    name = StringField(validators=[Follows(parse_name)])
    email = StringField(validators=[Follows(parse_email)])
    phone = StringField(validators=[Follows(parse_phone)])
    language = StringField()
    protocol = StringField()
    anchor_date = DateField()
    care_contact = StringField(validators=[Length(max=200)])
    procedure_id = StringField(validators=[Follows(parse_procedure)])
    diagnoses = StringField(validators=[Follows(parse_diagnoses)])
    side = StringField(validators=[AnyOf([None, "", *BodySide])])
    request_id = StringField()

    def sentences(self) -> dict[str, str]:
        """One sentence for each field that has to be put right."""
        found = {name: errors[0] for name, errors in self.errors.items() if name is not None}
        if self.anchor_date.data is None:
            found["anchor_date"] = gettext("Write a date, for example 2026-12-24.")
        if not (self.care_contact.data or "").strip():
            found["care_contact"] = gettext("Write which care contact this is for.")
        if _uuid(self.protocol.data) is None:
            found["protocol"] = gettext("Choose a protocol.")
        if "side" in found:
            found["side"] = gettext("Choose a side, or none.")
        if self.language.data not in dict(languages()):
            found["language"] = gettext("Choose a language.")
        return found


@blueprint.get("/staff/enrolments/new")
def new_enrolment() -> ResponseReturnValue:
    return _form_page(staff(), values={}, errors={}, request_id=str(new_id()))


@blueprint.post("/staff/enrolments/new", endpoint="enrol")
def order() -> ResponseReturnValue:
    """Enrol, or show the form again with everything that was written in it."""
    as_ = staff()
    form = EnrolmentForm()
    form.validate()
    errors = form.sentences()
    request_id = _uuid(form.request_id.data) or new_id()
    if not errors:
        try:
            enrolment_id = enrol_patient(services(), _order(form, request_id), as_=as_)
        except BadInput as refused:
            errors = {name: gettext(sentence, **refused.values) for name, sentence in refused.fields.items()}
            errors = errors or {"form": gettext(refused.sentence, **refused.values)}
        else:
            return redirect(url_for("enrolment.show", enrolment_id=enrolment_id), code=303)
    return _form_page(as_, values=request.form, errors=errors, request_id=str(request_id)), 400


def _form_page(as_: Staff, *, values: Mapping[str, str], errors: Mapping[str, str], request_id: str) -> str:
    with services().db.transaction(as_=as_) as connection:
        rights = rights_of(connection, as_, services().clock())
        protocols = [one for one in published_protocols(connection) if rights.covers(one.id)]
    return render_template(
        "staff/enrol.html",
        protocols=[_describe(published) for published in protocols],
        sides=[("", gettext("Not stated")), *((side, side_in_words(side)) for side in BodySide)],
        values=values,
        errors=errors,
        request_id=request_id,
    )


def _describe(published: PublishedProtocol) -> dict[str, object]:
    locale = current_locale()
    return {
        "id": published.id,
        "name": in_language(published.protocol.names, locale),
        "description": in_language(published.protocol.reasons, locale),
    }


def _order(form: EnrolmentForm, request_id: UUID) -> Order:
    """The order of a form that has been validated."""
    protocol_id, anchor_date = _uuid(form.protocol.data), form.anchor_date.data
    assert protocol_id is not None
    assert anchor_date is not None
    return Order(
        identity=Identity(
            number=parse_identity_number(form.personal_number.data or ""),
            name=parse_name(form.name.data or ""),
            email=parse_email(form.email.data or ""),
            phone=parse_phone(form.phone.data or ""),
            locale=form.language.data or "",
        ),
        protocol_id=protocol_id,
        anchor_date=anchor_date,
        care_contact=form.care_contact.data or "",
        request_id=request_id,
        procedure_id=parse_procedure(form.procedure_id.data or ""),
        side=BodySide(form.side.data) if form.side.data else None,
        diagnoses=parse_diagnoses(form.diagnoses.data or ""),
    )


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
