"""Which way a score runs: the healthiest printed options give the healthiest T, whatever way an item is printed.

The healthiest option of an item is found from what a respondent reads, in English: from its labels, and from whether
the question asks about something good or about trouble. Codes and names of option sets play no part in that.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import Direction, Instrument, Item, Library, SingleChoice, Variable
from tests.unit.instruments.test_promis_scoring import BANKS
from tests.unit.instruments.test_short_forms import PROFILES
from tests.unit.instruments.tiny import scores_of
from translations.catalogue import InstrumentWording, load_wordings

# Labels that are good or bad by themselves: healthiest, unhealthiest.
GOOD_AND_BAD = [
    ("It does not hold me back", "It stops me completely"),
    ("It is easy", "It is not possible for me"),
    ("All of it", "None of it"),
    ("Really good", "Really bad"),
    ("I had none", "Very strong"),
    ("0 – no pain at all", "10 – as bad as pain can be"),
]
# Labels of how much or how often: least, most. Which of them is healthy depends on what is asked about.
LEAST_AND_MOST = [
    ("Not once", "Nearly all the time"),
    ("Not even a little", "A huge amount"),
    ("Not in the least", "To a very large degree"),
    ("On no day", "On all seven days"),
]
# What is good to have much of, as its questions put it. Every other question asks about trouble.
SOMETHING_GOOD = [
    "the strength for really hard exercise",
    "strength left for something fun",
    "plenty of energy",
    "energy has your mind had",
    "energy have you had",
    "filled with energy",
    "energy has been there for you",
    "of what you usually do have you managed",
    "been a real rest",
    "slept deeply",
    "slept as much as you needed",
    "been content with the way you slept",
    "given you new energy",
    "sleep come easily",
]

# What a high T means, by the name of the concept.
HIGHER_IS = {
    "anxiety": Direction.WORSE,
    "depression": Direction.WORSE,
    "fatigue": Direction.WORSE,
    "pain_interference": Direction.WORSE,
    "sleep_disturbance": Direction.WORSE,
    "physical_function": Direction.BETTER,
    "social_participation": Direction.BETTER,
}

Ends = tuple[int, int]


@pytest.fixture(scope="module")
def english(library: Library) -> Mapping[str, InstrumentWording]:
    return {wording.instrument: wording for wording in load_wordings(library) if wording.locale == "en"}


def _ends(item: Item, wording: InstrumentWording) -> Ends:
    """The codes of the healthiest and of the unhealthiest option, as a reader of the question finds them."""
    assert isinstance(item.question, SingleChoice)
    option_set = item.question.option_set
    codes = {wording.texts[f"option:{option_set}:{code}"]: code for code in item.question.options}
    for healthiest, unhealthiest in GOOD_AND_BAD:
        if {healthiest, unhealthiest} <= codes.keys():
            return codes[healthiest], codes[unhealthiest]
    least, most = next(pair for pair in LEAST_AND_MOST if codes.keys() >= {*pair})
    good = any(phrase in wording.texts[f"item:{item.id}"] for phrase in SOMETHING_GOOD)
    return (codes[most], codes[least]) if good else (codes[least], codes[most])


def _worded(instrument: Instrument, wording: InstrumentWording) -> dict[str, Ends]:
    """The ends of every item that has wording; the others are never asked."""
    return {
        item.id: _ends(item, wording)
        for item in instrument.items.values()
        if f"item:{item.id}" in wording.texts and isinstance(item.question, SingleChoice)
    }


def _t_of(instrument: Instrument) -> Variable:
    return next(variable for variable in instrument.variables if variable.name.endswith(".t"))


def _health(instrument: Instrument, codes: Mapping[str, int], variable: Variable) -> float:
    """A value that is greater the healthier the answers are."""
    value = scores_of(instrument, dict(codes))[variable.name].value
    assert value is not None
    return value if HIGHER_IS[_concept(variable)] is Direction.BETTER else -value


def _concept(variable: Variable) -> str:
    return variable.name.removesuffix(".t").rpartition(".")[2].removeprefix("promis_")


@pytest.mark.parametrize("bank", BANKS)
def test_the_healthiest_option_throughout_gives_the_healthiest_t(
    library: Library, english: Mapping[str, InstrumentWording], bank: str
) -> None:
    """D2: no other answer to any one item is healthier, nor is any less healthy than the opposite options."""
    instrument, variable = library.latest(bank), _t_of(library.latest(bank))
    ends = _worded(instrument, english[bank])
    best = {item: healthiest for item, (healthiest, _) in ends.items()}
    worst = {item: unhealthiest for item, (_, unhealthiest) in ends.items()}
    health, ill_health = (_health(instrument, codes, variable) for codes in (best, worst))
    assert health - ill_health > 40
    for item in ends:
        question = instrument.items[item].question
        assert isinstance(question, SingleChoice)
        for code in question.options:
            assert _health(instrument, best | {item: code}, variable) <= health
            assert _health(instrument, worst | {item: code}, variable) >= ill_health


@pytest.mark.parametrize("bank", BANKS)
def test_each_item_by_itself_is_healthier_from_option_to_option_as_printed(
    library: Library, english: Mapping[str, InstrumentWording], bank: str
) -> None:
    """Answering that item alone: T runs one way through the printed options, from one end to the other."""
    instrument, variable = library.latest(bank), _t_of(library.latest(bank))
    for item, (healthiest, unhealthiest) in _worded(instrument, english[bank]).items():
        question = instrument.items[item].question
        assert isinstance(question, SingleChoice)
        printed = [_health(instrument, {item: code}, variable) for code in question.options]
        assert {question.options[0], question.options[-1]} == {healthiest, unhealthiest}
        assert printed == sorted(printed, reverse=question.options[0] == healthiest)
        assert len(set(printed)) == len(printed)


@given(st.data())
def test_no_answers_to_a_short_form_are_healthier_than_the_healthiest(
    library: Library, english: Mapping[str, InstrumentWording], data: st.DataObject
) -> None:
    bank = data.draw(st.sampled_from(sorted(BANKS)))
    whole = library.latest(bank)
    form = whole.in_form(data.draw(st.sampled_from([each.id for each in whole.short_forms])))
    ends = _worded(form, english[bank])
    codes = {item: data.draw(st.sampled_from(form.items[item].question.options)) for item in ends}
    best, worst = ({item: pair[end] for item, pair in ends.items()} for end in (0, 1))
    variable = _t_of(form)
    assert _health(form, worst, variable) <= _health(form, codes, variable) <= _health(form, best, variable)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_healthiest_options_of_a_profile_give_the_healthiest_t_in_every_domain(
    library: Library, english: Mapping[str, InstrumentWording], profile: str
) -> None:
    instrument = library.latest(profile)
    ends = _worded(instrument, english[profile])
    assert len(ends) == len(instrument.items)
    best, worst = ({item: pair[end] for item, pair in ends.items()} for end in (0, 1))
    domains = [variable for variable in instrument.variables if variable.name.endswith(".t")]
    assert {_concept(variable) for variable in domains} == set(HIGHER_IS)
    for variable in domains:
        assert _health(instrument, best, variable) - _health(instrument, worst, variable) > 20


def test_every_question_about_something_good_is_found_and_none_twice(
    library: Library, english: Mapping[str, InstrumentWording]
) -> None:
    """So that the table above is neither too wide nor out of date."""
    for phrase in SOMETHING_GOOD:
        found = [
            f"{bank} {context}"
            for bank in BANKS
            for context, text in english[bank].texts.items()
            if context.startswith("item:") and phrase in text
        ]
        assert len(found) == 1, (phrase, found)


@pytest.mark.parametrize("bank", BANKS)
def test_the_printed_order_is_the_one_on_record(library: Library, promis_reference: Path, bank: str) -> None:
    """The reference marks the items whose printed order begins with the highest code."""
    concepts = promis_reference / f"concepts_{bank.removeprefix('promis-').replace('-', '_')}.csv"
    rows = [line.split(",") for line in concepts.read_text(encoding="utf-8").splitlines()[1:]]
    descending = {row[0] for row in rows if row[-2] == "-"}
    found = {
        item.id
        for item in library.latest(bank).items.values()
        if isinstance(item.question, SingleChoice) and item.question.options[0] > item.question.options[-1]
    }
    assert found == descending


@pytest.mark.parametrize("id_", [*BANKS, *PROFILES])
def test_the_catalogue_says_the_same_direction(library: Library, id_: str) -> None:
    """B8"""
    for variable in library.latest(id_).variables:
        if variable.name.endswith(".t"):
            assert variable.higher_is is HIGHER_IS[_concept(variable)]
            assert ("(worse)" in variable.definition) == (variable.higher_is is Direction.WORSE)
