"""Models over lists of models, and over models that are asked through adapters."""

from __future__ import annotations

import json

import pytest

from harness.errors import UsageError
from harness.names.arguments import listed_specifications
from harness.names.registry import Registry
from harness.names.resolving import resolve_model

PLUGIN = '''
from collections.abc import Sequence
from typing import ClassVar

from harness import Adapter, Candidates, Model
from harness.hooks import hookimpl


class Firewall(Model):
    """The greatest log-odds of its detectors."""

    part_lists: ClassVar[tuple[str, ...]] = ("detectors",)

    def __init__(self, detectors: Sequence[str], slack: float = 0.0) -> None:
        self.detectors, self.slack = detectors, slack

    def asks(self):
        return {"detectors": ("detect",)}

    def detect(self, requests):
        answers = [part("detect", requests) for part in self.parts["detectors"]]
        return [max(row) for row in zip(*answers, strict=True)]


class Reward(Model):
    """The length of a reply."""

    def score(self, requests):
        return [[float(len(response)) for response in request.responses] for request in requests]


class Refuses(Adapter):
    gives, needs = "detect", "score"

    def __init__(self, words: str = "No."):
        self.words = words

    def expand(self, request):
        return [Candidates(request, (self.words, "Sure!"))]

    def reduce(self, request, responses):
        return float(responses[0][0] - responses[0][1])


class Other(Refuses):
    pass


@hookimpl
def register_models(register):
    register("toy-wall", "plugin_wall:Firewall", offers=("detect",))
    register("reward", "plugin_wall:Reward", offers=("score",))


@hookimpl
def register_adapters(register):
    register("refuses", "plugin_wall:Refuses", gives="detect", needs="score", cost=1.0, description="of a refusal")
    OTHER
'''
OTHER = 'register("other", "plugin_wall:Other", gives="detect", needs="score", cost=1.0, description="the same")'
TASK = ("-t", "quickstart/detection", "--limit", 20)


@pytest.fixture
def wall(add_plugin, project):
    def add(other=""):
        add_plugin("wall", PLUGIN.replace("OTHER", other))
        return project

    return add


def resolved(text, folder):
    return resolve_model(Registry(), text, models_folder=folder)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        ("[a],[b:x=1,y=[c:z=2]]", ["a", "b:x=1,y=[c:z=2]"]),
        ("b:x=1", ["b:x=1"]),
        ("a,b:x=1,y=2,c", ["a", "b:x=1,y=2", "c"]),
        (["a", "[b:x=1]", ["c:x=1", "y=2"]], ["a", "b:x=1", "c:x=1,y=2"]),
        ((), []),
        (None, []),
    ],
)
def test_a_list_of_models_is_read_however_it_is_written(given, found):
    assert listed_specifications("x=", given) == found


@pytest.mark.parametrize("given", ["a,x=1", "[b:x=1],y=2", {"a": 1}, 3, [1], [["a", 1]], [[]], "a,,b", "[]", [""]])
def test_what_is_no_list_of_models_is_refused(given):
    with pytest.raises(UsageError, match="x="):
        listed_specifications("x=", given)


def test_a_list_is_given_in_a_specification_and_in_yaml_with_one_fingerprint(wall, harness):
    project = wall()
    (project / "registry.yaml").write_text(
        "models:\n"
        "  declared: {model: toy-wall, arguments: {detectors: [[keyword-list], 'keyword-list:slope=2.0']}}\n"
        "  block:\n    model: toy-wall\n    arguments:\n      detectors:\n        - keyword-list\n"
        "        - keyword-list:slope=2.0\n"
    )
    text = "toy-wall:detectors=[[keyword-list],[keyword-list:slope=2.0]]"
    handles = [resolved(name, project) for name in (text, "declared", "block")]
    assert [list(handle.parts) for handle in handles] == [["detectors.1", "detectors.2"]] * 3
    assert len({handle.fingerprint for handle in handles}) == 1
    turned = resolved("toy-wall:detectors=[[keyword-list:slope=2.0],[keyword-list]]", project)
    assert turned.fingerprint != handles[0].fingerprint
    again = resolved(handles[0].ready.specification, project)
    assert again.fingerprint == handles[0].fingerprint
    ran = harness("eval", "-m", text, "-m", "declared", "-m", "keyword-list", *TASK, "--json")
    assert ran.code == 0, ran.err
    assert harness("check", "declared").code == 0
    assert "keyword-list:slope=2.0" in harness("show", "declared").out


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("toy-wall", "needs the argument detectors"),
        ("toy-wall:detectors=[]", "is built over other models; give them as detectors=[[NAME],[NAME]]"),
        ("toy-wall:detectors=[[keyword-lst]]", "'keyword-list'"),
        ("toy-wall:detectors=[[keyword-list],[tfidf]]", "asks its detectors.2 (tfidf) for detect"),
        ("detector-ensemble", "no detector"),
        ("detector-ensemble:part1=keyword-list,detectors=[[keyword-list]]", "both detectors= and part1="),
        ("detector-ensemble:part2=keyword-list", "without part1="),
    ],
)
def test_lists_that_cannot_be_used_are_refused(wall, harness, model, said):
    wall()
    ran = harness("eval", "-m", model, *TASK)
    assert ran.code == 2
    assert said in ran.err


