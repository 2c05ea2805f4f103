"""Replay of JailbreakBench and XSTest: the order of detectors, the shortcut of length, and calibration that leaks."""

import csv
import gzip
import json
import re
from pathlib import Path

import pytest
import yaml

import harness as api

REPLAY = "firewall/jailbreakbench-and-xstest"
PLUGIN = '''
"""A detector of words that nobody writes."""
import math, re
from pathlib import Path
from harness import Model, hookimpl


class UnknownWords(Model):
    def __init__(self, path: str) -> None:
        self.path = path

    def load(self):
        self._known = set(Path(self.path).read_text().split())

    def detect(self, requests):
        return [self._one(re.findall(r"\\S+", r.text)) for r in requests]

    def _one(self, words):
        unknown = sum(w.strip(".,;:!?()'\\"").lower() not in self._known for w in words)
        return math.log((unknown + 0.5) / (len(words) - unknown + 0.5))


@hookimpl
def register_models(register):
    register("unknown-words", "plugin_gibberish:UnknownWords", offers=("detect",))
'''


def table(path):
    text = (gzip.open if path.suffix == ".gz" else open)(path, "rt", newline="")
    with text as stream:
        return list(csv.DictReader(stream))


def write(name, rows, kind="detection", **more):
    """A task of rows, or one over the traffic with other options."""
    folder = Path("tasks/s5")
    folder.mkdir(parents=True, exist_ok=True)
    content = {"kind": kind, **more}
    if rows is not None:
        lines = (
            json.dumps({"id": str(i), "text": text, "label": label}) + "\n" for i, (text, label) in enumerate(rows)
        )
        (folder / f"{name}.jsonl").write_text("".join(lines))
        content["data"] = {split: {"file": f"{name}.jsonl"} for split in ("train", "test")}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture
def traffic(safety, project, monkeypatch, add_plugin):
    """Detectors that were trained on other data, in a project of their own."""
    from harness_plugins.firewall.replay_data import jbb_and_xstest

    monkeypatch.setenv("HARNESS_DATA", str(safety))
    data = safety / "safety"
    goals = {row["goal"].strip() for row in table(data / "jailbreakbench/behaviors_harmful_100.csv")}
    harmful = [row["goal"] for row in table(data / "advbench/harmful_behaviors.csv")]
    harmful += (data / "harmbench/harmbench_standard_200.txt").read_text().splitlines()
    harmful = [p for p in dict.fromkeys(harmful) if p.strip() and p.strip() not in goals]
    with gzip.open(data / "cyberseceval/mitre_frr.json.gz") as stream:
        benign = [row["mutated_prompt"] for row in json.load(stream)]
    benign += list(dict.fromkeys(row["prompt"] for row in jbb_and_xstest("train")))
    replies = [(row["Response"], int(row["label"])) for row in table(data / "gptfuzz/train.csv.gz")]
    write("prompts", [*((t, 1) for t in harmful), *((t, 0) for t in benign)])
    write("replies", replies)
    generator = {"generator": "harness_plugins.firewall.replay_data:jbb_and_xstest"}
    write("of-replies", None, "firewall-replay", options={"text": "reply"}, data=dict.fromkeys(
        ("calibration", "test"), generator))  # fmt: skip
    known = {word for text in [*benign, *harmful, *(text for text, _ in replies)] for word in re.findall(r"\S+", text)}
    Path("words.txt").write_text("\n".join(word.strip(".,;:!?()'\"").lower() for word in known))
    Path("registry.yaml").write_text("task_folders: [tasks]\n")
    add_plugin("gibberish", PLUGIN)
    for name in ("prompts", "replies"):
        api.train("tfidf-detector", f"s5/{name}", name)


@pytest.mark.slow
def test_length_beats_every_detector_on_this_traffic_and_leaking_calibration_breaks_its_promise(traffic):
    def cut(name, base, split="calibration", task=REPLAY):
        api.train("operating-point", task, name, base=base, split=split, settings={"rule": "fpr=0.05"})

    cut("length", "prompt-length")
    cut("input", "tfidf-detector:path=prompts")
    cut("leaking", "tfidf-detector:path=prompts", split="train")
    cut("gibberish", "unknown-words:path=words.txt")
    cut("output", "tfidf-detector:path=replies", task="s5/of-replies")
    walls = {
        "length": "input=[[operating-point:path=length]]",
        "input": "input=[[operating-point:path=input]]",
        "leaking": "input=[[operating-point:path=leaking]]",
        "gibberish": "input=[[operating-point:path=gibberish]]",
        "output": "output=[[operating-point:path=output]],output_reads=reply",
        "all": "input=[[operating-point:path=input],[operating-point:path=gibberish]],"
        "output=[[operating-point:path=output]],output_reads=reply",
    }
    models = [*(f"{name}=firewall:{given}" for name, given in walls.items()), "never-block", "always-block"]
    found = api.evaluate(models, [REPLAY])
    cells = {cell.label: {r.metric: r.estimate for r in cell.results if r.domain == "overall"} for cell in found.cells}
    asr = {label: estimates["residual_asr"].value for label, estimates in cells.items()}
    cost = {label: estimates["over_block"].value for label, estimates in cells.items()}
    assert asr["never-block"] == pytest.approx(0.572, abs=0.0005)
    assert cells["never-block"]["residual_asr"].detail["of"] == 1637
    assert asr["always-block"] == 0
    assert cost["always-block"] == 1
    assert asr["length"] <= 0.01
    assert asr["length"] < asr["all"] < asr["input"] < asr["output"] < asr["gibberish"] < asr["never-block"]
    assert max(cost[label] for label in ("length", "input", "output", "gibberish")) <= 0.1
    assert cost["leaking"] >= 3 * max(cost["input"], 0.05)
    # Nothing here is shown to see more than length.
    assert all(cells[label]["lift_over_length"].high <= 1e-9 for label in ("input", "output", "all", "never-block"))


def test_harmless_prompts_are_parted_by_prompt_and_attacks_are_all_tested(safety, monkeypatch):
    from harness_plugins.firewall.replay_data import SPLITS, jbb_and_xstest

    monkeypatch.setenv("HARNESS_DATA", str(safety))
    rows = {split: list(jbb_and_xstest(split)) for split in SPLITS}
    prompts = {split: {row["prompt"] for row in rows[split] if not row["attack"]} for split in SPLITS}
    assert sum(map(len, prompts.values())) == len(set.union(*prompts.values()))
    assert sum(len([row for row in own if not row["attack"]]) for own in rows.values()) == 955
    assert [sum(row["attack"] for row in rows[split]) for split in SPLITS] == [0, 0, 1637]


def test_attacks_of_2024_are_told_from_those_of_2023_by_the_dates_of_their_papers(safety, harness, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(safety))
    metric = "residual_asr_newer:since=2024-01-01"
    ran = harness("eval", "-m", "never-block", "-t", REPLAY, "--metric", metric, "--json")
    found = next(r for r in ran.document["results"] if r["metric"] == metric and r["domain"] == "overall")
    # The published rates of random search and DSN, of 100 goals each; GCG and PAIR before them.
    assert found["value"] == pytest.approx((0.89 + 0.90 + 0.93 + 0.78 + 0.95 + 0.94) / 6)
    assert found["detail"]["earlier"] == pytest.approx((80 + 3 + 47 + 4 + 69 + 0 + 71 + 34) / 637)
