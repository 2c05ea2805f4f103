"""Arena-Hard: a model against a baseline on hard prompts, two games a prompt, with scores as published and right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.arena_hard"


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register what recorded battles and the made-up writers are asked."""
    register(
        "recorded_games",
        f"{_HERE}.games:RECORDED_GAMES",
        description="recorded verdicts on a prompt of Arena-Hard, and counts of both answers",
    )
    register(
        "write_made_up",
        f"{_HERE}.made_up_task:WRITE_MADE_UP",
        description="an answer to a made-up prompt, for trying the benchmark out",
    )


@hookimpl
def register_models(register: Register) -> None:
    """Register recorded battles, and what shows the benchmark without data and weights."""
    register(
        "arena-hard-battles",
        f"{_HERE}.recorded_battles:ArenaHardBattles",
        offers=("recorded_games",),
        description="recorded battles or judgments of Arena-Hard: model=NAME",
    )
    register(
        "made-up-writer",
        f"{_HERE}.made_up:MadeUpWriter",
        offers=("write_made_up",),
        description="answers made-up prompts with a given skill, length and layout",
    )
    register(
        "made-up-judge",
        f"{_HERE}.made_up:MadeUpJudge",
        offers=("compare",),
        description="compares made-up answers, with a stated liking for long ones and for what is shown second",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of task."""
    register("arena-hard", f"{_HERE}.task:ArenaHard", description="beat a baseline on hard prompts, two games a prompt")
    register(
        "arena-hard-made-up", f"{_HERE}.made_up_task:MadeUpArena", description="the same on prompts that are made up"
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the score and its published form."""
    register("arena_hard_score", f"{_HERE}.score:ArenaHardScore")
    register("arena_hard_score@compat", f"{_HERE}.score_compat:ArenaHardScoreCompat")


@hookimpl
def register_benchmarks(register: Register) -> None:
    """Register style control over the field."""
    register(
        "arena-hard-style",
        f"{_HERE}.style_control:style_controlled",
        description="share of games won over the baseline if answers looked alike",
        field=True,
        unit="fraction",
    )


@hookimpl
def register_importers(register: Register) -> None:
    """Register the reader of the published tables."""
    register(
        "arena-hard-published",
        f"{_HERE}.published:table",
        description="a table of Arena-Hard's repository, CSV or text: a file for harness leaderboard --published",
        writes="published",
        benchmark="arena-hard",
    )
