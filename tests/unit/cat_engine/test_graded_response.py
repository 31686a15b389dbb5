"""Facts of the graded response model that hold for every item."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cat_engine.graded_response import information, log_probabilities

POINTS = np.linspace(-4, 4, 81)


@st.composite
def parameters(draw: st.DrawFn) -> tuple[float, np.ndarray]:
    slope = draw(st.floats(0.05, 8))
    first = draw(st.floats(-6, 4))
    steps = draw(st.lists(st.floats(0.001, 3), min_size=0, max_size=4))
    return slope, np.cumsum([first, *steps])


@given(parameters())
def test_category_probabilities_sum_to_one(item: tuple[float, np.ndarray]) -> None:
    probabilities = np.exp(log_probabilities(*item, POINTS))
    np.testing.assert_allclose(probabilities.sum(axis=0), 1, rtol=0, atol=1e-12)


@given(parameters())
def test_information_is_finite_and_never_negative(item: tuple[float, np.ndarray]) -> None:
    values = information(*item, POINTS)
    assert np.isfinite(values).all()
    assert (values >= 0).all()


@given(parameters())
def test_information_is_the_expected_squared_slope_of_the_log_likelihood(
    item: tuple[float, np.ndarray],
) -> None:
    step = 1e-5
    slope_of_log = (log_probabilities(*item, POINTS + step) - log_probabilities(*item, POINTS - step)) / (2 * step)
    expected = (np.exp(log_probabilities(*item, POINTS)) * slope_of_log**2).sum(axis=0)
    np.testing.assert_allclose(information(*item, POINTS), expected, rtol=1e-4, atol=1e-7)


def test_a_two_category_item_is_the_two_parameter_logistic_model() -> None:
    upper = np.exp(log_probabilities(1.7, np.array([0.4]), POINTS))[1]
    np.testing.assert_allclose(upper, 1 / (1 + np.exp(-1.7 * (POINTS - 0.4))), rtol=1e-12)


@pytest.mark.parametrize("theta", [-400.0, 400.0])
def test_far_out_the_logarithms_stay_finite(theta: float) -> None:
    log_p = log_probabilities(7.0, np.array([-1.0, 0.0, 1.0, 2.0]), np.array([theta]))
    assert np.isfinite(log_p).all()
