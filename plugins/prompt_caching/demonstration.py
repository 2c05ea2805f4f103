"""Prompts that are made, with known intents: ``python -m harness_plugins.prompt_caching.demonstration FOLDER``.

An intent is something that is done to a thing: "renew a passport". Prompts of an intent differ in how they are put and
in which word they use for doing; prompts of different intents may differ in nothing but what is done. A bag of words
sees them as alike either way; which words matter can be learned.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from harness import say

DEEDS = {
    "renew": ("renew", "extend", "prolong"),
    "cancel": ("cancel", "terminate", "end"),
    "lose": ("lost", "misplaced", "cannot find"),
    "price": ("price of", "cost of", "fee for"),
    "apply": ("apply for", "request", "order"),
    "change": ("change", "edit", "update"),
    "trace": ("track", "trace", "follow"),
    "share": ("share", "lend", "transfer"),
}
THINGS = [
    "passport",
    "library_card",
    "gym_membership",
    "bank_loan",
    "parking_permit",
    "phone_contract",
    "train_ticket",
    "insurance",
    "visa",
    "licence",
    "newspaper_subscription",
    "hotel_booking",
    "credit_card",
    "email_account",
    "parcel_delivery",
    "rental_car",
]
FRAMES = (
    "please tell me how i can {} my {}",
    "what do i do to {} the {}",
    "hello i want to {} a {} today",
    "is there a form to {} this {}",
    "{} {} help",
    "quick question about my account how does one {} their {}",
    "could somebody explain whether to {} our {} online",
    "good morning my wife asked me to {} her {} before friday",
)


def prompts(seed: int = 0, each: int = 6) -> list[dict[str, str]]:
    """Return prompts of every intent, ``each`` of them, in random order; a quarter of the things is in the test part.

    >>> len(prompts(each=2)), prompts() == prompts()
    (256, True)
    """
    random = np.random.default_rng(seed)
    rows = []
    for t, thing in enumerate(THINGS):
        for deed, words in DEEDS.items():
            frames = random.choice(FRAMES, each, replace=False)
            for i, frame in enumerate(frames):
                text = frame.format(words[i % len(words)], thing.replace("_", " "))
                part = "test" if t % 4 == 3 else "train"
                rows.append({"prompt": text, "intent": f"{deed} {thing}", "part": part})
    return [{"id": f"p{i:04}", **rows[k]} for i, k in enumerate(random.permutation(len(rows)))]


def rows(split: str) -> Iterator[Mapping[str, str]]:
    """Yield the prompts of a part, ``train`` or ``test``, for task files."""
    yield from (row for row in prompts() if row["part"] == split)


TASK = """\
kind: same-answer
description: Prompts that were made, of 128 intents; those of the test part are about other things.
generated: true
licence: MIT
data:
  train: {file: prompts.train.jsonl}
  test: {file: prompts.test.jsonl}
columns: {prompt: prompt, group: intent}
"""
BENCHMARK = """\
description: >-
  Pairs of prompts about things that no head was trained on: those on which the cosine of a bag of words says nothing,
  by construction, and all that look alike.
tasks: ["hard:caching/intents:embedder=words", "hard:caching/intents:embedder=words,how=all"]
metrics:
  "hard:caching/intents:embedder=words": [similarity_auroc, reuse_calibration_error]
  "hard:caching/intents:embedder=words,how=all": [similarity_auroc]
"""
REGISTRY = """\
task_folders: [tasks]
models:
  words: {model: tfidf, arguments: {dimensions: 256}, description: a bag of words}
"""


def write(folder: Path, seed: int = 0, each: int = 6) -> None:
    """Write a project: a registry, the task and its data, and a benchmark."""
    from harness.files import write_atomically

    place = folder / "tasks" / "caching"
    place.mkdir(parents=True, exist_ok=True)
    rows = prompts(seed, each)
    for split in ("train", "test"):
        lines = [json.dumps({k: v for k, v in row.items() if k != "part"}) for row in rows if row["part"] == split]
        write_atomically(place / f"prompts.{split}.jsonl", "\n".join(lines) + "\n")
    write_atomically(place / "intents.yaml", TASK)
    write_atomically(place / "benchmark.yaml", BENCHMARK)
    write_atomically(folder / "registry.yaml", REGISTRY)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the project into the folder that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m harness_plugins.prompt_caching.demonstration", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if (given.folder / "registry.yaml").exists():
        parser.error(f"{given.folder} holds a registry.yaml already; name another folder")
    write(given.folder, given.seed)
    say(f"{given.folder}: {len(prompts(given.seed))} prompts of {len(DEEDS) * len(THINGS)} intents")


if __name__ == "__main__":
    main()