def test_the_ensemble_takes_a_list_and_its_old_arguments_keep_their_fingerprint(wall, harness):
    project = wall()
    old = "detector-ensemble:part1=keyword-list,part2=[keyword-list:slope=2.0],how=max"
    new = "detector-ensemble:detectors=[[keyword-list],[keyword-list:slope=2.0]],how=max"
    assert resolved(old, project).fingerprint == "ce339e248c631602bc0f6402a1231ec5"
    ran = harness("eval", "-m", old, "-m", new, *TASK, "--json")
    assert ran.code == 0, ran.err
    values = [(r["model"], r["metric"], r["value"]) for r in ran.document["results"]]
    assert [v[1:] for v in values if v[0] == old] == [v[1:] for v in values if v[0] == new]


def test_a_reward_model_detects_inside_a_firewall_through_an_adapter_that_results_name(wall, harness):
    project = wall()
    text = "toy-wall:detectors=[[keyword-list],[reward]]"
    ran = harness("eval", "-m", text, *TASK, "--json")
    assert ran.code == 0, ran.err
    assert {tuple(r["adapters"]) for r in ran.document["results"]} == {("detectors.2: refuses",)}
    assert harness("check", text).code == 0
    plain, told = (
        resolved(text, project),
        "toy-wall:detectors=[[keyword-list],[reward:adapters=[refuses:words=Never.]]]",
    )
    handle = resolved(told, project)
    assert handle.fingerprint != plain.fingerprint
    assert handle.parts["detectors.2"].own_fingerprint == plain.parts["detectors.2"].own_fingerprint
    assert resolved(handle.ready.specification, project).fingerprint == handle.fingerprint
    described = json.loads(json.dumps(handle.ready.description(), default=str))
    assert described["through"] == {"detectors.2": {"detect": [["plugin_wall:Refuses", "1", {"words": "Never."}]]}}


def test_two_adapters_that_would_do_are_refused_until_one_is_chosen(wall, harness):
    wall(OTHER)
    ran = harness("eval", "-m", "toy-wall:detectors=[[reward]]", *TASK)
    assert ran.code == 2
    assert "asks its detectors.1 (reward) for detect" in ran.err
    assert "choose one in its specification: adapters=[NAME]" in ran.err
    ran = harness("eval", "-m", "toy-wall:detectors=[[reward:adapters=[other]]]", *TASK, "--json")
    assert ran.code == 0, ran.err
    assert {tuple(r["adapters"]) for r in ran.document["results"]} == {("detectors.1: other",)}


def test_an_adapter_of_a_part_that_serves_nothing_it_is_asked_is_refused(wall, harness):
    wall()
    ran = harness("eval", "-m", "toy-wall:detectors=[[reward:adapters=[[refuses],[score-to-compare]]]]", *TASK)
    assert ran.code == 2
    assert "for which its adapter 'score-to-compare' serves nothing" in ran.err


def test_an_adapter_that_must_be_told_more_says_how(project, harness):
    ran = harness("eval", "-m", "detector-ensemble:detectors=[[length]]", *TASK)
    assert ran.code == 2
    assert "positive=" in ran.err
    told = "length:adapters=[score-to-detect:positive=an attack,negative=a question]"
    ran = harness("eval", "-m", f"detector-ensemble:detectors=[[{told}]]", *TASK, "--json")
    assert ran.code == 0, ran.err


def test_a_part_that_is_trained_first_is_asked_through_an_adapter_and_trained_once(wall, harness):
    project = wall()
    (project / "registry.yaml").write_text(
        "models:\n  rm: {trainer: bt-linear, task: quickstart/preferences}\n"
        "  wall: {model: toy-wall, arguments: {detectors: [rm, 'rm:adapters=[refuses:words=Never.]', keyword-list]}}\n"
    )
    command = ("eval", "-m", "wall", *TASK, "--json")
    first, second = harness(*command), harness(*command)
    assert first.code == 0, first.err
    assert first.err.count("training rm") == 1
    assert "training" not in second.err
    assert first.document["results"] == second.document["results"]
    through = ("detectors.1: refuses", "detectors.2: refuses:words=Never.")
    assert {tuple(r["adapters"]) for r in first.document["results"]} == {through}
    warned = harness("eval", "-m", "wall", "-t", "quickstart/preferences", "--split", "train", "--limit", 5)
    assert "was trained on quickstart/preferences [train]" in warned.err


def test_an_adapter_that_is_told_too_little_is_refused_where_it_is_not_known_what_a_part_is_asked(toys, harness):
    ran = harness("eval", "-m", "toy-over:inner=[length:adapters=[score-to-detect]]", *TASK)
    assert ran.code == 2
    assert "its adapter 'score-to-detect' has to be told more by its arguments" in ran.err
