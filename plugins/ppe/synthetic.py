"""Generated data sets of exactly PPE's columns, for trying things out where the real ones cannot be had.

    python -m harness_plugins.ppe.synthetic FOLDER [--rows N] [--seed S] [--full]

writes ``FOLDER/lmarena-ai/PPE-.../SPLIT.parquet``, which ``HARNESS_DATA=FOLDER harness eval -t ppe`` reads through the
same loader as a copy of the real data. Texts are templated; better answers cover more of the question and are a little
longer, so models differ on them. The figures mean nothing outside tests.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import say
from harness.errors import UsageError
from harness.files import find_generated, mark_generated

MADE_BY = "python -m harness_plugins.ppe.synthetic"
FULL_BATTLES = 16_038
FULL_PROMPTS = {"MMLU-Pro": 512, "MATH": 512, "GPQA": 512, "IFEval": 512, "MBPP-Plus": 507}
GENERATORS = ("gemma-2-9b-it", "gpt-4o-mini-2024-07-18", "Meta-Llama-3-8B-Instruct", "claude-3-haiku-20240307")
SAMPLES = 32
LANGUAGES = {"English": 0.56, "Chinese": 0.12, "Russian": 0.1, "German": 0.06, "Korean": 0.03, "Japanese": 0.03,
             "Spanish": 0.04, "French": 0.03, "Portuguese": 0.02, "Italian": 0.01}  # fmt: skip
MODELS = (
    "claude-3-haiku-20240307", "claude-3-opus-20240229", "claude-3-sonnet-20240229", "command-r", "command-r-plus",
    "gemini-1.5-flash-api-0514", "gemini-1.5-pro-api-0514", "gpt-4-0314", "gpt-4-0613", "gpt-4-1106-preview",
    "gpt-4-turbo-2024-04-09", "gpt-4o-2024-05-13", "llama-3-70b-instruct", "llama-3-8b-instruct", "mistral-large-2402",
    "phi-3-medium-4k-instruct", "qwen1.5-72b-chat", "qwen2-72b-instruct", "starling-lm-7b-beta", "yi-1.5-34b-chat",
)  # fmt: skip
"""The data set's twenty models; their strengths here are drawn at random and say nothing about the real ones."""
TOPICS = ("tides", "bread", "bridges", "bees", "glaciers", "violins", "rockets", "soil", "maps", "clocks")
POINTS = ("the cause", "an example", "a caution", "a figure", "the history", "a comparison", "a source", "the limits")
TIE_MARGIN = 0.75
"""Margin of a tie in nats; it gives the share of ties of the real data, 36 %."""


def write(folder: Path, *, rows: int = 200, seed: int = 0, full: bool = False, missing: bool = False) -> list[Path]:
    """Write all six data sets, and return the files.

    Args:
        folder: The folder to give as HARNESS_DATA.
        rows: Number of battles, and of prompts of each correctness set.
        seed: Seed of everything drawn.
        full: Take the real sizes instead of ``rows``.
        missing: Leave out one response in a few prompts (null).

    Returns:
        The files written. Beside each lies the marker of generated data, by which its figures are known everywhere.

    Raises:
        UsageError: a file is in the way that is not of generated data.
    """
    import pyarrow
    import pyarrow.parquet

    sets: dict[str, list[dict[str, Any]]] = {
        "PPE-Human-Preference-V1/test": list(battles(FULL_BATTLES if full else rows, seed=seed))
    }
    for name, size in FULL_PROMPTS.items():
        sets[f"PPE-{name}-Best-of-K/train"] = list(prompts(name, size if full else rows, seed=seed, missing=missing))
    settings = {"rows": "as many as the real data" if full else rows, "seed": seed}
    if missing:
        settings["missing"] = "one response in a few prompts"
    files = [folder / "lmarena-ai" / f"{name}.parquet" for name in sets]
    for file in files:
        if file.exists() and find_generated(file) is None:
            reason = "is there already, and nothing beside it says that it is generated"
            raise UsageError(f"{file}: {reason}; choose another folder, or remove it")
    for file, made in zip(files, sets.values(), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        mark_generated(file.parent, MADE_BY, settings)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(made), file)
    return files


