"""Computerised adaptive testing on calibrated item banks: what to ask next, and when to stop.

A pure numpy library. It knows nothing of wording, people, storage or time; the callers hold those. Beyond what is named
here, each decision has its module: `exposure`, `constraints`, `overlays`, `fixed_form`, `summed_score`, `person_fit`,
`simulation`, `report` and `calibration`.
"""

from cat_engine.adaptive_test import AdaptiveTest, AnswerError, Ask, Stop
from cat_engine.bank import ItemBank
from cat_engine.estimation import STANDARD_NORMAL, Estimate, Grid, NormalPrior, carried_over
from cat_engine.estimators import (
    EAP,
    ESTIMATORS,
    Estimator,
    ExpectedAPosteriori,
    MaximumAPosteriori,
    MaximumLikelihood,
    WeightedLikelihood,
)
from cat_engine.items import BankError, GradedItem, Model, PartialCreditItem
from cat_engine.selection import Criterion
from cat_engine.stopping import (
    PROMIS_ADULT,
    PROMIS_PAEDIATRIC,
    PROMIS_RECOMMENDED,
    PROMIS_SCREEN,
    PROMIS_SCREEN_FUNCTION,
    RULES,
    Extreme,
    PredictedReduction,
    StoppingRule,
    StopReason,
)

__all__ = [
    "EAP",
    "ESTIMATORS",
    "PROMIS_ADULT",
    "PROMIS_PAEDIATRIC",
    "PROMIS_RECOMMENDED",
    "PROMIS_SCREEN",
    "PROMIS_SCREEN_FUNCTION",
    "RULES",
    "STANDARD_NORMAL",
    "AdaptiveTest",
    "AnswerError",
    "Ask",
    "BankError",
    "Criterion",
    "Estimate",
    "Estimator",
    "ExpectedAPosteriori",
    "Extreme",
    "GradedItem",
    "Grid",
    "ItemBank",
    "MaximumAPosteriori",
    "MaximumLikelihood",
    "Model",
    "NormalPrior",
    "PartialCreditItem",
    "PredictedReduction",
    "Stop",
    "StopReason",
    "StoppingRule",
    "WeightedLikelihood",
    "carried_over",
]
