"""Whether catpie, a translation of the R package catR, comes to the same estimates and the same items as this engine.

`make bench` runs it. Items have two categories, catpie's only model; ours are graded and partial credit by turns.
"""

import random

from benchmarks.peers import installed_version
from cat_engine import (
    ESTIMATORS,
    PROMIS_ADULT,
    AdaptiveTest,
    Ask,
    Criterion,
    GradedItem,
    ItemBank,
    PartialCreditItem,
)

ESTIMATES = {"eap": "EAP", "map": "BM", "mle": "ML", "wle": "WL"}
CHOICES = {Criterion.MPWI: "MPWI", Criterion.KL: "KLP", Criterion.MFI: "MFI"}
GRID = (-4, 4, 81)
BANKS, ITEMS, ASKED = 100, 15, 5


def main() -> None:
    """Print the largest differences, and how often the same item is chosen."""
    release = installed_version("catpie")
    if release is None:
        print("catpie is not installed")
        return
    differences = dict.fromkeys(ESTIMATES, (0.0, 0.0))
    agreed = dict.fromkeys(CHOICES, 0)
    rng = random.Random(1)
    for number in range(BANKS):
        model = GradedItem if number % 2 else PartialCreditItem
        parameters = [(rng.uniform(0.6, 2.5), rng.uniform(-2, 2)) for _ in range(ITEMS)]
        bank = ItemBank(tuple(model(f"i{n:02}", slope, (b,)) for n, (slope, b) in enumerate(parameters)))
        answers = [1, 0] + [rng.randint(0, 1) for _ in range(ITEMS - 2)]
        for name, (theta, se) in _differences(bank, answers).items():
            differences[name] = max(differences[name][0], theta), max(differences[name][1], se)
        for criterion in CHOICES:
            agreed[criterion] += _agree(bank, answers, criterion)
    print(f"\nAgreement with catpie {release}: {BANKS} banks of {ITEMS} items of two categories")
    for name, (theta, se) in differences.items():
        print(f"  {name:<5} theta within {theta:.1e}, SE within {se:.1e}")
    for criterion, count in agreed.items():
        print(f"  {criterion.value:<5} the same item in {count} of {BANKS}")


def _differences(bank: ItemBank, answers: list[int]) -> dict[str, tuple[float, float]]:
    import catpie

    found = {}
    for name, method in ESTIMATES.items():
        theta, se = catpie.estimateTheta(_catpie(bank), range(ITEMS), answers, method=method, parInt=GRID)
        ours = AdaptiveTest(bank, PROMIS_ADULT, estimator=ESTIMATORS[name]).estimate(_given(bank, answers))
        # catpie holds estimates within -4 to 4, where ours are held by fences further out.
        if abs(theta) < 3:
            found[name] = abs(theta - ours.theta), abs(se - ours.se)
    return found


def _agree(bank: ItemBank, answers: list[int], criterion: Criterion) -> bool:
    import catpie

    asked, given = list(range(ASKED)), answers[:ASKED]
    items = _catpie(bank)
    theta, _ = catpie.estimateTheta(items, asked, given, parInt=GRID)
    generator = random.Random(1)
    chosen = catpie.nextItem(
        items, theta, asked, criterion=CHOICES[criterion], x=given, parInt=GRID, rng=generator
    ).item
    ours = AdaptiveTest(bank, PROMIS_ADULT, criterion=criterion).next(_given(bank, given))
    return isinstance(ours, Ask) and ours.item_id == bank.item_ids[chosen]


def _catpie(bank: ItemBank) -> list[tuple[float, float, float, float]]:
    return [(item.slope, item.thresholds[0], 0.0, 1.0) for item in bank.items]


def _given(bank: ItemBank, answers: list[int]) -> dict[str, int | None]:
    return {item_id: answer + 1 for item_id, answer in zip(bank.item_ids, answers, strict=False)}


if __name__ == "__main__":
    main()
