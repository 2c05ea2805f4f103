"""The options after a task's name: ``lm_eval:NAME:num_fewshot=5,apply_chat_template=true``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from harness import UsageError
from harness.errors import did_you_mean
from harness.names import parse_arguments


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a task; names and defaults are those of lm-eval's ``simple_evaluate`` unless noted."""

    num_fewshot: int | None = None
    """Examples before the question; None: as the task says."""
    fewshot_seed: int = 1234
    """Seed of the choice of examples."""
    apply_chat_template: bool = False
    """Ask in conversations instead of plain text."""
    fewshot_as_multiturn: bool = True
    """With a chat template, each example is a turn of its own."""
    system_instruction: str | None = None
    """Text before the task's own description."""
    gen_kwargs: str = ""
    """``[temperature=0.7,max_gen_toks=64]``: generation arguments that replace the task's."""
    metadata: str = ""
    """``[max_seq_lengths=4096]``: settings that some tasks make their data from."""
    seed: int = 0
    """Seed of sampled completions; repeat r takes ``seed + r``. This option is not lm-eval's."""
    bootstrap_iters: int = 1000
    """Resamples for metrics without a closed-form error (at most 100 for bleu, chrf and ter); lm-eval's default is
    100,000."""
    confirm_run_unsafe_code: bool = False
    """Run a task whose metric executes the model's text."""

    def generation(self) -> dict[str, Any]:
        """Parse ``gen_kwargs`` into a dictionary."""
        return parse_arguments(self.gen_kwargs, f"gen_kwargs=[{self.gen_kwargs}]")

    def made_from(self) -> dict[str, Any]:
        """Parse ``metadata`` into a dictionary."""
        return parse_arguments(self.metadata, f"metadata=[{self.metadata}]")


_TYPES: dict[str, tuple[type, str]] = {
    "num_fewshot": (int, "a whole number"),
    "fewshot_seed": (int, "a whole number"),
    "seed": (int, "a whole number"),
    "bootstrap_iters": (int, "a whole number"),
    "apply_chat_template": (bool, "true or false"),
    "fewshot_as_multiturn": (bool, "true or false"),
    "confirm_run_unsafe_code": (bool, "true or false"),
    "system_instruction": (str, "a text"),
    "gen_kwargs": (str, "key=value,... in brackets"),
    "metadata": (str, "key=value,... in brackets"),
}


def split_name(text: str) -> tuple[str, str]:
    """Split a name from the text after its colon."""
    name, _, listed = text.partition(":")
    return name, listed


def parse_options(listed: str) -> Options:
    """Parse ``key=value,...`` into options.

    Raises:
        UsageError: an option is unknown, or not of its type.
    """
    given = parse_arguments(listed, listed)
    for key, value in given.items():
        if key not in _TYPES:
            names = [field.name for field in dataclasses.fields(Options)]
            raise UsageError(f"tasks of lm-eval have no option {key!r}{did_you_mean(key, names)}")
        kind, expected = _TYPES[key]
        negative = kind is int and key != "seed" and type(value) is int and value < 0
        if type(value) is not kind or negative:
            raise UsageError(f"the option {key} of a task of lm-eval must be {expected}, not {value!r}")
    return Options(**given)
