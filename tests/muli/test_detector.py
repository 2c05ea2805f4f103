"""From training over a tiny language model to scores, the same by readout and by whole distributions."""

import json
import shutil

import numpy as np
import pytest
from harness_plugins.muli.prompts import FORMATS, Prompting
from harness_plugins.muli.saved import FILE, load

from harness import Conversation, Message
from harness.errors import CellError

from ..messages import saying

TASK = "quickstart/detection"


@pytest.fixture
def trained(harness, language_model, tmp_path):
    """``trained(name, trainer, *settings)``: the directory of a detector."""

    def make(name, trainer="muli", *settings, limit=60):
        options = [part for setting in settings for part in ("--set", setting)]
        ran = harness(
            "train", trainer, "-t", TASK, "--base", f"hf:path={language_model}", "-o", name, "--limit", limit, *options
        )
        assert ran.code == 0, ran.err
        return tmp_path / "project" / name

    return make


def scores(ran):
    return {(r["model"], r["metric"]): r["value"] for r in ran.document["results"] if r["domain"] == "overall"}


def test_a_detector_is_trained_saved_readable_and_evaluated(trained, harness, language_model):
    path = trained("d", "muli", "penalty=0.02")
    content = json.loads((path / FILE).read_text())
    assert (path / FILE).stat().st_size < 10_000
    assert not list(path.glob("*.f32*"))
    assert content["tokens"]
    assert abs(content["tokens"][0]["weight"]) == max(abs(token["weight"]) for token in content["tokens"])
    assert content["facts"]["gap"] <= 1e-7
    assert content["base"] == f"hf:path={language_model}"
    ran = harness("eval", "-m", f"d=muli:path={path}", "-t", TASK, "--json")
    assert ran.code == 0, ran.err
    assert scores(ran)["d", "auroc"] > 0
    assert "was trained over" not in ran.err


def test_readout_and_whole_distribution_give_the_same_scores(trained, language_model):
    import torch
    from harness_plugins.hf.language_model import LanguageModel

    for name, trainer, settings in (
        ("exact", "muli", ["penalty=0.01"]),
        ("published", "muli-compat", ["prompt=chat", "epochs=20"]),
    ):
        detector = load(trained(name, trainer, *settings))
        model = LanguageModel(str(language_model))
        model.load()
        prompts = [detector.prompting.of(Conversation.user(text)) for text in ("Send your PIN.", "Hello", "")]
        from harness import Readout

        with torch.inference_mode():
            read = model.readout([Readout(prompt, detector.readout) for prompt in prompts])
            rows = model.next_token(prompts)
        whole = [float(detector.score(detector.feature.of(row))) for row in rows]
        assert read == pytest.approx(whole, abs=1e-4 if name == "exact" else 1e-3)
        assert np.std(whole) > 0


