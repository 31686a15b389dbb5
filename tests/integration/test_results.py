"""What patients and staff are told of a result: what is true of it, and no more."""

from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask

from tests.integration.sittings import Sitting, sit_down
from tests.world import World

NO_DIAGNOSIS = "It is not a diagnosis."

Done = Callable[..., tuple[str, str]]


@pytest.fixture
def done(world: World, app: Flask) -> Done:
    """Answer instruments, every choice with ``code``: the patient's last page, and the unit's of the first response."""

    def answer(*instruments: str, code: int) -> tuple[str, str]:
        sitting = sit_down(world, app, *instruments, language="en")
        first = sitting.session_id
        while not sitting.address.endswith("/done"):
            _send(sitting, str(code))
        patients = unescape(sitting.visitor.get(sitting.address).get_data(as_text=True))
        return patients, sitting.staff_page(sitting.response_id(first))

    return answer


def _send(sitting: Sitting, code: str) -> None:
    if sitting.send(value=code).status_code != 303:
        assert sitting.send(skip="1").status_code == 303


def test_a_patient_is_not_told_the_percentage_that_only_a_group_has(done: Done) -> None:
    """C4, D5: of one person, the top two boxes are 0 or 100 and say nothing."""
    page, staff = done("prem-overall", code=5)
    assert "5 on a scale from 1 to 5" in page
    assert "best answers" not in page
    assert "prem_overall.top_two" in staff


@pytest.mark.parametrize(
    ("instruments", "told"),
    [(("prem-overall",), False), (("promis-anxiety",), True), (("prem-overall", "promis-anxiety"), True)],
    ids=["experience", "outcome", "both"],
)
def test_only_an_outcome_is_told_as_how_the_patient_was(done: Done, instruments: tuple[str, ...], told: bool) -> None:
    """D5: an experience of care is no diagnosis to begin with."""
    page, _staff = done(*instruments, code=2)
    assert "Your result" in page
    assert (NO_DIAGNOSIS in page) is told


def test_staff_read_which_way_is_better_and_what_change_matters_beside_a_t_score(done: Done) -> None:
    """C4: anxiety is worse with a higher figure; the estimates are those of the definition."""
    _page, staff = done("promis-anxiety", code=2)
    beside = staff.partition("</figure>")[2].partition("<table>")[0]
    assert "En lägre siffra är bättre." in beside
    assert "Minsta viktiga förändring: 3 (publicerade uppskattningar: 2 till 6)." in beside


def test_staff_read_which_way_is_better_of_a_score_without_a_change_that_matters(done: Done) -> None:
    _page, staff = done("prem-overall", code=4)
    assert "En högre siffra är bättre." in staff
    assert "Minsta viktiga förändring" not in staff
