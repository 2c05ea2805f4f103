"""Every task whose data have a copy: rows, positives, clusters and slices are what their authors published."""

from collections import Counter

import pytest

from harness.task import BadItem
from harness.tasks.build import build_task

COUNTS = {
    "advbench": (520, 520),
    "advbench-and-xstest-safe": (770, 520),
    "cyberseceval": (1001, 251),
    "cyberseceval-false-refusals": (750, 0),
    "cyberseceval-injections": (251, 251),
    "gptfuzz": (1540, 545),
    "harmbench": (200, 200),
    "harmbench-and-xstest-safe": (450, 200),
    "hatecheck": (3728, 2563),
    "jailbreakbench-harmful": (100, 100),
    "openai-moderation": (1680, 522),
    # Prompts whose label for the category is not known are left out.
    "openai-moderation-sexual": (984, 237),
    "openai-moderation-hate": (771, 162),
    "openai-moderation-violence": (1450, 94),
    "openai-moderation-harassment": (1444, 76),
    "openai-moderation-self-harm": (1447, 51),
    "openai-moderation-sexual-minors": (994, 85),
    "openai-moderation-hate-threatening": (761, 41),
    "openai-moderation-violence-graphic": (1447, 24),
    "simplesafetytests": (100, 100),
    "simplesafetytests-and-xstest-safe": (350, 100),
    "xstest": (450, 200),
}
"""Rows and positives by task."""


def items_of(registry, name, split="test"):
    items = list(build_task(registry, f"toxicity/{name}").items(split))
    assert [item.problem for item in items if isinstance(item, BadItem)] == []
    return items


def positives(items):
    return sum(item.fields["label"] == 1 for item in items)


@pytest.mark.parametrize("name", COUNTS)
def test_rows_and_positives(registry, safety, name):
    items = items_of(registry, name)
    assert (len(items), positives(items)) == COUNTS[name]
    assert len({item.id for item in items}) == len(items)
    assert all(item.fields["text"].text for item in items)


def test_gptfuzz_has_a_training_split_that_shares_replies_with_the_test_split(registry, safety):
    train, test = items_of(registry, "gptfuzz", "train"), items_of(registry, "gptfuzz")
    assert (len(train), positives(train)) == (6160, 1694)
    replies = {item.fields["reply"] for item in train}
    assert sum(item.fields["reply"] in replies for item in test) == 299
    assert [message.role for message in test[0].fields["text"].messages] == ["user", "assistant"]


@pytest.mark.parametrize(
    ("name", "clusters"),
    [("openai-moderation", 1670), ("xstest", 222), ("advbench", 504), ("gptfuzz", 20), ("hatecheck", 845)],
)
def test_rows_that_are_not_independent_share_a_cluster(registry, safety, name, clusters):
    items = items_of(registry, name)
    assert len({item.id if item.cluster is None else (item.cluster,) for item in items}) == clusters


def test_slices_of_the_moderation_set_are_its_categories(registry, safety):
    found = Counter(domain for item in items_of(registry, "openai-moderation") for domain in item.domains)
    assert found == {
        "sexual": 237,
        "hate": 162,
        "violence": 94,
        "sexual-minors": 85,
        "harassment": 76,
        "self-harm": 51,
        "hate-threatening": 41,
        "violence-graphic": 24,
    }


def test_slices_of_xstest_are_labels_and_types(registry, safety):
    found = Counter(domain for item in items_of(registry, "xstest") for domain in item.domains)
    assert (found.pop("safe"), found.pop("unsafe")) == (250, 200)
    assert len(found) == 18
    assert set(found.values()) == {25}


def test_slices_of_hatecheck_are_functionalities_and_target_groups(registry, safety):
    items = items_of(registry, "hatecheck")
    assert len({item.domains[0] for item in items}) == 29
    assert len({item.domains[1] for item in items if len(item.domains) > 1}) == 7


def test_slices_of_the_injections(registry, safety):
    found = Counter(domain for item in items_of(registry, "cyberseceval-injections") for domain in item.domains)
    assert (found["direct"], found["indirect"]) == (196, 55)
    assert (found["security-violating"], found["logic-violating"]) == (180, 71)


def test_a_detector_is_evaluated_on_a_set_of_one_class(registry, safety, tmp_path):
    from harness import evaluate

    targets = ["toxicity/simplesafetytests", "toxicity/cyberseceval-false-refusals"]
    outcome = evaluate(["random"], targets, store=tmp_path / "store.sqlite", registry=registry)
    assert outcome.exit_code == 0
    found = {(r.task, r.domain, r.metric): r.estimate for r in outcome.results}
    assert found["toxicity/simplesafetytests", "overall", "true_positive_rate"].n == 100
    rate = found["toxicity/cyberseceval-false-refusals", "overall", "false_positive_rate"]
    assert 0.4 < rate.value < 0.6
    assert rate.low < rate.value < rate.high
