"""Computerised adaptive testing on calibrated item banks: what to ask next, and when to stop.

A pure numpy library. It knows nothing of wording, people, storage or time; the callers hold those.
"""

from cat_engine.adaptive_test import AdaptiveTest, AnswerError, Ask, Stop
from cat_engine.bank import BankError, GradedItem, ItemBank
from cat_engine.estimation import STANDARD_NORMAL, Estimate, Grid, NormalPrior
from cat_engine.stopping import PROMIS_ADULT, RULES, StoppingRule, StopReason

__all__ = [
    "PROMIS_ADULT",
    "RULES",
    "STANDARD_NORMAL",
    "AdaptiveTest",
    "AnswerError",
    "Ask",
    "BankError",
    "Estimate",
    "GradedItem",
    "Grid",
    "ItemBank",
    "NormalPrior",
    "Stop",
    "StopReason",
    "StoppingRule",
]
