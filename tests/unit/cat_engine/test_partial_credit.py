"""Facts of the partial credit models that hold for every item, and of the derivatives of either model."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cat_engine import graded_response, partial_credit

POINTS = np.linspace(-4, 4, 81)
MODELS = [graded_response, partial_credit]


@st.composite
def parameters(draw: st.DrawFn) -> tuple[float, np.ndarray]:
    slope = draw(st.floats(0.05, 7))
    steps = draw(st.lists(st.floats(0.01, 3), min_size=1, max_size=5))
    return slope, np.cumsum(steps) - draw(st.floats(0, 8))


@given(parameters(), st.randoms(use_true_random=False))
def test_category_probabilities_sum_to_one_with_steps_in_any_order(item: tuple[float, np.ndarray], rng: object) -> None:
    slope, steps = item
    shuffled = np.array(steps)
    rng.shuffle(shuffled)
    probabilities = np.exp(partial_credit.log_probabilities(slope, shuffled, POINTS))
    np.testing.assert_allclose(probabilities.sum(axis=0), 1, rtol=0, atol=1e-12)


@given(parameters())
def test_information_is_finite_and_never_negative(item: tuple[float, np.ndarray]) -> None:
    values = partial_credit.information(*item, POINTS)
    assert np.isfinite(values).all()
    assert (values >= 0).all()


@pytest.mark.parametrize("model", MODELS)
@given(item=parameters())
def test_information_is_the_expected_squared_derivative_and_minus_the_expected_second(
    model: ModuleType, item: tuple[float, np.ndarray]
) -> None:
    probabilities = np.exp(model.log_probabilities(*item, POINTS))
    first, second = model.derivatives(*item, POINTS)
    information = model.information(*item, POINTS)
    np.testing.assert_allclose((probabilities * first**2).sum(axis=0), information, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(-(probabilities * second).sum(axis=0), information, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("model", MODELS)
@given(item=parameters())
def test_the_derivatives_are_those_of_the_log_probabilities(model: ModuleType, item: tuple[float, np.ndarray]) -> None:
    step = 1e-5
    low, high = (model.log_probabilities(*item, POINTS + sign * step) for sign in (-1, 1))
    first, second = model.derivatives(*item, POINTS)
    np.testing.assert_allclose((high - low) / (2 * step), first, rtol=1e-5, atol=1e-6)
    before, after = (model.derivatives(*item, POINTS + sign * step)[0] for sign in (-1, 1))
    np.testing.assert_allclose((after - before) / (2 * step), second, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_two_categories_are_the_two_parameter_logistic_model(model: ModuleType) -> None:
    upper = np.exp(model.log_probabilities(1.7, np.array([0.4]), POINTS))[1]
    np.testing.assert_allclose(upper, 1 / (1 + np.exp(-1.7 * (POINTS - 0.4))), rtol=1e-12)


def test_the_probabilities_of_three_categories_are_those_worked_out_by_hand() -> None:
    # a = 1, steps -1 and 1, theta 0: z = 0, 1, 0.
    found = np.exp(partial_credit.log_probabilities(1.0, np.array([-1.0, 1.0]), np.array([0.0])))[:, 0]
    np.testing.assert_allclose(found, np.exp([0, 1, 0]) / np.exp([0, 1, 0]).sum(), rtol=1e-14)


@pytest.mark.parametrize("model", MODELS)
def test_a_stack_of_items_is_each_item_alone(model: ModuleType) -> None:
    slopes, thresholds = np.array([0.7, 3.0]), np.array([[-1.0, 0.2, 1.0], [-2.0, 0.0, 0.5]])
    stacked = model.log_probabilities(slopes, thresholds, POINTS)
    for row in range(2):
        np.testing.assert_array_equal(stacked[row], model.log_probabilities(slopes[row], thresholds[row], POINTS))
