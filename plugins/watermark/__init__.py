"""Watermarks of generated text: marking, detection with exact p-values, attacks on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.watermark"


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register what writers and readers of marks are asked."""
    register("find_mark", f"{_HERE}.finding:FIND_MARK", description="evidence of a watermark in a text")
    register("write_marked", f"{_HERE}.declaring:WRITE_MARKED", description="completions that say which mark they have")


@hookimpl
def register_models(register: Register) -> None:
    """Register writer and reader of marks, and what shows them without weights."""
    register(
        "watermarked",
        f"{_HERE}.watermarked:Watermarked",
        offers=("generate", "write_marked"),
        description="marks what a language model writes: base=[MODEL], gamma=, delta=, scheme=, key=",
    )
    register(
        "watermark-detector",
        f"{_HERE}.detector:WatermarkDetector",
        offers=("find_mark", "detect"),
        description="looks for that mark in texts: base=[MODEL] whose tokenizer cuts them; never asked",
    )
    register(
        "word-chain",
        f"{_HERE}.word_chain:WordChain",
        offers=("generate", "steer"),
        description="made-up words that follow each other by chance, for trying marks out without weights",
    )
    register(
        "repeated-words",
        f"{_HERE}.controls:RepeatedWords",
        offers=("detect",),
        description="control: the share of word pairs that a text repeats",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of task."""
    register("watermark", f"{_HERE}.texts:Watermark", description="tell texts with a mark from those without")
    register(
        "marking", f"{_HERE}.marking:Marking", description="write texts, attacked or not, in which a mark is found"
    )


@hookimpl
def register_task_sources(register: Register) -> None:
    """Register the library that attacks every task of marked texts."""
    register(
        "mark-attack",
        f"{_HERE}.source:AttackedMarks",
        description="any task of marked texts, attacked: mark-attack:TASK:how=copy-paste,share=0.25",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the metrics of evidence."""
    for name, attribute in (
        ("marks_found", "MarksFound"),
        ("words_kept", "WordsKept"),
        ("false_marks", "FalseMarks"),
        ("mean_mark_z", "MeanMarkZ"),
        ("mean_unmarked_z", "MeanUnmarkedZ"),
        ("spread_of_unmarked_z", "SpreadOfUnmarkedZ"),
    ):
        register(name, f"{_HERE}.metrics:{attribute}")
    register("mark_lift", f"{_HERE}.lift:MarkLift")
