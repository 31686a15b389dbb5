"""Protocols as files and as forms; what may be published, and after what [A2]."""

from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.errors import BadInput
from survey_service.foundation.clock import STOCKHOLM, local_day
from survey_service.scheduling.next_version import check_definition, fingerprint, refuse_other_instruments
from survey_service.scheduling.protocol_fields import (
    NotYet,
    definition_of,
    fields_of,
    occasion_numbers,
    with_occasion,
    without_occasion,
)
from survey_service.scheduling.protocol_files import read_file, write_file
from survey_service.scheduling.rules import (
    AnchorKind,
    Asked,
    BodySide,
    all_occasions,
    parse_protocol,
    refuse_wrong_event,
)
from survey_service.scheduling.working_days import is_working_day, next_working_day
from tests.world import protocol_definition

ROOT = Path(__file__).parents[3]
FILES = sorted([*ROOT.glob("examples/protocols/*.toml"), *ROOT.glob("survey_service/demo/protocols/*.toml")])

DAYS = st.integers(0, 300)
TEXT = st.text("abc åäö%\"'\\", min_size=1, max_size=20).map(str.strip).filter(bool)
SCORES = st.fixed_dictionaries(
    {"variable": st.just("pain.t"), "at_least": st.integers(1, 99), "within_days": st.integers(1, 99)}
)
OCCASION = st.fixed_dictionaries(
    {
        "titles": st.fixed_dictionaries({"sv": TEXT}, optional={"en": TEXT, "fi": TEXT}),
        "due_day": st.integers(-300, 3000),
        "opens_days_before": DAYS,
        "closes_days_after": DAYS,
        "instruments": st.sampled_from([[{"id": "a", "version": "1.0"}], [{"id": "b", "version": "2", "form": "4a"}]]),
    },
    optional={
        "series": st.fixed_dictionaries({"every_days": st.integers(7, 90), "times": st.integers(2, 20)}),
        "reminders": st.lists(DAYS, min_size=1, max_size=3, unique=True),
        "not_on_holidays": st.just(True),
    },
)
DEFINITIONS = st.fixed_dictionaries(
    {
        "code": st.just("knee"),
        "names": st.fixed_dictionaries({"sv": TEXT}, optional={"en": TEXT, "fi": TEXT}),
        "reasons": st.fixed_dictionaries({"sv": TEXT}),
        "anchor_kind": st.sampled_from([one.value for one in AnchorKind]),
        "side": st.sampled_from([one.value for one in Asked]),
        "procedure": st.sampled_from([one.value for one in Asked]),
        "purpose": st.sampled_from(["care", "quality_follow_up"]),
        "receipt": st.fixed_dictionaries(
            {"policy": st.just("archive"), "within_hours": st.integers(1, 99), "read_within_hours": st.integers(0, 99)}
        ),
        "occasions": st.lists(OCCASION, min_size=1, max_size=3).map(
            lambda some: [{**one, "code": f"o-{place}"} for place, one in enumerate(some)]
        ),
    },
    optional={
        "registers": st.just(["Knee register"]),
        "notices": st.fixed_dictionaries(
            {}, optional={"other_way_after_days": st.integers(1, 90), "letter_after_days": st.integers(1, 90)}
        ),
        "inclusion": st.fixed_dictionaries({"age_from": st.integers(0, 60), "scores": st.lists(SCORES, min_size=1)}),
        "exclusion": st.just({"diagnoses": ["F00", "M1"], "languages": ["fi"]}),
    },
)


@given(DEFINITIONS)
def test_a_protocol_survives_its_form_and_its_file(definition: dict[str, Any]) -> None:
    protocol = check_definition(definition)
    by_form = definition_of(fields_of(definition))
    assert check_definition(by_form) == protocol
    assert read_file(write_file(definition)) == definition


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_example_can_be_published_and_edited(file: Path) -> None:
    definition = read_file(file.read_text(encoding="utf-8"))
    assert check_definition(definition_of(fields_of(definition))) == check_definition(definition)


def test_an_old_definition_still_reads_whatever_it_counts_from() -> None:
    """What was published stays readable; only what is published now is judged."""
    old = {**protocol_definition("old", ["eq5d-5l"]), "anchor_kind": "referral", "colour": "blue"}
    assert parse_protocol(old).anchor_kind == "referral"
    with pytest.raises(BadInput, match="colour"):
        check_definition(old)


