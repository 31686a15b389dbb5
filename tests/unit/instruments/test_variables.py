"""What a figure means: plain-language bands, important change, and the catalogue of what is shipped."""

import pytest

from instruments import BandName, Direction, Instrument, Library, Variable, VariableType
from instruments.variables import Bands, bands_between

USUAL, MILD, MODERATE, SEVERE = BandName.USUAL, BandName.MILD, BandName.MODERATE, BandName.SEVERE


def _t(library: Library, id_: str) -> Variable:
    return next(variable for variable in library.latest(id_).variables if variable.name.endswith(".t"))


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (10.0, USUAL),
        (54.9, USUAL),
        (55.0, USUAL),
        (55.04, USUAL),
        (55.06, MILD),
        (55.1, MILD),
        (60.0, MILD),
        (60.1, MODERATE),
        (70.0, MODERATE),
        (70.1, SEVERE),
        (90.0, SEVERE),
    ],
)
def test_a_symptom_on_a_line_belongs_to_the_healthier_band(library: Library, value: float, band: BandName) -> None:
    """As it is printed, with one decimal: nobody sees 55.0 called mild and 55.0 called usual."""
    bands = _t(library, "promis-fatigue").bands
    assert bands is not None
    assert bands.of(value) is band


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (90.0, USUAL),
        (45.0, USUAL),
        (44.96, USUAL),
        (44.94, MILD),
        (44.9, MILD),
        (40.0, MILD),
        (39.9, MODERATE),
        (30.0, MODERATE),
        (29.9, SEVERE),
        (10.0, SEVERE),
    ],
)
def test_a_function_on_a_line_belongs_to_the_healthier_band(library: Library, value: float, band: BandName) -> None:
    bands = _t(library, "promis-physical-function").bands
    assert bands is not None
    assert bands.of(value) is band


def _shipped(library: Library) -> list[tuple[Instrument, Variable]]:
    return [(each, variable) for each in library.instruments.values() for variable in each.variables]


def test_the_bands_of_every_variable_agree_with_its_direction(library: Library) -> None:
    found = 0
    for _, variable in _shipped(library):
        if variable.bands is None:
            continue
        names = [band.name for band in variable.bands.bands]
        worsening = [USUAL, MILD, MODERATE, SEVERE]
        assert variable.bands.higher_is is variable.higher_is
        assert names == (worsening if variable.higher_is is Direction.WORSE else worsening[::-1])
        assert variable.bands.source
        found += 1
    assert found >= 14  # a T-score of each of seven banks, and of each domain of a profile


def test_bands_leave_no_gap(library: Library) -> None:
    for _, variable in _shipped(library):
        if variable.bands is not None:
            bands = variable.bands.bands
            assert (bands[0].low, bands[-1].high) == (None, None)
            assert [band.high for band in bands[:-1]] == [band.low for band in bands[1:]]


def test_every_t_score_tells_its_population_and_its_important_change_with_the_source(library: Library) -> None:
    """B8"""
    for _, variable in _shipped(library):
        if not variable.name.endswith(".t"):
            continue
        assert variable.reference is not None
        assert (variable.reference.mean, variable.reference.standard_deviation) == (50, 10)
        change = variable.important_change
        assert change is not None
        assert 0 < change.low <= change.value <= change.high
        assert change.source
        assert change.doi


def test_every_variable_is_described_and_named_once(library: Library) -> None:
    """B8: a definition, a type and a unit; bounds for numbers; a direction for every score of health."""
    names = [variable.name for _, variable in _shipped(library)]
    assert len(set(names)) == len(names)
    for instrument, variable in _shipped(library):
        assert variable.definition.endswith(".")
        assert variable.unit
        assert (variable.type is VariableType.TEXT) == (variable.minimum is None) == (variable.maximum is None)
        if variable.minimum is not None and variable.maximum is not None:
            assert variable.minimum < variable.maximum
        counted = variable.name.endswith(".n_items") or variable.type is VariableType.TEXT
        assert counted == (variable.higher_is is None), (instrument.id, variable.name)


@pytest.mark.parametrize("higher_is", Direction)
def test_a_scale_of_two_bands_has_one_line(higher_is: Direction) -> None:
    names = [USUAL, SEVERE] if higher_is is Direction.WORSE else [SEVERE, USUAL]
    bands = Bands(bands_between([0.0], names), higher_is, "made up", "")
    assert [bands.of(value) for value in (-0.1, 0.0, 0.1)] == [
        names[0],
        USUAL,
        names[1],
    ]
