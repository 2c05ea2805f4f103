"""The task files without their data: all build, say their licence, and read rows as the hub has them."""

import json

import pytest

from harness.task import BadItem
from harness.tasks.build import build_task

from ..messages import saying

HUB = {
    "toxic-chat": (
        "lmsys/toxic-chat/toxicchat0124/test",
        {"conv_id": "a", "user_input": "hello", "toxicity": 1, "jailbreaking": 0, "human_annotation": True},
        ("hello", 1),
    ),
    "toxic-chat-1123": (
        "lmsys/toxic-chat/toxicchat1123/test",
        {"user_input": "hello", "toxicity": 0, "jailbreaking": 0},
        ("hello", 0),
    ),
    "toxic-chat-jailbreaking": (
        "lmsys/toxic-chat/toxicchat0124/test",
        {"user_input": "hello", "toxicity": 1, "jailbreaking": 0},
        ("hello", 0),
    ),
    "openai-moderation": (
        "mmathys/openai-moderation-api-evaluation/train",
        {"prompt": "hello", "S": 0, "H": None, "V": 1, "HR": None, "SH": 0, "S3": 0, "H2": None, "V2": 0},
        ("hello", 1),
    ),
    "openai-moderation-violence": (
        "mmathys/openai-moderation-api-evaluation/train",
        {"prompt": "hello", "S": 0, "H": None, "V": 1},
        ("hello", 1),
    ),
    "xstest": (
        "Paul/XSTest/train",
        {"id": 1, "prompt": "hello", "type": "homonyms", "label": "safe", "focus": "x", "note": ""},
        ("hello", 0),
    ),
    "or-bench-80k": ("bench-llm/or-bench/or-bench-80k/train", {"prompt": "hello", "category": "x"}, ("hello", 0)),
    "or-bench-hard": ("bench-llm/or-bench/or-bench-hard-1k/train", {"prompt": "hello", "category": "x"}, ("hello", 0)),
    "or-bench-toxic": ("bench-llm/or-bench/or-bench-toxic/train", {"prompt": "hello", "category": "x"}, ("hello", 1)),
    "advbench": ("walledai/AdvBench/train", {"prompt": "hello", "target": "Sure"}, ("hello", 1)),
    "harmbench": ("walledai/HarmBench/standard/train", {"prompt": "hello", "category": "x"}, ("hello", 1)),
    "simplesafetytests": (
        "Bertievidgen/SimpleSafetyTests/test",
        {"id": "p1", "harm_area": "x", "category": "y", "prompt": "hello"},
        ("hello", 1),
    ),
    "jailbreakbench-harmful": (
        "JailbreakBench/JBB-Behaviors/behaviors/harmful",
        {"Index": 0, "Goal": "hello", "Target": "Sure", "Behavior": "x", "Category": "y"},
        ("hello", 1),
    ),
    "jailbreakbench-benign": (
        "JailbreakBench/JBB-Behaviors/behaviors/benign",
        {"Index": 0, "Goal": "hello", "Target": "Sure", "Behavior": "x", "Category": "y"},
        ("hello", 0),
    ),
    "do-not-answer": (
        "LibrAI/do-not-answer/train",
        {"id": 0, "risk_area": "x", "types_of_harm": "y", "specific_harms": "z", "question": "hello"},
        ("hello", 1),
    ),
    "hatecheck": (
        "Paul/hatecheck/test",
        {
            "functionality": "x",
            "case_id": 1,
            "test_case": "hello",
            "label_gold": "hateful",
            "target_ident": "",
            "templ_id": 3,
        },
        ("hello", 1),
    ),
    "lmsys-chat-1m-openai-labels": (
        "lmsys/lmsys-chat-1m/train",
        {
            "conversation_id": "c",
            "language": "English",
            "conversation": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}],
            "openai_moderation": [{"flagged": True}, {"flagged": False}],
        },
        ("hello", 1),
    ),
}
"""A row as the hub has it, where it lies, and the text and label read from it."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Writes rows where a copy of the hub's data set has them."""
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def write(where, rows):
        path = tmp_path / f"{where}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    return write


def suite(registry):
    return [name for name in registry.tasks().files() if name.startswith("toxicity/")]


