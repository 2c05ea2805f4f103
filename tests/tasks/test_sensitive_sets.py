"""Which shipped tasks are sensitive: those of texts that are harmful by design, and what is made of them."""

from pathlib import Path

import pytest
import yaml

from harness.names.registry import Registry
from harness.tasks import build_task

ROOT = Path(__file__).parents[2] / "tasks"
SUITES = ("firewall", "jailbreak", "judges", "over-refusal", "toxicity")
NO_HARM = {"insecure-code/cyberseceval-instruct"}
"""Read from the same copies, and of harmless requests for programs."""


@pytest.fixture(scope="module")
def registry():
    return Registry()


def shipped():
    for path in sorted(ROOT.glob("*/*.yaml")):
        text = path.read_text()
        if "kind" in yaml.safe_load(text):
            yield f"{path.parent.name}/{path.stem}", text


HARMFUL = [name for name, text in shipped() if name.split("/")[0] in SUITES or "safety/" in text]


@pytest.mark.parametrize("name", sorted(set(HARMFUL) - NO_HARM))
def test_a_set_of_harmful_texts_is_sensitive(registry, name):
    assert build_task(registry, name).definition.sensitive


@pytest.mark.parametrize(
    "name",
    [
        *("rm-bench/safety", "rewardbench/filtered", "rewardbench/prior-sets", "rewardbench-2/best-of-4"),
        *("rmb/pairwise", "rmb/best-of-n", "m-rewardbench/pairs"),
    ],
)
def test_a_set_of_preferences_with_harmful_requests_is_sensitive_as_a_whole(registry, name):
    assert build_task(registry, name).definition.sensitive


@pytest.mark.parametrize(
    ("name", "grader"),
    [
        ("attack:rot13:jailbreak/behaviours", "refusal-prefixes"),
        ("attack:rot13:jailbreak/behaviours:twin=true", "refusal-prefixes"),
        ("attack:adaptive:jailbreak/behaviours", "refusal-prefixes"),
        ("attack:adaptive:toxicity/simplesafetytests-and-xstest-safe", None),
        ("attack:adaptive:[attack:rot13:jailbreak/behaviours]", "refusal-prefixes"),
        ("evasion:toxicity/simplesafetytests:how=homoglyph", None),
        ("evasion:judges/gptfuzz-replies-alone:how=homoglyph", None),
    ],
)
def test_what_is_made_of_it_keeps_that_and_its_roles(registry, name, grader):
    definition = build_task(registry, name).definition
    assert definition.sensitive
    assert definition.roles.get("grader") == grader


def test_harmless_sets_are_not(registry):
    assert not build_task(registry, "quickstart/detection").definition.sensitive
    assert not build_task(registry, "mark-attack:watermark/demonstration:how=copy-paste").definition.sensitive