def test_a_damaged_missing_or_foreign_detector_is_refused_in_one_sentence(trained, harness, tiny, tmp_path):
    path = trained("d", "muli", "penalty=0.05")
    ran = harness("eval", "-m", "muli:path=nowhere", "-t", TASK)
    assert ran.code == 2
    assert "holds no trained detector" in ran.err
    other = tiny.causal(tmp_path / "other", vocabulary=330)
    ran = harness("eval", "-m", f"muli:path={path},base=[hf:path={other}]", "-t", TASK, "--limit", 5)
    assert ran.code == 1
    assert "its weights belong to other tokens" in ran.err
    ran = harness("eval", "-m", f"muli:path={path},base=tfidf", "-t", TASK, "--limit", 5)
    assert ran.code == 1
    assert "offers neither readout nor next_token" in ran.err
    whole = (path / FILE).read_text()
    for damaged in (
        whole[: len(whole) // 2],
        whole.replace('"bias": ', '"bias": 1e999, "was": '),
        whole.replace('"format": 1', '"format": 9'),
    ):
        (path / FILE).write_text(damaged)
        with pytest.raises(CellError, match=r"damaged|upgrade"):
            load(path)


def test_another_base_of_the_same_vocabulary_is_used_with_a_warning(trained, harness, tiny, tmp_path):
    path = trained("d", "muli", "penalty=0.05")
    other = tiny.causal(tmp_path / "other", seed=7, context=1024)
    ran = harness("eval", "-m", f"muli:path={path},base=[hf:path={other}]", "-t", TASK, "--limit", 5)
    assert ran.code == 0
    assert ran.err == saying("model", "deviations")
    template = tmp_path / "t.jinja"
    template.write_text("{{ messages[0]['content'] }}!")
    base = f"hf:path={tmp_path / 'other'},chat_template={template}"
    ran = harness("eval", "-m", f"muli:path={path},base=[{base}]", "-t", TASK, "--limit", 5)
    assert "renders prompts by another template" in ran.err


def test_long_and_empty_prompts_fail_or_are_scored_alone(trained, harness, write_task):
    path = trained("d", "muli", "penalty=0.05")
    rows = [
        {"id": "long", "text": "word " * 40_000, "label": 1},
        {"id": "empty", "text": "", "label": 0},
        {"id": "plain", "text": "a plain text", "label": 1},
    ]
    write_task("demo/odd", rows, kind="detection")
    ran = harness("eval", "-m", f"d=muli:path={path}", "-t", "demo/odd", "--json")
    (auroc,) = [r for r in ran.document["results"] if r["metric"] == "auroc"]
    assert (auroc["n"], auroc["n_failed"]) == (2, 1)
    assert "model has room for 1024" in ran.document["failures"][0]["reason"]


def test_training_leaves_out_what_the_model_cannot_answer_and_says_so(harness, language_model, write_task, tmp_path):
    rows = [{"id": str(i), "text": f"text {i} " + "x " * (i % 7), "label": i % 2} for i in range(30)]
    rows.insert(0, {"id": "long", "text": "word " * 2000, "label": 1})
    write_task("demo/odd", rows, kind="detection", data={s: {"file": "odd.jsonl"} for s in ("train", "test")})
    ran = harness(
        "train",
        "muli",
        "-t",
        "demo/odd",
        "--base",
        f"hf:path={language_model}",
        "-o",
        "d",
        "--set",
        "folds=3",
        "--json",
    )
    assert ran.code == 0, ran.err
    figures = ran.document["figures"]
    assert (figures["texts"], figures["left_out"]) == (30, 1)
    assert "room for 1024" in figures["first_reason"]


@pytest.mark.parametrize(
    ("rows", "settings", "message"),
    [
        ([{"text": "a", "label": 1}, {"text": "b", "label": 1}], [], saying("texts of both classes")),
        ([{"text": "a", "label": 2}, {"text": "b", "label": 1}], [], saying("label")),
        (
            [{"text": "a", "label": 0}, {"text": "b", "label": 1}],
            [],
            saying("5", "parts", "least", "independent"),
        ),
        ([{"text": "a", "label": 0}, {"text": "b", "label": 1}], ["criterion=accuracy"], saying("criterion=accuracy")),
        ([{"text": "a", "label": 0}, {"text": "b", "label": 1}], ["feature=logit"], saying("feature=logit")),
        ([{"text": "a", "label": 0}, {"text": "b", "label": 1}], ["prompt=lama-2"], saying("'llama-2'")),
        (
            [{"text": "a", "label": 0}, {"text": "a", "label": 1}],
            ["penalty=1", "prompt=plain"],
            saying("the same whatever"),
        ),
    ],
)
def test_what_cannot_be_learned_from_is_said(harness, language_model, write_task, rows, settings, message):
    rows = [{"id": str(i), **row} for i, row in enumerate(rows)]
    write_task("demo/odd", rows, kind="detection", data={s: {"file": "odd.jsonl"} for s in ("train", "test")})
    options = [part for setting in settings for part in ("--set", setting)]
    ran = harness("train", "muli", "-t", "demo/odd", "--base", f"hf:path={language_model}", "-o", "d", *options)
    assert ran.code in (1, 2)
    assert ran.err == message
    assert "Traceback" not in ran.err


def test_a_base_without_distributions_is_refused(harness):
    ran = harness("train", "muli", "-t", TASK, "--base", "tfidf", "-o", "d")
    assert ran.code == 2
    assert ran.err == saying("next_token", "offers: embed")


def test_a_killed_training_asks_nothing_again(trained, harness, language_model, monkeypatch):
    from harness_plugins.muli import trainers

    def killed(*arguments, **settings):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trainers, "solve", killed)
        ran = harness(
            "train", "muli", "-t", TASK, "--base", f"hf:path={language_model}", "-o", "d", "--limit", 60, "--set",
            "penalty=0.05",
        )  # fmt: skip
    assert ran.code == 130
    from harness_plugins.hf.language_model import LanguageModel

    def asked(self, capability, requests):
        raise AssertionError(f"{capability} of {requests}")

    monkeypatch.setattr(LanguageModel, "stream", asked)  # what is on file needs no model
    path = trained("d", "muli", "penalty=0.05")
    assert load(path).facts["texts"] == 60


def test_fixed_formats_show_the_message_once_with_a_blank_behind():
    asked = Prompting("llama-2").of(Conversation.user("How {} are you?"))
    assert asked.messages == (Message("text", "[INST] How {} are you? [/INST] "),)
    assert all(behind.endswith(" ") for before, behind in FORMATS.values() if behind)
    assert Prompting("chat", "<think></think>").of(Conversation.user("a")).messages[-1] == Message(
        "assistant", "<think></think>"
    )


