"""Texts that a language model says in other words before a mark is looked for; and edits of texts without a mark."""

import json

import pytest
from harness_plugins.watermark.rewriting import words_kept

from harness.names.registry import Registry
from harness.tasks.build import build_task

from ..messages import saying
from .test_end_to_end import values

PLUGIN = '''
from harness import Completion, Model, hookimpl


@hookimpl
def register_models(register):
    for name in ("Shortens", "Silent"):
        register(name.lower(), f"plugin_paraphrasers:{name}", offers=("generate",), description=name)


class Shortens(Model):
    """Says the first half of a text."""

    batch_size = 8

    def generate(self, requests):
        return [(Completion(self.said(r.prompt.messages[-1].content.partition("\\n\\n")[2])),) for r in requests]

    def said(self, text):
        words = text.split()
        return " ".join(words[: len(words) // 2])


class Silent(Shortens):
    def said(self, text):
        return " "
'''
TASK = "mark-attack:watermark/demonstration:how=rewrite"


@pytest.fixture
def paraphrasers(add_plugin):
    add_plugin("paraphrasers", PLUGIN)


def test_all_texts_are_rewritten_before_a_mark_is_looked_for(paraphrasers, harness, project):
    rows = [{"text": f"one two three four {n}", "label": n % 2} for n in range(6)]
    (project / "tasks" / "m").mkdir(parents=True)
    (project / "tasks" / "m" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {"kind": "watermark", "data": {"test": {"file": "rows.jsonl"}}, "metrics": ["auroc"]}
    (project / "tasks" / "m" / "texts.yaml").write_text(json.dumps(task))
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    name = "mark-attack:m/texts:how=rewrite"
    ran = harness("eval", "-m", "prompt-length", "--role", "paraphraser=shortens", "-t", name, "--json")
    assert ran.code == 0, ran.err
    found = values(ran.document)
    assert found["prompt-length", "words_kept"] == pytest.approx(2 / 5)
    silent = harness("eval", "-m", "prompt-length", "--role", "paraphraser=silent", "-t", name, "--json")
    (kept,) = [row for row in silent.document["results"] if row["metric"] == "words_kept"]
    assert (kept["value"], kept["n_failed"]) == (None, 6)


def test_what_a_marked_model_writes_is_rewritten(paraphrasers, harness, project):
    marked = "watermarked:base=[word-chain],scheme=counter,key=2402,delta=3"
    options = {"max_tokens": 40, "attack": "rewrite"}
    source = {"generator": "harness_plugins.watermark.demonstration:prompts"}
    (project / "tasks" / "m").mkdir(parents=True)
    for task in ("plain", "attacked"):
        written = {
            "kind": "marking",
            "data": {"test": source},
            "options": options if task == "attacked" else {"max_tokens": 40},
            "metrics": ["mean_mark_z", "words_kept"],
        }
        (project / "tasks" / "m" / f"{task}.yaml").write_text(json.dumps(written))
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    roles = [
        "--role",
        "detector=watermark-detector:base=[word-chain],scheme=counter,key=2402",
        "--role",
        "paraphraser=shortens",
    ]
    plain = harness("eval", "-m", f"own={marked}", *roles[:2], "-t", "m/plain", "--json")
    attacked = harness("eval", "-m", f"own={marked}", *roles, "-t", "m/attacked", "--json")
    assert attacked.code == 0, attacked.err
    before, after = values(plain.document), values(attacked.document)
    assert before["own", "words_kept"] == 1
    assert after["own", "words_kept"] == pytest.approx(0.5, abs=0.05)
    assert 0 < after["own", "mean_mark_z"] < before["own", "mean_mark_z"]


def texts(name):
    """The texts of a task by id, with their labels."""
    return {item.id: (item.fields["text"], item.fields["label"]) for item in build_task(Registry(), name).items()}


@pytest.mark.parametrize("how", ["delete,share=0.3", "insert,share=0.3", "swap", "substitute,share=0.5", "copy-paste"])
def test_texts_without_a_mark_go_through_the_same_edit(how):
    plain = texts("watermark/demonstration")
    every = texts(f"mark-attack:watermark/demonstration:how={how}")
    marked = texts(f"mark-attack:watermark/demonstration:how={how},of=marked")
    changed = {label: [every[key] != plain[key] for key in plain if plain[key][1] == label] for label in (0, 1)}
    assert all(changed[0])
    assert all(changed[1])
    assert {key for key in plain if marked[key] != plain[key]} == {key for key in plain if plain[key][1] == 1}
    assert all(marked[key] == every[key] for key in plain if plain[key][1] == 1)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ("how=rewrite,share=0.5", ["share", "nothing", "how=rewrite"]),
        ("how=delete,pieces=3", ["pieces", "nothing", "how=delete"]),
        ("how=delete,of=both", ["of", "'all' or 'marked'", "'both'"]),
    ],
)
def test_options_that_do_nothing_are_refused(harness, options, facts):
    ran = harness("eval", "-m", "prompt-length", "-t", f"mark-attack:watermark/demonstration:{options}")
    assert ran.code != 0
    assert " ".join(ran.err.split()) == saying(*facts)


def test_a_group_gives_each_attack_the_options_that_it_takes():
    made = Registry().benchmarks().find("mark-attack:watermark/demonstration:pieces=3,seed=2").tasks
    assert "mark-attack:watermark/demonstration:how=copy-paste,pieces=3,seed=2" in made
    assert "mark-attack:watermark/demonstration:how=delete,seed=2" in made
    assert not any("rewrite" in name for name in made)


def test_words_kept_counts_each_as_often_as_it_is_in_both():
    assert words_kept("a b b c", "B b b d") == 0.5
    assert words_kept("", "a") == 0
