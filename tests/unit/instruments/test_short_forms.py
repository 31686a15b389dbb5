"""Short forms of the banks, for paper, letter and telephone, and the profiles that are made of them."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cat_engine import ItemBank
from cat_engine.fixed_form import FixedForm
from cat_engine.summed_score import SUMMED_SCORE_GRID, summed_score_table
from instruments import AnswerKind, AnswerValue, Instrument, Library, UnknownInstrument
from instruments.declared import BankRule
from instruments.definition import ScoresDeclared
from tests.unit.instruments.test_promis_scoring import BANKS
from tests.unit.instruments.tiny import scores_of

SKIPPED = AnswerKind.SKIPPED
Given = dict[str, AnswerValue | AnswerKind]

# As the reference names the domains.
DOMAINS = {
    "Depression": "promis-depression",
    "Anxiety": "promis-anxiety",
    "Fatigue": "promis-fatigue",
    "Pain Interference": "promis-pain-interference",
    "Ability to Participate": "promis-social-participation",
    "Physical Function": "promis-physical-function",
    "Sleep Disturbance": "promis-sleep-disturbance",
}
PROFILES = {"promis-29": "PROMIS-29 v2.1", "promis-43": "PROMIS-43 v2.1", "promis-57": "PROMIS-57 v2.1"}
# The rating of pain belongs to no bank.
PAIN_INTENSITY = "Global07"


def _published(folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    with (folder / "short_forms.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield row["form"], tuple(row["item_ids"].split())


def _t(instrument: Instrument) -> str:
    return next(variable.name for variable in instrument.variables if variable.name.endswith(".t"))


def _bank(instrument: Instrument) -> ItemBank:
    return instrument.adaptive_test().bank


def _bank_rules(profile: Instrument) -> list[BankRule]:
    declared = profile.definition.scoring
    assert isinstance(declared, ScoresDeclared)
    return [rule for rule in declared.rules if isinstance(rule, BankRule)]


@pytest.mark.parametrize(("domain", "bank"), DOMAINS.items())
def test_the_short_forms_are_the_published_ones_in_their_order(
    library: Library, promis_reference: Path, domain: str, bank: str
) -> None:
    start = f"PROMIS {domain} "
    published = {form.removeprefix(start): ids for form, ids in _published(promis_reference) if form.startswith(start)}
    assert {form.id: form.items for form in library.latest(bank).short_forms} == published


@pytest.mark.parametrize(("profile", "start"), PROFILES.items())
def test_a_profile_asks_the_published_items_of_every_domain(
    library: Library, promis_reference: Path, profile: str, start: str
) -> None:
    published = {form: ids for form, ids in _published(promis_reference) if form.startswith(start)}
    published.pop(f"{start} Pain Intensity", None)
    instrument = library.latest(profile)
    rules = {f"{start} {domain}": rule for domain in DOMAINS for rule in _bank_rules(instrument) if _of(rule, domain)}
    assert {form: rule.items for form, rule in rules.items()} == published
    assert {*instrument.items} == {PAIN_INTENSITY, *(item for ids in published.values() for item in ids)}


def _of(rule: BankRule, domain: str) -> bool:
    return rule.instrument == DOMAINS[domain]


@pytest.mark.parametrize("bank", BANKS)
def test_every_bank_names_one_of_its_forms_for_paper(library: Library, bank: str) -> None:
    instrument = library.latest(bank)
    form = instrument.in_form(instrument.paper_form)
    assert (form.id, form.version, form.form) == (bank, instrument.version, instrument.paper_form)
    assert form.estimated_questions == (len(form.items), len(form.items))
    assert form.bank_hash == instrument.bank_hash


@pytest.mark.parametrize("bank", BANKS)
def test_a_form_is_scored_by_response_pattern_on_its_bank(library: Library, bank: str) -> None:
    """Every form of the bank, with uneven answers: the engine's own estimate for the form."""
    instrument = library.latest(bank)
    for declared in instrument.short_forms:
        categories = [_bank(instrument).items[_bank(instrument).index[item]].categories for item in declared.items]
        codes = {item: 1 + n % count for n, (item, count) in enumerate(zip(declared.items, categories, strict=True))}
        estimate = FixedForm(bank=_bank(instrument), items=declared.items).score(codes)
        scores = scores_of(instrument.in_form(declared.id), dict(codes))
        t = scores[_t(instrument)]
        assert (t.value, t.standard_error) == (round(estimate.t, 6), round(estimate.t_se, 6))
        prefix = _t(instrument).removesuffix(".t")
        assert scores[f"{prefix}.stop_reason"].text == "fixed_form"
        assert scores[f"{prefix}.n_items"].value == len(declared.items)


def test_a_missing_answer_is_allowed_and_makes_the_score_less_certain(anxiety: Instrument) -> None:
    form = anxiety.in_form("4a")
    whole = scores_of(form, dict.fromkeys(form.items, 3))["promis_anxiety.t"]
    given: Given = {**dict.fromkeys(form.items, 3), "EDANX53": SKIPPED}
    without = scores_of(form, given)
    assert without["promis_anxiety.t"].standard_error is not None
    assert whole.standard_error is not None
    assert without["promis_anxiety.t"].standard_error > whole.standard_error
    assert without["promis_anxiety.n_items"].value == 3