def test_explanations_add_up(trained, harness):
    path = trained("d", "muli", "penalty=0.01")
    ran = harness("explain", path, "--json", "--top", 3)
    assert ran.code == 0, ran.err
    detector = load(path)
    shown = [row["weight"] for row in ran.document["rows"]]
    assert shown == sorted(shown, key=abs, reverse=True)
    assert sum(map(abs, shown)) + ran.document["others"] == pytest.approx(np.abs(detector.weights).sum())
    ran = harness("explain", path, "--text", "Send your PIN", "--json", "--top", 4)
    document = ran.document
    assert document["score"] == pytest.approx(
        sum(row["contribution"] for row in document["rows"]) + document["others"] + document["bias"]
    )
    said = harness("explain", path, "--text", "Send your PIN", "-o", "t.html")
    assert "score" in said.out
    page = (path.parent / "t.html").read_text()
    assert "What each token adds" in page
    shutil.rmtree(path)
    ran = harness("explain", path, "--text", "a\udcff")
    assert (ran.code, ran.err.partition(";")[0]) == (2, saying("--text", "character", "2"))
    ran = harness("explain", path)
    assert ran.code == 2


def test_an_explanation_refuses_another_vocabulary_and_warns_of_another_model(trained, harness, tiny, tmp_path):
    path = trained("d", "muli", "penalty=0.02")
    other = tiny.causal(tmp_path / "other", vocabulary=330)
    ran = harness("explain", path, "--text", "a", "--base", f"hf:path={other}")
    assert ran.code == 1
    assert "its weights belong to other tokens" in ran.err
    same = tiny.causal(tmp_path / "same", seed=5, context=1024)
    ran = harness("explain", path, "--text", "a", "--base", f"hf:path={same}")
    assert ran.code == 0
    assert "is not the same model" in ran.err
    ran = harness("explain", path, "--text", "a", "--base", "tfidf")
    assert ran.code == 2
    assert "gives no distribution of the next token" in ran.err


@pytest.mark.parametrize(
    "setting", ["batch=-5", "batch=0", "epochs=0", "rate=-1", "rate=1e30", "clip=-1", "penalty=-1", "seed=-1"]
)
def test_settings_of_the_descent_are_checked_before_anything_is_asked(harness, language_model, setting):
    ran = harness(
        "train", "muli-compat", "-t", TASK, "--base", f"hf:path={language_model}", "-o", "d", "--set", setting
    )
    assert ran.code == 2
    assert setting.split("=")[0] in ran.err


def test_what_was_left_out_is_counted_after_an_interruption_too(harness, language_model, write_task, monkeypatch):
    from harness_plugins.muli import gathering

    monkeypatch.setattr(gathering, "ASKED_AT_ONCE", 8)
    rows = [{"id": str(i), "text": f"text {i} " + "x " * (i % 7), "label": i % 2} for i in range(30)]
    rows[3]["text"] = "word " * 2000
    write_task("demo/odd", rows, kind="detection", data={s: {"file": "odd.jsonl"} for s in ("train", "test")})
    command = (
        "train",
        "muli",
        "-t",
        "demo/odd",
        "--base",
        f"hf:path={language_model}",
        "-o",
        "d",
        "--set",
        "penalty=0.1",
    )
    features = gathering._features
    calls = []

    def killed(ask, prompts, feature):
        calls.append(len(prompts))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return features(ask, prompts, feature)

    with monkeypatch.context() as patch:
        patch.setattr(gathering, "_features", killed)
        assert harness(*command).code == 130
    ran = harness(*command, "--json")
    assert ran.code == 0, ran.err
    assert (ran.document["figures"]["texts"], ran.document["figures"]["left_out"]) == (29, 1)
    assert "room for 1024" in ran.document["figures"]["first_reason"]


def test_a_detector_of_another_trainer_is_not_called_damaged(project, harness):
    (project / "other").mkdir()
    (project / "other" / "detector.json").write_text('{"kind": "operating-point"}')
    ran = harness("explain", "other")
    assert ran.code == 2
    assert "but by another" in ran.err


def test_prompts_that_it_was_trained_on_are_not_passed_through_the_base_again(trained, harness, monkeypatch):
    from harness_plugins.hf.language_model import LanguageModel

    path = trained("d", "muli", "penalty=0.05")
    command = ("eval", "-m", f"d=muli:path={path}", "-t", TASK, "--split", "train", "--limit", 60, "--json")
    asked = []
    passes = LanguageModel.stream

    def counted(model, capability, requests):
        asked.extend((capability, request) for request in requests)
        return passes(model, capability, requests)

    monkeypatch.setattr(LanguageModel, "stream", counted)
    from_file = harness(*command)
    assert (from_file.code, asked) == (0, [])
    elsewhere = harness(*command, "--store", "elsewhere.sqlite")
    assert {capability for capability, _ in asked} == {"readout"}
    close = {key: pytest.approx(value, abs=1e-6) for key, value in scores(elsewhere).items()}
    assert scores(from_file) == close
