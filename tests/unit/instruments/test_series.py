"""Which scores may stand in one series: what D3 forbids to pool never joins."""

from dataclasses import replace

import pytest

from instruments import AnswerValue, Instrument, Library, Provenance, Score, Series, series_of
from tests.unit.instruments.tiny import scores_of

PROVENANCE = Provenance(
    instrument="promis-anxiety",
    instrument_version="1.0",
    form="",
    wording="w1",
    locale="sv",
    respondent="self",
    mode="web",
)
T = "promis_anxiety.t"


def _score(instrument: Instrument, variable: str = T) -> Score:
    given: dict[str, AnswerValue] = dict.fromkeys(list(instrument.items)[:4], 2)
    return scores_of(instrument, given)[variable]


def _series(score: Score, **changes: str) -> Series:
    return series_of(score, replace(PROVENANCE, **changes))


def test_an_adaptive_test_and_a_short_form_of_its_bank_are_one_series(anxiety: Instrument) -> None:
    adaptive = _series(_score(anxiety))
    assert [_series(_score(anxiety.in_form(form.id)), form=form.id) for form in anxiety.short_forms] == [adaptive] * 4


@pytest.mark.parametrize("change", [{"locale": "en"}, {"mode": "paper"}, {"wording": "w2"}])
def test_language_wording_and_mode_are_recorded_and_keep_none_apart(
    anxiety: Instrument, change: dict[str, str]
) -> None:
    """C3: scored alike."""
    assert _series(_score(anxiety), **change) == _series(_score(anxiety))


@pytest.mark.parametrize(
    "change", [{"instrument": "promis-29"}, {"instrument_version": "1.1"}, {"respondent": "proxy"}]
)
def test_another_instrument_version_or_respondent_never_joins(anxiety: Instrument, change: dict[str, str]) -> None:
    """D3, C5"""
    assert _series(_score(anxiety), **change) != _series(_score(anxiety))


@pytest.mark.parametrize(
    "change",
    [
        {"variable": "promis_anxiety.theta"},
        {"method": "promis-anxiety bank 1.1"},
        {"method_hash": "sha256:0"},
        {"algorithm": "pattern-eap/2"},
    ],
)
def test_another_variable_bank_or_algorithm_never_joins(anxiety: Instrument, change: dict[str, str]) -> None:
    """D3"""
    assert _series(replace(_score(anxiety), **change)) != _series(_score(anxiety))


def test_another_value_set_never_joins(library: Library) -> None:
    """D3: the index tells its set by name and by content; a profile is a profile under any set."""
    three, five = library.latest("eq5d-3l"), library.latest("eq5d-5l")
    index, other = _score(five, "eq5d5l.index"), _score(three, "eq5d3l.index")
    assert index.method != other.method
    assert index.method_hash != other.method_hash
    renamed = replace(index, method=other.method, method_hash=other.method_hash)
    assert _series(renamed) != _series(index)


def test_a_domain_of_a_profile_is_not_the_bank_itself(library: Library, anxiety: Instrument) -> None:
    """The same T by the same bank, but of another instrument and variable."""
    profile = library.latest("promis-29")
    score = scores_of(profile, dict.fromkeys(anxiety.in_form("4a").items, 2))["promis_29.anxiety.t"]
    assert score.method == _score(anxiety).method
    assert _series(score, instrument="promis-29", instrument_version="2.1") != _series(_score(anxiety))
