"""Marks from the model that writes them to the detector that finds them, by commands and by the interface of Python."""

from __future__ import annotations

import json

import pytest
from harness_plugins.watermark.mark import Mark, mismatch, read_declared, tokenizer_hash, write_mark
from harness_plugins.watermark.word_chain import WordChain
from harness_plugins.watermark.writing import MarkSteering

from harness import Conversation, Generation, Registry, Sampling, SteeredGeneration, UsageError

DETECTOR = "watermark-detector:base=[word-chain:words=300],scheme=counter,key=5"
WRITER = "watermarked:base=[word-chain:words=300],scheme=counter,key=5"
PROMPTS = [
    {"id": f"p{n}", "prompt": word, "host": "bada daba gaba faba " * 60}
    for n, word in enumerate(WordChain(words=300).tokens()[:12])
]


def write_tasks(project, **options):
    folder = project / "tasks" / "m"
    folder.mkdir(parents=True)
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in PROMPTS))
    task = {"kind": "marking", "data": {"test": {"file": "prompts.jsonl"}}, "options": {"max_tokens": 60, **options}}
    (folder / "task.yaml").write_text(json.dumps(task))
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")


def values(document):
    return {(row["model"], row["metric"]): row["value"] for row in document["results"] if row["domain"] == "overall"}


def marking(harness, *models, detector=DETECTOR, task="m/task"):
    named = [part for model in models for part in ("-m", model)]
    return harness("eval", *named, "-t", task, "--role", f"detector={detector}", "--json")


def test_a_mark_is_found_in_what_the_marked_model_writes_and_not_in_what_the_bare_one_does(project, harness):
    write_tasks(project)
    ran = marking(harness, f"marked={WRITER}", "bare=word-chain:words=300")
    assert ran.code == 0, ran.err
    found = values(ran.document)
    assert found["marked", "marks_found:level=0.01"] == 1
    assert found["bare", "marks_found:level=0.01"] <= 1 / 12
    assert found["marked", "mean_mark_z"] > 6
    assert abs(found["bare", "mean_mark_z"]) < 1.5


def test_an_attack_takes_of_the_mark_what_it_says(project, harness):
    write_tasks(project, attack="copy-paste", share=0.25)
    found = values(marking(harness, f"marked={WRITER}").document)
    assert found["marked", "mean_mark_z"] < 5


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (DETECTOR.replace("key=5", "key=6"), "key_hash"),
        (DETECTOR + ",gamma=0.5", "gamma"),
        (DETECTOR.replace("words=300", "words=301"), "tokenizer"),
        (DETECTOR + ",context=2", "context"),
        (DETECTOR.replace("counter", "lefthash"), "scheme"),
    ],
)
def test_a_detector_of_another_mark_is_an_error_and_no_z_of_zero(project, harness, wrong, name):
    write_tasks(project)
    ran = marking(harness, f"marked={WRITER}", detector=wrong)
    assert ran.code != 0
    assert f"{name} is " in ran.out + ran.err


def test_a_file_that_means_another_mark_is_an_error(project, harness):
    write_tasks(project)
    tokens = tokenizer_hash(WordChain(words=300).tokens())
    mark = Mark("counter", 5, vocabulary=300, tokenizer=tokens)
    write_mark(mark, "right.json")
    assert str(mark.key) not in json.loads((project / "right.json").read_text()).values()
    write_mark(Mark("counter", 6, vocabulary=300, tokenizer=tokens), "wrong.json")
    (project / "broken.json").write_text('{"gamma": 0.25}')
    assert marking(harness, f"marked={WRITER}", detector=DETECTOR + ",mark_file=right.json").code == 0
    for file, said in (("wrong.json", "key_hash is "), ("broken.json", "vocabulary"), ("none.json", "none.json")):
        ran = marking(harness, f"marked={WRITER}", detector=DETECTOR + f",mark_file={file}")
        assert ran.code != 0, file
        assert said in ran.out + ran.err


