"""AlpacaEval 2: win rates over a baseline, and what they would be if answers were equally long, with real intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.alpaca_eval"


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register what models with recorded annotations are asked."""
    register(
        "annotate",
        f"{_HERE}.annotations:ANNOTATE",
        description="recorded preference and lengths of an instruction of AlpacaEval",
    )


@hookimpl
def register_models(register: Register) -> None:
    """Register recorded annotations, and what shows the benchmark without weights."""
    register(
        "alpaca-annotations",
        f"{_HERE}.annotations:AlpacaAnnotations",
        offers=("annotate",),
        description="recorded annotations of AlpacaEval: model=NAME",
    )
    register(
        "shelf-writer",
        f"{_HERE}.demonstration:ShelfWriter",
        offers=("generate",),
        description="made-up answers of a given skill and length, for trying length control out",
    )
    register(
        "shelf-judge",
        f"{_HERE}.demonstration:ShelfJudge",
        offers=("compare",),
        description="compares made-up answers, with a stated liking for long ones and for what is shown second",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kind of task."""
    register("alpaca-eval", f"{_HERE}.task:AlpacaEval", description="beat a baseline, lengths being equal")


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the length-controlled win rate, its variants and its published form."""
    for name, attribute in (
        ("lc_win_rate", "LengthControlledWinRate"),
        ("lc_win_rate_fixed_c", "FixedLengthControlledWinRate"),
        ("lc_win_rate_unregularised", "UnregularisedWinRate"),
        ("lc_win_rate_minimal", "MinimalWinRate"),
        ("lc_win_rate@compat", "PublishedLengthControlledWinRate"),
        ("answer_characters", "MeanCharacters"),
        ("answer_characters_more", "MoreCharacters"),
    ):
        register(name, f"{_HERE}.metrics:{attribute}")


@hookimpl
def register_commands(register: Register) -> None:
    """Register the command ``harness difficulty``."""
    register(
        "difficulty",
        f"{_HERE}.difficulty_command:command",
        description="fit the difficulty of a task's instructions over all models, for length control",
    )
