"""The library of disguised tasks, and the defence, as a user meets them."""

import json

import pytest

from harness import Conversation, Failure, evaluate
from harness.errors import UsageError
from harness.model import Part
from harness.tasks.build import build_task

from ..messages import saying

ROWS = [
    {"id": "a", "text": "hold the door", "label": 1, "kind": "x", "group": "g"},
    {"id": "b", "text": "hold the line", "label": 0, "kind": "x", "group": "g"},
    {"id": "c", "text": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "so cold"}], "label": 1},
]


@pytest.fixture
def demo(write_task):
    """A detection task of three rows, and a preference task beside it."""
    write_task("demo/doors", ROWS, kind="detection", slices=["kind"], cluster="group", licence="MIT", metrics=["brier"])
    write_task("demo/pairs", [{"prompt": "q", "chosen": "a", "rejected": "b"}], kind="preference")
    path = write_task("demo/benchmark", None, kind="none")
    path.write_text("description: two\ntasks: [demo/doors, demo/pairs]\n")


@pytest.fixture
def task(demo):
    from harness.names.registry import Registry

    return lambda name: build_task(Registry(), name)


def test_positive_texts_are_disguised_and_nothing_else_changes(task):
    plain, disguised = list(task("demo/doors").items()), list(task("evasion:demo/doors:how=leet").items())
    assert [item.fields["text"].text for item in disguised] == ["h0ld 7h3 d00r", "hold the line", "be kind\n\n50 c0ld"]
    for before, after in zip(plain, disguised, strict=True):
        assert (after.id, after.domains, after.cluster, after.where) == (
            before.id,
            before.domains,
            before.cluster,
            before.where,
        )
        assert after.fields["label"] == before.fields["label"]


def test_all_texts_are_disguised_on_request(task):
    items = list(task("evasion:demo/doors:how=leet,of=all").items())
    assert items[1].fields["text"].text == "h0ld 7h3 l1n3"


def test_a_disguised_task_is_of_the_same_kind_and_says_what_was_done(task):
    plain, disguised = task("demo/doors"), task("evasion:demo/doors:how=leet")
    assert type(disguised) is type(plain)
    assert disguised.metrics == plain.metrics
    assert disguised.definition.licence == "MIT"
    assert disguised.definition.description.endswith("Disguised by leet: the positive texts.")


def test_every_option_makes_another_definition(task):
    names = ["how=leet", "how=spacing", "how=leet,of=all", "how=leet,strength=0.5", "how=leet,seed=1"]
    digests = {task(f"evasion:demo/doors:{options}").definition.digest for options in names}
    assert len(digests | {task("demo/doors").definition.digest}) == 6


def test_replies_are_disguised_with_their_prompts(write_task):
    from harness.names.registry import Registry

    rows = [{"prompt": "so?", "reply": "so it is", "label": 1}]
    write_task("demo/replies", rows, kind="reply-detection")
    (item,) = build_task(Registry(), "evasion:demo/replies:how=leet").items()
    assert [(m.role, m.content) for m in item.fields["text"].messages] == [("user", "50?"), ("assistant", "50 17 15")]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "evasion:demo/doors:how=loud",
            saying("homoglyph", "zero-width", "spacing", "leet", "padding", "drop-vowels"),
        ),
        ("evasion:demo/doors:hw=leet", saying("'hw'", "'how'")),
        ("evasion:demo/doors:how=leet,strength=0", saying("strength", "above 0", "up to 1", "not 0")),
        ("evasion:demo/doors:how=leet,strength=true", saying("strength", "above 0", "up to 1", "True")),
        ("evasion:demo/doors:how=padding,words=0", saying("words", "whole number from 1", "not 0")),
        ("evasion:demo/doors:how=leet,seed=-1", saying("seed", "whole number", "0", "-1")),
        ("evasion:demo/doors:how=leet,of=some", saying("of", "'positives'", "'all'", "'some'")),
        ("evasion:demo/doors:leet", saying("key=value", "'leet'")),
        ("evasion:demo/pairs:how=leet", saying("demo/pairs", "'preference'")),
        ("evasion:demo/dors:how=leet", saying("benchmark", "'evasion:demo/dors:how=leet'")),
        ("evasion:judgebench", saying("tasks", "detect")),
    ],
)
def test_a_wish_that_cannot_be_met_says_why(demo, harness, name, message):
    ran = harness("eval", "-m", "random", "-t", name, "--dry-run")
    assert ran.code == 2
    assert " ".join(ran.err.split()) == message
    assert "Traceback" not in ran.err


def test_without_a_disguise_a_name_stands_for_the_task_and_all_its_disguises(demo, harness):
    ran = harness("eval", "-m", "random", "-t", "evasion:demo/doors", "--json")
    assert ran.code == 0
    tasks = {result["task"] for result in ran.document["results"]}
    assert len(tasks) == 7
    assert "demo/doors" in tasks
    assert "evasion:demo/doors:how=zero-width" in tasks


def test_the_leaderboard_ranks_by_the_worst_disguise(write_task, harness):
    from harness.names.registry import Registry

    write_task("demo/doors", ROWS, kind="detection")
    benchmark = Registry().benchmarks().find("evasion:demo/doors")
    (aggregate,) = benchmark.aggregates
    assert (aggregate.name, aggregate.how, len(aggregate.of)) == ("worst disguise", "minimum", 6)
    assert "evasion:demo/doors:how=leet:auroc" in aggregate.of
    ran = harness("eval", "-m", "random", "-t", "evasion:demo/doors")
    assert ran.code == 0, ran.err
    assert "worst disguise" in ran.out