def test_a_form_without_a_single_answer_has_no_score(anxiety: Instrument) -> None:
    form = anxiety.in_form("4a")
    scores = scores_of(form, dict.fromkeys(form.items, SKIPPED))
    assert scores["promis_anxiety.t"].missing_reason == "no_answers"
    assert scores["promis_anxiety.stop_reason"].text == "fixed_form"


# The published tables begin and end with these (PROMIS scoring manuals, Depression 8a and Fatigue 4a). Only one pattern
# gives the lowest sum, and one the highest: there pattern and sum must agree.
ANCHORS = [("promis-depression", "8a", "38.2", "81.3"), ("promis-fatigue", "4a", "33.7", "75.8")]


@pytest.mark.parametrize(("bank", "form", "lowest", "highest"), ANCHORS)
def test_all_lowest_and_all_highest_answers_meet_the_ends_of_the_published_table(
    library: Library, bank: str, form: str, lowest: str, highest: str
) -> None:
    """To the printed decimal on the manuals' grid (-4.5 to 4.5); within 0.2 on the adaptive grid, which ends at 4."""
    instrument = library.latest(bank)
    items = next(each.items for each in instrument.short_forms if each.id == form)
    manual = FixedForm(bank=ItemBank(_bank(instrument).items, SUMMED_SCORE_GRID), items=items)
    for code, printed in ((1, lowest), (5, highest)):
        assert f"{manual.score(dict.fromkeys(items, code)).t:.1f}" == printed
        t = scores_of(instrument.in_form(form), dict.fromkeys(items, code))[_t(instrument)].value
        assert t == pytest.approx(float(printed), abs=0.2)


@pytest.mark.parametrize(
    ("name", "bank", "form"),
    [("Depression_8a", "promis-depression", "8a"), ("Fatigue_4a", "promis-fatigue", "4a")],
)
def test_the_shipped_form_has_the_published_table_of_summed_scores(
    library: Library, promis_reference: Path, name: str, bank: str, form: str
) -> None:
    with (promis_reference / "raw_to_t.csv").open(encoding="utf-8", newline="") as lines:
        published = {int(row["raw"]): row["T"] for row in csv.DictReader(lines) if row["form"] == name}
    instrument = library.latest(bank)
    items = next(each.items for each in instrument.short_forms if each.id == form)
    table = {line.raw: line.estimate.t for line in summed_score_table(_bank(instrument), items)}
    assert {raw: f"{t:.1f}" for raw, t in table.items()} == published


@given(st.lists(st.sampled_from((SKIPPED, 1, 2, 3, 4, 5)), min_size=4, max_size=4))
def test_promis_29_gives_each_domain_the_t_of_the_banks_own_form(
    library: Library, codes: list[int | AnswerKind]
) -> None:
    profile = library.latest("promis-29")
    for rule in _bank_rules(profile):
        form = library.latest(rule.instrument).in_form("4a")
        assert set(form.items) == set(rule.items)
        given: Given = dict(zip(rule.items, codes, strict=True))
        ours, theirs = scores_of(profile, given)[rule.variable], scores_of(form, given)[_t(form)]
        assert (ours.value, ours.standard_error) == (theirs.value, theirs.standard_error)
        assert (ours.method, ours.method_hash, ours.algorithm) == (theirs.method, theirs.method_hash, theirs.algorithm)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_scored_by_response_pattern_with_an_answer_missing(library: Library, profile: str) -> None:
    instrument = library.latest(profile)
    for rule in _bank_rules(instrument):
        codes = {item: 1 + n % 5 for n, item in enumerate(rule.items[1:])}
        estimate = FixedForm(bank=_bank(library.latest(rule.instrument)), items=rule.items).score(codes)
        t = scores_of(instrument, {rule.items[0]: SKIPPED, **codes})[rule.variable]
        assert (t.value, t.standard_error) == (round(estimate.t, 6), round(estimate.t_se, 6))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_rates_pain_from_none_to_the_worst_and_is_given_whole(library: Library, profile: str) -> None:
    instrument = library.latest(profile)
    (rating,) = [variable.name for variable in instrument.variables if variable.name.endswith(".pain_intensity")]
    found = [scores_of(instrument, {PAIN_INTENSITY: code})[rating].value for code in range(11)]
    assert found == list(range(11))
    assert not instrument.adaptive


@pytest.mark.parametrize(
    ("id_", "form"), [("promis-anxiety", "99z"), ("eq5d-5l", "4a"), ("prem-visit", "4a"), ("promis-29", "4a")]
)
def test_a_form_that_is_none_is_refused(library: Library, id_: str, form: str) -> None:
    instrument = library.latest(id_)
    with pytest.raises(UnknownInstrument, match=f"has no form '{form}'"):
        library.get(id_, instrument.version, form)
    assert instrument.in_form("") is instrument