def test_rows_are_detected_beside_detectors_that_know_nothing_of_marks(project, harness):
    folder = project / "tasks" / "m"
    folder.mkdir(parents=True)
    chain = WordChain(words=300)
    mark = Mark("counter", 5, vocabulary=300, tokenizer=tokenizer_hash(chain.tokens()))
    sampling = Sampling(1.0, max_tokens=60)
    rows = []
    for word in chain.tokens()[:15]:
        prompt = Conversation.plain(word)
        (marked,) = chain.steer([SteeredGeneration(prompt, 1, sampling, MarkSteering(mark))])
        (plain,) = chain.generate([Generation(prompt, 1, sampling)])
        rows.append({"text": marked[0].text, "label": 1, "declared": mark.public(), "host": plain[0].text})
        rows.append({"text": plain[0].text, "label": 0})
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {"kind": "watermark", "data": {"test": {"file": "rows.jsonl"}}}
    task["metrics"] = ["auroc", "marks_found", "false_marks", "mean_mark_z", "mean_unmarked_z", "spread_of_unmarked_z"]
    (folder / "texts.yaml").write_text(json.dumps(task))
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    ran = harness("eval", "-m", f"own={DETECTOR}", "-m", "random", "-t", "m/texts", "--json")
    found = values(ran.document)
    assert found["own", "auroc"] == 1
    assert found["own", "marks_found"] == 1
    assert found["own", "false_marks"] <= 1 / 15
    assert 0.5 < found["own", "spread_of_unmarked_z"] < 1.6
    assert 0.2 < found["random", "auroc"] < 0.8
    assert found.get(("random", "mean_mark_z")) is None
    other = harness("eval", "-m", f"other={DETECTOR},gamma=0.4", "-t", "m/texts", "--json")
    assert other.code != 0
    attacked = harness("eval", "-m", f"own={DETECTOR}", "-t", "mark-attack:m/texts:how=delete,share=0.5", "--json")
    assert 0 < values(attacked.document)["own", "mean_mark_z"] < found["own", "mean_mark_z"]
    disguised = harness("eval", "-m", f"own={DETECTOR}", "-t", "evasion:m/texts:how=homoglyph,strength=0.3", "--json")
    assert values(disguised.document)["own", "mean_mark_z"] < found["own", "mean_mark_z"]


@pytest.mark.slow
def test_repeats_make_z_too_large_unless_each_ngram_counts_once(harness, project):
    base = "base=[word-chain],scheme=counter,key=2402"
    ran = harness(
        *("eval", "-t", "watermark/repeats", "--json", "-m", f"once=watermark-detector:{base}"),
        *("-m", f"counted=watermark-detector:{base},repeats=count"),
    )
    found = values(ran.document)
    assert found["once", "false_marks:level=0.01"] < 0.02
    assert found["once", "spread_of_unmarked_z"] == pytest.approx(1, abs=0.12)
    assert found["counted", "false_marks:level=0.01"] > 0.1
    assert found["counted", "spread_of_unmarked_z"] > 2
    rows = [row for row in ran.document["results"] if row["metric"].startswith("false_marks")]
    assert [bool(row["detail"].get("note")) for row in rows] == [False, False, True, True]


def test_what_a_file_or_row_declares_is_read_whole_or_refused():
    mark = Mark("selfhash", 9, 0.4, 1.5, 3, 100, "abc")
    assert mismatch(read_declared("row 1", mark.declaration()), mark) == ""
    for text in ("[]", "no json", "{}", mark.declaration().replace("selfhash", "none"), mark.declaration()[:-1]):
        with pytest.raises(UsageError, match="row 1"):
            read_declared("row 1", text)


@pytest.mark.parametrize(
    "name", ["how=copypaste", "how=delete,share=0", "how=delete,pieces=0", "hwo=delete", "how=delete,seed=-1"]
)
def test_options_of_attacked_tasks_are_checked(name):
    with pytest.raises(UsageError):
        Registry().tasks().find(f"mark-attack:watermark/demonstration:{name}")
