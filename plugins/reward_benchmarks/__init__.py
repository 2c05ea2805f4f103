"""Benchmarks of reward models and judges, and their published results as recorded rows.

JudgeBench, LLMBar, RM-Bench, RewardMATH, RewardBench and RewardBench 2, M-RewardBench, RMB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.reward_benchmarks"


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of task that plain preferences and best-of-k cannot express."""
    register(
        "style-matrix",
        f"{_HERE}.rm_bench:StyleMatrix",
        description="every chosen style against every rejected style of a prompt (RM-Bench)",
    )
    register(
        "chosen-rejected",
        f"{_HERE}.lists:ChosenRejected",
        description="score the chosen responses of a prompt above the rejected ones",
    )
    register(
        "sectioned-preference",
        f"{_HERE}.sections:SectionedPreference",
        description="preference pairs in subsets, subsets in sections (RewardBench)",
    )
    register(
        "ties",
        f"{_HERE}.ties:Ties",
        description="score equally right answers alike, and above the wrong ones (RewardBench 2)",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the accuracies and scores of these kinds."""
    for name, attribute, description in (
        ("style_accuracy", "rm_bench:Average", "mean of hard, normal and easy"),
        ("style_accuracy_hard", "rm_bench:Hard", "chosen in a plainer style than rejected"),
        ("style_accuracy_normal", "rm_bench:Normal", "both in the same style"),
        ("style_accuracy_easy", "rm_bench:Easy", "chosen in a more elaborate style than rejected"),
        ("section_mean", "sections:SectionMean", "mean over sections of the accuracy (RewardBench's score)"),
        (
            "accuracy_rewardbench@compat",
            "sections:RewardBenchAccuracy",
            "as RewardBench publishes it: equal scores are wrong, a judge's ties and unreadable verdicts count half",
        ),
        ("ties_score", "ties:TiesScore", "accuracy and margins on equally right answers; at most 1.01"),
    ):
        register(name, f"{_HERE}.{attribute}", description=description)


@hookimpl
def register_importers(register: Register) -> None:
    """Register the importers of published result files."""
    register(
        "judgebench",
        f"{_HERE}.importers:judgebench",
        description="JudgeBench's outputs: decisions of judges or scores of reward models, both games",
    )
    register(
        "llmbar",
        f"{_HERE}.importers:llmbar",
        description="LLMBar's result.json of an evaluator, a folder of them, or a CSV; evaluator=NAME picks one",
        folders=True,
    )
    register(
        "rewardmath",
        f"{_HERE}.importers:rewardmath",
        description="RewardMATH's scores of one correct and nine wrong solutions: of one model, or of several",
    )
    register(
        "rewardbench",
        f"{_HERE}.importers:rewardbench",
        description="RewardBench's files of chosen and rejected scores (eval-set-scores), first version or second",
    )
    register(
        "rewardbench-math-prm",
        f"{_HERE}.importers:math_prm",
        description="pairs of scores on RewardBench's subset math-prm: of one model, or of several",
    )