def battles(count: int, *, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Yield rows of PPE-Human-Preference-V1, in its columns."""
    rng = np.random.default_rng([seed, 1])
    strength = strengths(seed=seed)
    first, second = _pairs(rng, count)
    quality = np.stack([strength[first], strength[second]], axis=1) + rng.normal(scale=0.6, size=(count, 2))
    gap = quality[:, 0] - quality[:, 1] + rng.logistic(scale=0.6, size=count)
    languages = rng.choice(list(LANGUAGES), size=count, p=list(LANGUAGES.values()))
    flags = rng.random((count, 6))
    for i in range(count):
        prompt, points = _question(rng)
        answers = [_answer(rng, points, float(q)) for q in quality[i]]
        winner = "model_a" if gap[i] > TIE_MARGIN else "model_b" if gap[i] < -TIE_MARGIN else "tie"
        if winner == "tie" and quality[i].sum() < 0:
            winner = "tie (bothbad)"
        lengths = [len(answer.split()) for answer in answers]
        yield {
            "question_id": _id("battle", seed, i),
            "model_a": MODELS[first[i]],
            "model_b": MODELS[second[i]],
            "winner": winner,
            "prompt": prompt,
            "response_1": answers[0],
            "response_2": answers[1],
            "language": str(languages[i]),
            **_categories(flags[i], len(prompt.split()), lengths),
            "sim": round(float(rng.beta(8, 2)), 6),
            "length_a": lengths[0],
            "length_b": lengths[1],
            "token_diff": float(abs(lengths[0] - lengths[1])),
            "longer_won": _longer_won(winner, lengths),
        }


def strengths(*, seed: int = 0) -> NDArray[np.float64]:
    """Draw the mean quality of each model's answers, shape (20,), in the order of `MODELS`: the true strengths."""
    return np.random.default_rng([seed, 0]).normal(scale=0.5, size=len(MODELS))


def _pairs(rng: np.random.Generator, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose who meets whom: all 190 pairs equally often; with fewer battles, the first 20 are a ring."""
    m = len(MODELS)
    ring = [(i, (i + step) % m) for step in range(1, m // 2) for i in range(m)] + [
        (i, i + m // 2) for i in range(m // 2)
    ]
    pairs = np.array(ring)[np.arange(count) % len(ring)]
    pairs = rng.permuted(rng.permutation(pairs), axis=1)
    return pairs[:, 0], pairs[:, 1]


def _categories(draw: NDArray[np.float64], words: int, lengths: Sequence[int]) -> dict[str, Any]:
    """Make the verdicts of classifiers on the prompt, in the data set's nested columns."""
    hard = [bool(draw[0] < share) for share in (0.31, 0.5, 0.6, 0.55, 0.8, 0.45, 0.4)]
    names = ("complexity", "creativity", "domain_knowledge", "problem_solving", "real_world", "specificity",
             "technical_accuracy")  # fmt: skip
    return {
        "conv_metadata": {
            "context_a_tokens": words,
            "context_b_tokens": words,
            "sum_assistant_a_tokens": lengths[0],
            "sum_assistant_b_tokens": lengths[1],
            "sum_user_tokens": words,
            "turns": 1,
        },
        "is_code": bool(draw[1] < 0.18),
        "is_refusal": bool(draw[2] < 0.02),
        "category_tag": {
            "criteria_v0.1": dict(zip(names, hard, strict=True)),
            "if_v0.1": {"if": bool(draw[3] < 0.29), "score": int(5 * (1 - draw[3]))},
            "math_v0.1": {"math": bool(draw[4] < 0.13)},
        },
        "hard_prompt": hard[0],
        "easy_prompt": bool(draw[5] < 0.24),
        "if_prompt": bool(draw[3] < 0.29),
        "math_prompt": bool(draw[4] < 0.13),
    }


def _longer_won(winner: str, lengths: Sequence[int]) -> str:
    """Tell, as a text like the data set's, whether the longer answer won."""
    if winner not in ("model_a", "model_b") or lengths[0] == lengths[1]:
        return "tie"
    return str((lengths[0] > lengths[1]) == (winner == "model_a"))


def prompts(name: str, count: int, *, seed: int = 0, missing: bool = False) -> Iterator[dict[str, Any]]:
    """Yield rows of a correctness set, in its columns: 32 responses of one of four generators to each prompt.

    Args:
        name: name of the set, one of FULL_PROMPTS.
        count: number of prompts.
        seed: seed of everything drawn.
        missing: leave out one response in a few prompts (null).
    """
    rng = np.random.default_rng([seed, 2, sorted(FULL_PROMPTS).index(name)])
    for i in range(count):
        prompt, points = _question(rng)
        share = rng.uniform(0.12, 0.88)
        scores = rng.random(SAMPLES) < share
        scores[rng.integers(SAMPLES)] = True
        scores[np.flatnonzero(scores)[0] - 1] = False  # one of each at least, as after filtering
        texts: list[str | None] = [
            _answer(rng, points, (1.0 if right else -0.4) + float(rng.normal(scale=0.8))) for right in scores
        ]
        if missing and i % 50 == 7:
            texts[int(rng.integers(SAMPLES))] = None
        right, wrong = np.flatnonzero(scores).tolist(), np.flatnonzero(~scores).tolist()
        pairs = [[a, b] for a in right for b in wrong]
        picked = [pairs[j] for j in rng.choice(len(pairs), size=min(5, len(pairs)), replace=False)]
        yield {
            "question_id": _id(name, seed, i),
            "model_name": GENERATORS[i % len(GENERATORS)],
            **({} if name == "MBPP-Plus" else {"parsed_outputs": ["A" if right else "B" for right in scores]}),
            "scores": [bool(right) for right in scores],
            "mean_score": float(scores.mean()),
            "prompt": prompt,
            **{f"response_{j + 1}": text for j, text in enumerate(texts)},
            "conflict_pairs": pairs,
            "sampled_conflict_pairs": [pair[:: 1 if rng.random() < 0.5 else -1] for pair in picked],
            **_extras(name, i, prompt),
        }


def _extras(name: str, i: int, prompt: str) -> dict[str, Any]:
    """Make the columns that only this set has."""
    choices = ["one", "two", "three", "four"]
    if name == "MMLU-Pro":
        return {"question": prompt, "options": choices, "answer": "A", "answer_index": 0, "category": "other"}
    if name == "MATH":
        solution = "It is \\boxed{1}."
        return {"problem": prompt, "level": "Level 5", "type": "Algebra", "solution": solution,
                "sanitized_solution": "1"}  # fmt: skip
    if name == "GPQA":
        return {"Question": prompt, "Subdomain": "Physics (general)", "Record ID": f"rec{i}",
                "High-level domain": "Physics", "choices": choices, "correct_choice": "one",
                "correct_choice_index": 0, "canary_string": "generated data"}  # fmt: skip
    if name == "IFEval":
        return {"ifeval_prompt": prompt, "key": 1000 + i, "instruction_id_list": ["punctuation:no_comma"],
                "kwargs": [{"num_words": None}], "score_data": [{"follow_all_instructions": True}]}  # fmt: skip
    return {"task_id": f"Mbpp/{i}", "code": "def f():\n    return 1\n", "source_file": "generated",
            "test_imports": ["import math"], "test_list": ["assert f() == 1"], "test": "assert f() == 1"}  # fmt: skip


def _question(rng: np.random.Generator) -> tuple[str, list[str]]:
    topic = TOPICS[rng.integers(len(TOPICS))]
    points = [POINTS[j] for j in rng.choice(len(POINTS), size=4, replace=False)]
    return f"Explain {topic}: give {', '.join(points[:3])} and {points[3]}. ({rng.integers(10**6)})", points


def _answer(rng: np.random.Generator, points: Sequence[str], quality: float) -> str:
    """Write an answer that covers more of the points, the better it is, between filler of random length."""
    covered = rng.random(len(points)) < 1 / (1 + np.exp(-1.5 * quality))
    parts = [f"First {point} in some detail." for point, there in zip(points, covered, strict=True) if there]
    parts += ["And so on it goes."] * int(rng.integers(0, 4))
    return " ".join(parts) or "I do not know."


def _id(*parts: object) -> str:
    return hashlib.sha1("/".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, write the data sets, and say how to use them."""
    parser = argparse.ArgumentParser(
        prog="python -m harness_plugins.ppe.synthetic", description="Write generated data sets of PPE's columns."
    )
    parser.add_argument("folder", type=Path, help="to be given as HARNESS_DATA")
    parser.add_argument("--rows", type=int, default=200, help="battles, and prompts of each correctness set (200)")
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn (0)")
    parser.add_argument("--full", action="store_true", help="the real sizes: 16,038 battles, 2,555 prompts")
    parser.add_argument("--missing", action="store_true", help="leave out a response in one prompt of fifty")
    chosen = parser.parse_args(arguments)
    if chosen.rows < 1:
        parser.error("--rows must be at least 1")
    if chosen.seed < 0:
        parser.error("--seed must not be negative")
    try:
        files = write(chosen.folder, rows=chosen.rows, seed=chosen.seed, full=chosen.full, missing=chosen.missing)
    except UsageError as error:
        parser.exit(2, f"{error}\n")
    except OSError as error:
        parser.exit(2, f"{error.filename or chosen.folder}: cannot be written: {error.strerror}\n")
    say(
        f"{len(files)} generated data sets below {chosen.folder}; try them with:\n"
        f"  HARNESS_DATA={chosen.folder} harness eval -m length -t ppe\n"
        "Their figures cannot be compared with published ones; everything that shows them says that they are generated."
    )


if __name__ == "__main__":
    main()