def test_a_set_of_harmless_texts_has_no_worst_disguise(write_task, demo):
    from harness.names.registry import Registry

    write_task("demo/benign", ROWS, kind="detection", metrics=["false_positive_rate"])
    assert Registry().benchmarks().find("evasion:demo/benign").aggregates == []


@pytest.mark.parametrize(
    ("target", "tasks"),
    [
        ("evasion:demo:how=leet", 1),  # a benchmark, of whose tasks one detects
        ("evasion:demo", 7),
        ("evasion:demo/*:how=leet", 1),
        ("evasion:demo/*", 7),
    ],
)
def test_benchmarks_and_patterns_stand_for_their_detection_tasks(demo, harness, target, tasks):
    ran = harness("eval", "-m", "random", "-t", target, "--json")
    assert ran.code == 0
    assert len({result["task"] for result in ran.document["results"]}) == tasks


def test_the_library_is_listed_and_shown(demo, harness):
    assert harness("list", "tasks").out == saying("detection task", "6 ways")
    listed = harness("list", "tasks", "--filter", "evasion:demo").out
    assert "evasion:demo/doors" in listed
    assert "demo/pairs" not in listed
    shown = harness("show", "evasion:demo/doors:how=leet").out
    assert "licence: MIT" in shown
    assert "first item: a" in shown


def test_a_detector_may_be_trained_on_disguised_texts(write_task, harness, project):
    rows = [{"text": f"so cold {i}" if i % 2 else f"plain talk {i}", "label": i % 2} for i in range(20)]
    path = write_task("demo/cold", rows, kind="detection")
    text = path.read_text().replace("data:\n  test:", "data:\n  train:\n    file: cold.jsonl\n  test:")
    path.write_text(text)
    ran = harness("train", "linear-detector", "-t", "evasion:demo/cold:how=leet", "-o", "armed")
    assert ran.code == 0, ran.err
    manifest = json.loads((project / "armed" / "manifest.json").read_text())
    assert manifest["task"] == "evasion:demo/cold:how=leet"


# the defence


class Recorded:
    """A base that notes what it was asked and answers with the number of characters."""

    def __init__(self):
        self.asked = []

    def __call__(self, capability, requests):
        self.asked += [(capability, request.messages) for request in requests]
        return [Failure("no answer") if r.text == "fail" else float(len(r.text)) for r in requests]


def defended(**arguments):
    from harness_plugins.evasion.defence import Normalised

    model, base = Normalised(base="any", **arguments), Recorded()
    model.parts = {"base": Part(base)}
    return model, base


def test_the_base_is_asked_about_the_texts_as_a_reader_sees_them():
    model, base = defended()
    answers = model.detect(
        [Conversation.user("h\u0435l\u200bl\u043e"), Conversation.user(""), Conversation.user("fail")]
    )
    assert answers == [5.0, 0.0, Failure("no answer")]
    assert [messages[0].content for _, messages in base.asked] == ["hello", "", "fail"]


def test_letters_are_closed_up_on_request():
    model, base = defended(spaced=True)
    model.detect([Conversation.user("h e l l o")])
    assert base.asked[0][1][0].content == "hello"


def test_origins_reach_the_base_so_that_recorded_models_can_answer():
    from harness import Origin

    origin = Origin("demo/doors", "a", (0,))
    model, _ = defended()
    assert model._plain(Conversation.user("x", origin=origin)).origin == origin


def test_a_huge_text_is_normalised():
    model, base = defended(spaced=True)
    assert model.detect([Conversation.user("h\u0435llo " * 40_000)]) == [240_000.0]
    assert base.asked[0][1][0].content == "hello " * 40_000


def test_the_defence_restores_what_a_detector_says_of_plain_texts(demo, tmp_path):
    from harness.names.registry import Registry

    targets = ["demo/doors", "evasion:demo/doors:how=homoglyph", "evasion:demo/doors:how=leet"]
    model = "defended=normalised:base=[random]"
    outcome = evaluate([model, "random"], targets, store=tmp_path / "s.sqlite", registry=Registry())
    assert outcome.exit_code == 0
    found = {
        (r.model, r.task): r.estimate.value for r in outcome.results if r.metric == "brier" and r.domain == "overall"
    }
    clean = found["random", "demo/doors"]
    assert found["defended", targets[0]] == found["defended", targets[1]] == clean
    assert found["random", targets[1]] != clean
    assert found["defended", targets[2]] != clean


def test_a_base_that_does_not_detect_is_refused(demo, harness):
    ran = harness("eval", "-m", "normalised:base=[length]", "-t", "demo/doors", "--dry-run")
    assert ran.code == 2
    assert "detect" in ran.err


def test_settings_that_are_unknown_are_refused(demo, harness):
    ran = harness("eval", "-m", "normalised:base=[random],spacd=true", "-t", "demo/doors", "--dry-run")
    assert ran.code == 2
    assert "did you mean 'spaced'?" in ran.err


def test_a_task_needs_a_way_to_be_disguised(demo):
    from harness.names.registry import Registry

    source, rest = Registry().source_of("evasion:demo/doors")
    with pytest.raises(UsageError, match=r"give how=\.\.\., one of homoglyph"):
        source.task(rest)
