"""What a register's client asks about its coverage: suppressed counts, in JSON or CSV."""

import csv
from io import StringIO
from typing import Any

import marshmallow as ma
from flask import Response
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import validate

from survey_service.http.context import services
from survey_service.http.security import csrf
from survey_service.insight.rules import Figure
from survey_service.registers.bearer import register_of_request
from survey_service.registers.coverage import Comparison, Coverage, month_of, register_coverage
from survey_service.registers.coverage_rules import RATES, RULES, SUPPRESSION, Group

blueprint = Blueprint("coverage", __name__, description="How many were asked, and where their answers stand.")
csrf.exempt(blueprint)

_MONTH = validate.Regexp(r"^[0-9]{4}-(0[1-9]|1[0-2])$", error="Write a month as year and month, such as 2026-09.")


class CoverageArguments(ma.Schema):
    """Which months, compared between whom, and in which form."""

    class Meta:
        unknown = ma.EXCLUDE

    first = ma.fields.String(
        required=True, data_key="from", validate=_MONTH, metadata={"description": "The first month, such as 2026-01."}
    )
    last = ma.fields.String(
        required=True, data_key="to", validate=_MONTH, metadata={"description": "The last month: one that has ended."}
    )
    comparison = ma.fields.Enum(Comparison, by_value=True, load_default=Comparison.PROVIDER)
    form = ma.fields.String(data_key="format", load_default="json", validate=validate.OneOf(["json", "csv"]))


class FigureSchema(ma.Schema):
    """A count; a range where it is not told exactly."""

    shown = ma.fields.String(metadata={"description": "As printed: 23, <5, or 20-24."})
    low = ma.fields.Integer()
    high = ma.fields.Integer()


class RateSchema(ma.Schema):
    """A rate by its parts."""

    numerator = ma.fields.Nested(FigureSchema)
    denominator = ma.fields.Nested(FigureSchema)


class GroupSchema(ma.Schema):
    """A month of a unit, a provider, or all."""

    month = ma.fields.String()
    provider = ma.fields.String(allow_none=True)
    unit = ma.fields.String(allow_none=True)
    figures = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(FigureSchema))
    rates = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(RateSchema))


class CoverageSchema(ma.Schema):
    """Suppressed counts, with the rule of each."""

    as_of = ma.fields.String()
    comparison = ma.fields.String()
    suppression = ma.fields.String()
    rules = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    groups = ma.fields.List(ma.fields.Nested(GroupSchema))


@blueprint.route("/registers/me/coverage")
class CoverageView(MethodView):
    """The register's own coverage."""

    @blueprint.doc(
        security=[{"bearer": []}],
        summary="Coverage by month, as suppressed counts",
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    @blueprint.arguments(CoverageArguments, location="query")
    @blueprint.response(200, CoverageSchema)
    def get(self, arguments: dict[str, Any]) -> ResponseReturnValue | dict[str, Any]:
        found = register_coverage(
            services(),
            first=month_of(arguments["first"]),
            last=month_of(arguments["last"]),
            comparison=arguments["comparison"],
            as_=register_of_request(),
        )
        if arguments["form"] == "csv":
            return Response(as_csv(found), mimetype="text/csv")
        return as_json(found)


def as_json(found: Coverage) -> dict[str, Any]:
    return {
        "as_of": found.as_of.isoformat(),
        "comparison": found.comparison.value,
        "suppression": SUPPRESSION,
        "rules": {one.value: rule for one, rule in RULES.items()}
        | {f"{name}_rate": rule for name, (_, _, rule) in RATES.items()},
        "groups": [_group(found, group) for group in found.groups],
    }


def as_csv(found: Coverage) -> str:
    """One line for each figure, with its rule, so that a line read alone says what it counts."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["month", "as_of", "provider", "unit", "measure", "shown", "low", "high", "rule", "suppression"])
    for group in found.groups:
        provider, unit = found.name(group)
        for measure, rule in RULES.items():
            figure = group.figures[measure]
            place = [f"{group.month:%Y-%m}", found.as_of.isoformat(), provider, unit, measure.value]
            writer.writerow([*place, figure.shown, figure.low, figure.high, rule, SUPPRESSION])
    return text.getvalue()


def _group(found: Coverage, group: Group) -> dict[str, Any]:
    provider, unit = found.name(group)
    return {
        "month": f"{group.month:%Y-%m}",
        "provider": provider,
        "unit": unit,
        "figures": {one.value: _figure(group.figures[one]) for one in RULES},
        "rates": {
            name: {"numerator": _figure(group.figures[above]), "denominator": _figure(group.figures[below])}
            for name, (above, below, _) in RATES.items()
        },
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {"shown": figure.shown, "low": figure.low, "high": figure.high}
