"""The compiler: certificates that hold, fronts without beaten members, and rules that the firewall itself obeys."""

import itertools
import json

import numpy as np
import pytest
import yaml
from harness_plugins.firewall.compiling import Compiler, allowed_blocks
from harness_plugins.firewall.recorded_traffic import Traffic, slices

from harness import DataError

SHARES = (0.4, 0.3, 0.3)
STRENGTH = np.array([2.5, 1.5, 2.0])
MILLISECONDS = np.array([0.1, 0.5, 20.0])


def traffic(rng, n, *, repeats=1, stages=("input", "input", "output")):
    attack = rng.random(n) < 0.5
    label = attack & (rng.random(n) < 0.8)
    scores = rng.normal(size=(n, 3)) + STRENGTH * attack[:, None]
    scores = np.round(scores, 2)  # ties
    clusters = np.arange(n) // repeats if repeats > 1 else np.arange(n)
    return Traffic(scores, stages, MILLISECONDS, label, attack, clusters, rng.integers(10, 200, n).astype(float))


def test_the_front_has_no_member_that_another_beats_and_every_certificate_fits():
    compiler = Compiler(traffic(np.random.default_rng(0), 4000), [0.02, 0.1], 0.95, SHARES, 3)
    front = compiler.front()
    assert 1 < len(front) <= 12
    assert compiler.candidates == 98  # 37 any-policies and 12 cascades at two rates
    figures = [(one.chosen_asr, one.over_block, round(one.milliseconds, 3)) for one in front]
    assert len(set(figures)) == len(figures)
    for one in front:
        assert one.blocked <= one.allowed
        assert one.holds
        assert one.checked["over_block"] <= 1.5 * one.over_block
        assert one.sees_more_than_length
    best = min(front, key=lambda one: one.chosen_asr)
    assert len(best.plan.detectors) > 1
    assert min(one.milliseconds for one in front) < 1 < best.milliseconds


@pytest.mark.slow
def test_all_certificates_of_a_front_hold_together_as_often_as_they_say():
    rng = np.random.default_rng(1)
    later = rng.normal(size=(40_000, 3)).round(2)
    broken = 0
    for _ in range(150):
        front = Compiler(traffic(rng, 1200), [0.05], 0.9, SHARES, 2).front()
        broken += any(Compiler.blocked(one, later).mean() > one.over_block for one in front)
    assert broken <= 25  # 10 % of 150, and chance


def test_a_prompt_that_comes_five_times_is_one_piece_of_evidence():
    rng = np.random.default_rng(2)
    each = traffic(rng, 300)
    repeated = Traffic(
        *(np.repeat(a, 5, axis=0) for a in (each.scores,)), each.stages, each.milliseconds,
        *(np.repeat(a, 5) for a in (each.label, each.attack, each.clusters, each.characters)),
    )  # fmt: skip
    one, five = (Compiler(t, [0.1], 0.95, SHARES, 1).front()[0] for t in (each, repeated))
    assert five.of == pytest.approx(one.of, abs=2)


def test_slices_keep_the_order_of_traffic_and_clusters_whole():
    whole = traffic(np.random.default_rng(3), 900, repeats=3)
    numbered = Traffic(
        np.arange(900.0)[:, None], ("input",), MILLISECONDS[:1], whole.label, whole.attack, whole.clusters,
        whole.characters,
    )  # fmt: skip
    parts = slices(numbered, SHARES)
    assert sum(len(part.label) for part in parts) == 900
    for earlier, later in itertools.pairwise(parts):
        for kind in (True, False):
            assert earlier.scores[earlier.attack == kind].max() < later.scores[later.attack == kind].max()


def test_too_little_traffic_is_refused_with_what_is_needed():
    with pytest.raises(DataError, match="59 are needed"):
        Compiler(traffic(np.random.default_rng(4), 150), [0.05], 0.95, SHARES, 2)
    only = traffic(np.random.default_rng(4), 150)
    with pytest.raises(DataError, match="no attack"):
        Compiler(only.only(~only.attack), [0.05], 0.95, SHARES, 2)