def spoiled(**changes: Any) -> dict[str, Any]:
    made = deepcopy(protocol_definition("knee", ["eq5d-5l"]))
    made["occasions"][0] |= changes
    return made


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        (spoiled() | {"anchor_kind": "moon"}, "anchor_kind"),
        (spoiled() | {"side": "upper"}, "side"),
        (spoiled() | {"code": "Knee!"}, "code"),
        (spoiled() | {"names": {"en": "Knee"}}, "names"),
        (spoiled() | {"registers": "all"}, "registers"),
        (spoiled() | {"occasions": {}}, "occasions"),
        (spoiled(due_day="1"), "due_day"),
        (spoiled(due_day=10_000), "due_day"),
        (spoiled(titles={}), "titles"),
        (spoiled(instruments=["eq5d-5l"]), "instruments"),
        (spoiled(instruments=[{"id": "a", "version": "1"}] * 2), "twice"),
        (spoiled(series={"every_days": 1}), "series"),
        (spoiled(series={"every_days": 365, "times": 30}), "ends more than"),
        (spoiled(series={"every_days": 1, "times": 14}, not_on_holidays=True), "holiday"),
        (spoiled(not_on_holidays="yes"), "not_on_holidays"),
        (spoiled(reminders=3), "reminders"),
        (spoiled(color="red"), "color"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_cannot_be_meant_is_refused_by_name(definition: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        check_definition(definition)


def test_an_occasion_may_leave_and_come_back_but_never_ask_otherwise() -> None:
    before, other = parse_protocol(spoiled()), parse_protocol(spoiled(instruments=[{"id": "a", "version": "1"}]))
    refuse_other_instruments(before, parse_protocol(spoiled(due_day=9)))
    refuse_other_instruments(before, parse_protocol(spoiled(code="another", instruments=[{"id": "a", "version": "1"}])))
    with pytest.raises(BadInput, match="keeps what it asks"):
        refuse_other_instruments(before, other)
    with pytest.raises(BadInput, match="keeps what it asks"):
        refuse_other_instruments(before, parse_protocol(spoiled(series={"every_days": 7, "times": 2})))


def test_the_fingerprint_is_of_the_definition_and_of_the_version_below() -> None:
    reordered = dict(reversed(list(spoiled().items())))
    assert fingerprint(spoiled(), after=1) == fingerprint(reordered, after=1)
    assert (
        len(
            {fingerprint(spoiled(), after=1), fingerprint(spoiled(), after=2), fingerprint(spoiled(due_day=1), after=1)}
        )
        == 3
    )


def test_a_form_says_what_has_to_be_put_right_field_by_field() -> None:
    fields = with_occasion(fields_of({"code": "knee"}))
    with pytest.raises(NotYet) as refused:
        definition_of(fields)
    assert set(refused.value.errors) == {
        "name_sv",
        "reason_sv",
        "o1_code",
        "o1_title_sv",
        "o1_due_day",
        "o1_instruments",
    }


def test_an_occasion_is_added_and_removed_without_touching_the_others() -> None:
    fields = fields_of(spoiled())
    more = with_occasion(with_occasion(fields))
    assert occasion_numbers(more) == [1, 2, 3]
    assert occasion_numbers(without_occasion(more, 2)) == [1, 3]
    assert definition_of(without_occasion(without_occasion(more, 2), 3)) == definition_of(fields)


@pytest.mark.parametrize(
    ("asked", "side", "fits"),
    [
        ("never", None, True),
        ("never", "left", False),
        ("optional", None, True),
        ("optional", "both", True),
        ("required", "right", True),
        ("required", None, False),
        ("required", "both", False),
    ],
)
def test_a_side_specific_protocol_is_ordered_for_one_side_at_a_time(asked: str, side: str | None, fits: bool) -> None:
    """A2: the series of a left knee is never that of a right one."""
    protocol = parse_protocol(spoiled() | {"side": asked})
    chosen = BodySide(side) if side else None
    if fits:
        refuse_wrong_event(protocol, side=chosen, procedure_id=None)
    else:
        with pytest.raises(BadInput):
            refuse_wrong_event(protocol, side=chosen, procedure_id=None)


@pytest.mark.parametrize(("asked", "given"), [("never", "NGB49"), ("required", None)])
def test_a_procedure_is_named_where_the_protocol_asks_for_it_and_nowhere_else(asked: str, given: str | None) -> None:
    with pytest.raises(BadInput):
        refuse_wrong_event(parse_protocol(spoiled() | {"procedure": asked}), side=None, procedure_id=given)


@pytest.mark.parametrize(
    ("day", "next_day"),
    [
        ("2026-12-24", "2026-12-28"),  # a Thursday: Christmas Eve, two days of Christmas, a Sunday
        ("2026-12-31", "2027-01-04"),
        ("2026-06-19", "2026-06-22"),  # Midsummer Eve
        ("2026-04-03", "2026-04-07"),  # Good Friday to Easter Monday
        ("2026-05-14", "2026-05-15"),  # Ascension Day; the day between is worked
        ("2027-01-06", "2027-01-07"),
        ("2026-11-23", "2026-11-23"),
    ],
)
def test_holidays_and_weekends_are_passed_over(day: str, next_day: str) -> None:
    """Against the Swedish calendar of 2026 and 2027."""
    assert next_working_day(date.fromisoformat(day)) == date.fromisoformat(next_day)


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.integers(0, 20), st.integers(0, 20))
def test_what_is_put_off_opens_before_it_is_due_and_closes_after(anchor: date, opens: int, closes: int) -> None:
    """A7: in winter and in summer it opens at eight and closes at midnight, and keeps its days after the due day."""
    made = spoiled(opens_days_before=opens, closes_days_after=closes, not_on_holidays=True)
    (one,) = all_occasions(parse_protocol(made), anchor)
    assert is_working_day(local_day(one.opens_at))
    assert is_working_day(local_day(one.due_at))
    assert one.opens_at <= one.due_at < one.closes_at
    assert one.opens_at.astimezone(STOCKHOLM).hour == one.due_at.astimezone(STOCKHOLM).hour == 8
    last_day = local_day(one.closes_at - timedelta(minutes=1))
    assert last_day == local_day(one.due_at) + timedelta(days=closes)


def test_easter_monday_at_the_change_to_summer_time_keeps_its_hour() -> None:
    """A7: 2027-03-28 is Easter Sunday and the day on which clocks go forward."""
    (one,) = all_occasions(parse_protocol(spoiled(opens_days_before=0, not_on_holidays=True)), date(2027, 3, 28))
    assert one.opens_at.astimezone(STOCKHOLM).isoformat() == "2027-03-30T08:00:00+02:00"
