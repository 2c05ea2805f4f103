"""Which metric predicts an outcome, how sure that is, and what it predicts for a model whose outcome is not known."""

from harness.outcomes.correlations import Correlation, Tests
from harness.outcomes.figures import Feature, Figures
from harness.outcomes.prediction import Prediction, Skill
from harness.outcomes.quantiles import QuantileCurve
from harness.outcomes.report import Question, Report, answer
from harness.outcomes.table import OutcomeTable, OutcomeValue, read_outcomes

__all__ = [
    "Correlation",
    "Feature",
    "Figures",
    "OutcomeTable",
    "OutcomeValue",
    "Prediction",
    "QuantileCurve",
    "Question",
    "Report",
    "Skill",
    "Tests",
    "answer",
    "read_outcomes",
]
