"""Routers: which of several models should answer a question, judged on matrices of outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.routing"


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kind whose rows are questions and whose columns are models."""
    register("routing", f"{_HERE}.task:Routing", description="which of several models answers a question right")


@hookimpl
def register_models(register: Register) -> None:
    """Register the routers."""
    register("random-router", f"{_HERE}.unread:RandomRouter", offers=("route",), description="a seeded random number")
    register(
        "oracle-router",
        f"{_HERE}.looking:OracleRouter",
        offers=("route",),
        description="no router: looks at the outcomes, and chooses a best model of every question",
    )
    register(
        "best-on-test-router",
        f"{_HERE}.looking:BestOnTestRouter",
        offers=("route",),
        description="no router: looks at the outcomes, and always chooses the best model of the evaluated split",
    )
    register(
        "average-router",
        f"{_HERE}.combined:AverageRouter",
        offers=("route",),
        description="mean of several routers' predictions: routers=[[MODEL],[MODEL]]",
    )
    for name, (reference, description, _) in _TRAINED.items():
        register(
            name,
            f"{_HERE}.{reference}",
            offers=("route",),
            description=f"predicts {description} (path= where it was trained)",
        )


@hookimpl
def register_trainers(register: Register) -> None:
    """Register the trainers of the routers."""
    for name, (reference, _, description) in _TRAINED.items():
        register(name, f"{_HERE}.{reference}Trainer", model=name, description=description)


_TRAINED = {
    "constant-router": (
        "unread:ConstantRouter",
        "each model's mean, whatever the question",
        "takes each model's mean outcome: the router that always chooses the best of them",
    ),
    "category-router": (
        "unread:CategoryRouter",
        "each model's mean in the question's category",
        "takes each model's mean outcome in each category, without reading a question",
    ),
    "length-router": (
        "unread:LengthRouter",
        "from the question's length alone",
        "fits logistic regression on the question's length",
    ),
    "neighbour-router": (
        "over_embedder:NeighbourRouter",
        "the mean outcome of the nearest train questions",
        "keeps the train questions' vectors and outcomes (k nearest neighbours)",
    ),
    "logistic-router": (
        "over_embedder:LogisticRouter",
        "by logistic regression on the question's vector",
        "fits logistic regression on the questions' vectors for each model",
    ),
    "duel-router": (
        "duelling:DuelRouter",
        "how often each model gives the better answer of two",
        "fits RouteLLM's matrix factorisation to pairs of models of which one is better (Bradley-Terry)",
    ),
    "budgeted-router": (
        "budgeted:BudgetedRouter",
        "as its base does, less what cost is worth at a certified quality",
        "chooses a router's cost weight so that quality is certified not to be lost, on a split of its own",
    ),
    "cluster-router": (
        "over_embedder:ClusterRouter",
        "each model's mean in the question's cluster",
        "parts the questions by k-means and takes each model's mean in each part",
    ),
}


@hookimpl
def register_commands(register: Register) -> None:
    """Register ``harness matrix`` and ``harness routes``."""
    register(
        "matrix",
        f"{_HERE}.matrix_command:command",
        description="Write what each evaluated model scored on each item of any tasks, as a matrix for routers.",
    )
    register(
        "routes",
        f"{_HERE}.routes_command:command",
        description="Write which model an evaluated router chose for each question, as RouterArena does.",
    )


@hookimpl
def register_importers(register: Register) -> None:
    """Register the reader of RouterArena's prediction files."""
    register(
        "router-arena",
        f"{_HERE}.router_arena:predictions",
        description="a prediction file of RouterArena, as recorded choices: task=TASK",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register forecasts, decisions, references, cost and quality, two models, and scores of published benchmarks."""
    for module, names in _METRICS.items():
        for name, attribute in names.items():
            register(name, f"{_HERE}.{module}:{attribute}")


_METRICS = {
    "forecasts": {
        "forecast_accuracy": "ForecastAccuracy",
        "forecast_accuracy_by_model": "ForecastAccuracyByModel",
        "forecast_auroc": "ForecastAuroc",
        "forecast_log_loss": "ForecastLogLoss",
        "forecast_brier": "ForecastBrier",
        "forecast_calibration_error": "ForecastCalibrationError",
    },
    "decisions": {
        "route_accuracy": "RouteAccuracy",
        "route_gain": "RouteGain",
        "route_gain_over_category": "RouteGainOverCategory",
        "weighted_router": "WeightedRouter",
        "quality_lost": "QualityLost",
        "gap_at_oracle": "GapAtOracle",
        "gain_at_best": "GainAtBest",
        "usage_entropy": "UsageEntropy",
    },
    "reference_metrics": {
        "uniform_router": "UniformRouter",
        "best_constant": "BestConstant",
        "best_of_category": "BestOfCategory",
        "best_constant_on_test": "BestConstantOnTest",
        "best_of_category_on_test": "BestOfCategoryOnTest",
        "oracle": "Oracle",
        "guess_corrected_oracle": "GuessCorrectedOracle",
    },
    "cost_quality": {
        "aiq": "AverageImprovementInQuality",
        "zero_router_aiq": "ZeroRouter",
        "quality_at_budget": "QualityAtBudget",
        "cost_saved": "CostSaved",
        "mean_cost": "MeanCost",
    },
    "robustness": {"route_robustness": "RouteRobustness"},
    "cascades": {
        "cascade_aiq": "CascadeImprovement",
        "cascade_cost_saved": "CascadeCostSaved",
        "scored_cascade_aiq": "ScoredCascadeImprovement",
        "scored_cascade_cost_saved": "ScoredCascadeCostSaved",
        "scorer_error": "ScorerError",
    },
    "two_models": {"apgr": "GapRecovered", "cpt": "CallsNeeded"},
    "as_published": {
        "apgr@compat": "GapRecoveredAsPublished",
        "cpt@compat": "CallsNeededAsPublished",
        "aiq@compat": "ImprovementAsPublished",
        "perf_gain": "LargestGain",
    },
    "published_scores": {
        "router_arena_score": "RouterArenaScore",
        "reference_ratio": "ReferenceRatio",
        "best_single_ratio": "BestSingleRatio",
        "prediction_entropy": "PredictionEntropy",
    },
}
