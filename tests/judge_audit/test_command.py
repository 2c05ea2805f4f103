"""``harness audit``: what it asks, what it writes, and what it says of judges that are none."""

import json
import re

import pytest


def key_of(document, key, task=0):
    figures = [f for group in document["sets"][task]["figures"].values() for f in group]
    return next(figure for figure in figures if figure["key"] == key)


def test_a_biased_judge_is_flagged_and_the_corrected_one_is_not(harness, project):
    biased = harness("audit", "simulated-judge:position=1.5", "-o", "audit.html", "-o", "audit.json", "--json")
    assert biased.code == 0, biased.err
    assert [flag["key"] for flag in biased.document["flags"]] == ["first_position_rate"]
    assert json.loads((project / "audit.json").read_text()) == biased.document
    corrected = harness("audit", "simulated-judge:position=1.5", "--adapter", "both-orders", "--json").document
    assert corrected["flags"] == []
    assert corrected["adapters"] == ["both-orders"]
    assert key_of(corrected, "first_position_rate")["value"] == 0.5
    # Its two orders cannot differ, so that its noise is not seen, and circles are told without a test.
    assert "same answers" in key_of(corrected, "excess_cycles")["note"]
    assert key_of(biased.document, "excess_cycles")["p_value"] is not None
    summary = harness("audit", "simulated-judge:position=1.5").out
    assert summary.startswith("Flagged for 1 of 10 properties tested: decisive verdicts for the response shown first")
    assert re.search(
        r"decisive verdicts for the response shown first +5\d\.\d \[.*\] +50\.0 +0\.0\d+ +FLAGGED", summary
    )


def test_what_is_on_file_is_not_asked_again(harness, monkeypatch):
    from harness_plugins.judge_audit.simulated import SimulatedJudge

    asked = []
    real = SimulatedJudge.compare
    monkeypatch.setattr(
        SimulatedJudge, "compare", lambda self, requests: asked.append(len(requests)) or real(self, requests)
    )
    harness("eval", "-m", "simulated-judge", "-t", "judge-audit/made-up", "--limit", "30")
    before = sum(asked)
    harness("audit", "simulated-judge", "--repeats", "1", "--limit", "30")
    assert sum(asked) == before > 0
    harness("audit", "simulated-judge", "--repeats", "2", "--limit", "30")
    assert sum(asked) == before + len({*range(30)})  # the order of the data, once more


def test_the_page_escapes_what_others_wrote_and_needs_nothing_beside_it(harness, project):
    rows = [{"prompt": f"q{i}", "first": "a", "second": "b", "label": "first", "id": str(i)} for i in range(8)]
    (project / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (project / "broken.jsonl").write_text("")
    task = {"kind": "labelled-pairs", "data": {"test": {"file": str(project / "rows.jsonl")}}}
    (project / "registry.yaml").write_text(json.dumps({"tasks": {"mine/pairs": task}}))
    judge = "simulated-judge:failing=1,mark=<script>alert(1)</script>"
    ran = harness("audit", judge, "-t", "mine/pairs", "-o", "audit.html")
    assert ran.code == 1
    page = (project / "audit.html").read_text()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert re.findall(r"""(?:src|href)=["']""", page) == []
    assert "color-scheme: light dark" in page


def test_reasons_of_failures_on_sensitive_sets_are_hidden(harness, project):
    (project / "rows.jsonl").write_text(
        json.dumps({"prompt": "q", "first": "a", "second": "b", "label": "first"}) + "\n"
    )
    task = {"kind": "labelled-pairs", "sensitive": True, "data": {"test": {"file": str(project / "rows.jsonl")}}}
    (project / "registry.yaml").write_text(json.dumps({"tasks": {"mine/pairs": task}}))
    ran = harness("audit", "simulated-judge:failing=1", "-t", "mine/pairs", "--json")
    assert ran.document["sets"][0]["failures"] == ["hidden: the reason may hold texts of a sensitive task"]
    assert "on purpose" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["simulated-judge:failing=1"], 1, "every request failed: the simulated judge fails here on purpose"),
        (["simulated-judge:unread=1"], 1, "answers came, without a verdict in them"),
        (["simulated-judge:ties=1"], 0, "Calls every pair a tie"),
        (["constant"], 0, "Calls every pair a tie"),
        (["arithmetic-student"], 2, "no adapter leads there"),
        (["nobody"], 2, "no model is named 'nobody'"),
        (["simulated-judge", "-t", "quickstart/detection"], 2, "holds no pairs"),
        (["simulated-judge", "-t", "quickstart/nothing"], 2, "quickstart/nothing"),
        (["simulated-judge", "--split", "train"], 2, "no split 'train'"),
        (["length", "--repeats", "3"], 2, "takes no seed"),
        (["simulated-judge", "-o", "audit.pdf"], 2, "written as .html or .json"),
        (["simulated-judge", "--adapter", "score-to-compare"], 2, "can serve nothing"),
        (["simulated-judge", "--adapter", "position-intercept"], 2, "intercept"),
        (["simulated-judge", "--own", "aster", "--limit", "9"], 0, "no writers are marked"),
        (
            ["simulated-judge", "-t", "judge-audit/writers", "--own", "cedar", "--limit", "9"],
            0,
            "there are aster, birch",
        ),
    ],
)
def test_what_cannot_be_audited_is_said(harness, arguments, code, said):
    ran = harness("audit", *arguments)
    assert (ran.code, said in ran.out + ran.err) == (code, True), ran.out + ran.err
    assert "Traceback" not in ran.err


def test_an_empty_set_and_bad_rows_are_said(harness, project):
    (project / "none.jsonl").write_text("")
    rows = [{"prompt": "q", "first": "a", "second": "b", "label": label} for label in ("first", "neither")]
    (project / "bad.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    tasks = {
        f"mine/{name}": {"kind": "labelled-pairs", "data": {"test": {"file": str(project / f"{name}.jsonl")}}}
        for name in ("none", "bad")
    }
    (project / "registry.yaml").write_text(json.dumps({"tasks": tasks}))
    empty = harness("audit", "simulated-judge", "-t", "mine/none")
    assert (empty.code, "mine/none holds no pairs" in empty.err) == (2, True)
    bad = harness("audit", "simulated-judge", "-t", "mine/bad")
    assert bad.code == 0
    assert "1 rows hold no pair" in bad.out
    assert "'label' is 'neither'" in bad.out


def test_a_dry_run_counts_what_would_be_asked(harness):
    plain = harness("audit", "simulated-judge", "--repeats", "1", "--dry-run", "--json").document["sets"][0]
    # Copies are the same request in both orders.
    assert (plain["pairs"], plain["verdicts"], plain["asked"]) == (375, 750, 735)
    more = harness("audit", "simulated-judge", "--repeats", "3", "--dry-run", "--json").document["sets"][0]
    assert (more["verdicts"], more["asked"]) == (1500, 1485)


def test_a_reward_model_is_audited_through_its_adapter_beside_sets_without_marks(harness):
    ran = harness("audit", "length", "-t", "quickstart/preferences", "-t", "judge-audit/made-up", "--json")
    assert ran.document["adapters"] == ["score-to-compare"]
    assert [one["task"] for one in ran.document["sets"]] == ["quickstart/preferences", "judge-audit/made-up"]
    assert {"task": "judge-audit/made-up", "key": "length_effect"} in [
        {"task": flag["task"], "key": flag["key"]} for flag in ran.document["flags"]
    ]
    assert key_of(ran.document, "first_position_rate", 1)["value"] == 0.5
    assert key_of(ran.document, "self_consistency")["value"] is None