def test_every_task_builds_and_says_what_a_reader_needs_to_know(registry):
    names = suite(registry)
    assert len(names) >= 34
    for name in names:
        task = build_task(registry, name)
        d = task.definition
        assert d.description.endswith("."), name
        assert d.licence, name
        assert d.citation, name
        assert d.brief.get("positive"), name
        assert d.brief.get("negative"), name
        assert set(task.splits) <= {"train", "test"}, name


def test_the_licence_is_shown(registry):
    from harness.cli.show_command import describe_name

    (facts,) = describe_name(registry, "toxicity/toxic-chat")
    assert facts["licence"] == "CC-BY-NC-4.0"


@pytest.mark.parametrize("name", HUB)
def test_rows_as_the_hub_has_them_are_read(registry, place, name):
    where, row, (text, label) = HUB[name]
    skipped = 10_000 if name.startswith("lmsys") else 0
    place(where, [row] * (skipped + 1))
    (item,) = build_task(registry, f"toxicity/{name}").items()
    assert not isinstance(item, BadItem), item.problem
    assert (item.fields["text"].text, item.fields["label"]) == (text, label)


def test_a_pair_of_sets_has_ids_of_its_own(registry, place):
    place("JailbreakBench/JBB-Behaviors/behaviors/harmful", [{"Goal": "a"}, {"Goal": "b"}])
    place("JailbreakBench/JBB-Behaviors/behaviors/benign", [{"Goal": "c"}, {"Goal": "d"}])
    items = list(build_task(registry, "toxicity/jailbreakbench").items())
    assert [item.id for item in items] == ["harmful/0", "harmful/1", "benign/0", "benign/1"]
    assert [item.fields["label"] for item in items] == [1, 1, 0, 0]
    assert [item.cluster for item in items] == ["0", "1", "0", "1"]


def test_the_hand_labelled_messages_are_lists(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    path = tmp_path / "detection_logits" / "data" / "handlabeled_toxicity_lmsys_1m_split_50.json"
    path.parent.mkdir(parents=True)
    path.write_text(
        json.dumps({"train": [["x", "a", 0, "y", 0]], "test": [["x", "b", 1, "y", 1], ["x", "c", 2, "y", 0]]})
    )
    task = build_task(registry, "toxicity/lmsys-chat-1m")
    (train,) = task.items("train")
    good, bad = task.items()
    assert (train.fields["text"].text, train.fields["label"]) == ("a", 0)
    assert (good.fields["text"].text, good.fields["label"]) == ("b", 1)
    assert bad.problem == saying("'label'", "label", "0", "1", "true", "2")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"user_input": "hello", "toxicity": 3}, saying("'label'", "label", "0", "1", "true", "3")),
        ({"user_input": None, "toxicity": 1}, saying("'text'", "missing", "'user_input'")),
        ({"user_input": ["hello"], "toxicity": 1}, saying("'text'", "text", "list", "'hello'")),
        ({"toxicity": 1}, saying("'text'", "missing", "'user_input'")),
    ],
)
def test_a_bad_row_says_what_is_wrong_and_the_rest_goes_on(registry, place, row, problem):
    place("lmsys/toxic-chat/toxicchat0124/test", [row, {"user_input": "fine", "toxicity": 0}])
    bad, good = build_task(registry, "toxicity/toxic-chat").items()
    assert bad.problem == problem
    assert good.fields["text"].text == "fine"


def test_a_label_of_another_name_is_bad(registry, place):
    place("Paul/XSTest/train", [{"id": 1, "prompt": "hello", "label": "unclear"}])
    (bad,) = build_task(registry, "toxicity/xstest").items()
    assert bad.problem == saying("'label'", "'unclear'", "'safe'", "'unsafe'")


def test_data_that_have_no_hub_say_where_a_copy_is_looked_for(registry, tmp_path, monkeypatch):
    from harness.errors import DataError

    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    with pytest.raises(DataError, match=saying("looked", "safety/gptfuzz/evaluate.csv.gz").pattern):
        list(build_task(registry, "toxicity/gptfuzz").items())
    monkeypatch.delenv("HARNESS_DATA")
    with pytest.raises(DataError, match=saying("looked", "HARNESS_DATA").pattern):
        list(build_task(registry, "toxicity/gptfuzz").items())
