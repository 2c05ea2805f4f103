"""MT-Bench: two turns, graded or compared by a judge, with what has no grade counted and never a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.mt_bench"


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register what recorded judgments and the made-up pupils are asked."""
    register(
        "recorded_grades",
        f"{_HERE}.recorded_grades:RECORDED_GRADES",
        description="the recorded judgment of an answer of MT-Bench",
    )
    register(
        "answer_made_up",
        f"{_HERE}.made_up:ANSWER_MADE_UP",
        description="an answer to a made-up question, for trying the benchmark out",
    )
    register(
        "recorded_votes",
        f"{_HERE}.agreement:RECORDED_VOTES",
        description="a judge's votes on a question, two models and a turn",
    )


@hookimpl
def register_models(register: Register) -> None:
    """Register recorded judgments, and what shows the benchmark without data and weights."""
    register(
        "mt-bench-judgments",
        f"{_HERE}.recorded_grades:MtBenchJudgments",
        offers=("recorded_grades",),
        description="recorded judgments of MT-Bench's single grading: model=NAME,path=FILE",
    )
    register(
        "mt-bench-votes",
        f"{_HERE}.agreement:MtBenchVotes",
        offers=("recorded_votes",),
        description="a judge's recorded votes on pairs of answers: path=FILE",
    )
    register(
        "made-up-pupil",
        f"{_HERE}.made_up:MadeUpPupil",
        offers=("answer_made_up",),
        description="answers made-up questions with a given skill",
    )
    register(
        "made-up-grader",
        f"{_HERE}.made_up:MadeUpGrader",
        offers=("generate",),
        description="writes about made-up answers, and forgets the grade of most that are wrong",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of task."""
    register("mt-bench", f"{_HERE}.single:MtBench", description="two turns, each answer graded from 1 to 10")
    register(
        "mt-bench-pairs", f"{_HERE}.pairwise:MtBenchPairs", description="two turns, each answer against a baseline's"
    )
    register("mt-bench-made-up", f"{_HERE}.made_up:MadeUpMtBench", description="graded answers to made-up questions")
    register("mt-bench-agreement", f"{_HERE}.agreement:Agreement", description="a judge's votes held against people's")


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the scores and how much of them there is."""
    register("mt_bench_score", f"{_HERE}.score:MtBenchScore")
    register("mt_bench_score@compat", f"{_HERE}.score:MtBenchScoreCompat")
    register("mt_bench_coverage", f"{_HERE}.score:MtBenchCoverage")
    register("mt_bench_unread_rate", f"{_HERE}.score:MtBenchUnreadRate")
    register("mt_bench_agreement", f"{_HERE}.agreement:AgreementRate")
    register("mt_bench_win_rate_adjusted", f"{_HERE}.pairwise:WinRateAdjusted")