@pytest.mark.parametrize(
    ("harmless", "rate", "allowed"), [(59, 0.05, 0), (58, 0.05, -1), (93, 0.05, 1), (300, 0.05, 8)]
)
def test_as_many_may_be_blocked_as_clopper_and_pearson_allow(harmless, rate, allowed):
    from harness import stats

    assert allowed_blocks(harmless, rate, 0.95) == allowed
    if allowed >= 0:
        assert stats.clopper_pearson(allowed, harmless, confidence=0.9)[1] <= rate
        assert stats.clopper_pearson(allowed + 1, harmless, confidence=0.9)[1] > rate


@pytest.fixture
def recorded(project):
    """Traffic in which single words tell attacks, from rows that come in order."""
    rng = np.random.default_rng(5)
    rows = []
    for i in range(600):
        attack = bool(rng.random() < 0.5)
        words = ["secret"] * (attack and rng.random() < 0.7) + ["please"] * int(rng.integers(0, 9))
        reply = "plum" if attack and rng.random() < 0.8 else "tea"
        prompt = " ".join([*words, f"number {i}"])
        rows.append({"id": f"r{i}", "prompt": prompt, "reply": reply, "label": int(attack), "attack": int(attack)})
    folder = project / "tasks" / "wall"
    folder.mkdir(parents=True)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "week.yaml").write_text("kind: firewall-replay\ndata: {test: {file: rows.jsonl}}\n")
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    for word in ("secret", "plum"):
        (project / f"{word}.txt").write_text(word + "\n")
    return project


DETECTORS = "input=[[keyword-list:path=secret.txt],[prompt-length]],output=[[keyword-list:path=plum.txt]]"
ALL = f"firewall:{DETECTORS},policy=shadow"


def test_the_compiled_firewall_does_on_the_traffic_what_its_certificate_says(recorded, harness):
    assert harness("eval", "-m", ALL, "-t", "wall/week").code == 0
    ran = harness("compile-firewall", "wall/week", "-m", ALL, "--over-block", 0.1, "-o", "out/registry.yaml", "--json")
    assert ran.code == 0, ran.err
    certificate = json.loads((recorded / "out/compiled-firewall-certificate.json").read_text())
    assert certificate == ran.document["certificate"]
    assert certificate["holds_on_later_traffic"]
    assert certificate["certified_on"]["blocked"] <= certificate["certified_on"]["allowed"]
    entry = yaml.safe_load((recorded / "out/registry.yaml").read_text())["models"]["compiled-firewall"]
    assert {d["detector"] for d in certificate["detectors"]} == {
        "keyword-list:path=secret.txt",
        "keyword-list:path=plum.txt",
    }
    (recorded / "registry.yaml").write_text(yaml.safe_dump({"task_folders": ["tasks"], "models": {"compiled": entry}}))
    ran = harness("eval", "-m", "compiled", "-t", "wall/week", "--json")
    assert ran.code == 0, ran.err
    found = {r["metric"]: r["value"] for r in ran.document["results"] if r["domain"] == "overall"}
    assert found["over_block"] == 0
    assert found["residual_asr"] == pytest.approx(0.06, abs=0.04)


def test_what_cannot_be_compiled_is_refused_with_the_way_out(recorded, harness):
    command = ("compile-firewall", "wall/week", "-o", "out/registry.yaml")
    ran = harness(*command, "-m", ALL)
    assert (ran.code, "evaluate it first" in ran.err or "no store" in ran.err) == (2, True)
    obeyed = ALL.replace("shadow", "any")
    for model in (ALL, obeyed, "never-block"):
        harness("eval", "-m", model, "-t", "wall/week")
    for model, said in ((obeyed, "policy=shadow"), ("never-block", "is no firewall")):
        ran = harness(*command, "-m", model)
        assert (ran.code, said in ran.err) == (2, True), ran.err
    ran = harness("compile-firewall", "quickstart/detection", "-m", ALL, "-o", "x.yaml")
    assert (ran.code, "firewall-replay" in ran.err) == (2, True)
    ran = harness(*command, "-m", ALL, "--over-block", 0.1, "--milliseconds", 0)
    assert (ran.code, "--milliseconds" in ran.err) == (2, True)
    assert not (recorded / "out").exists()
    (recorded / "out").mkdir()
    (recorded / "out/registry.yaml").write_text("models: {}\n")
    assert harness(*command, "-m", ALL).code == 2
