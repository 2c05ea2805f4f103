"""Stages that an instance makes: an attack of sixty rounds of three roles."""

from __future__ import annotations

import json
import sqlite3

import pytest

from harness.running.rounds import in_rounds, told

PLUGIN = '''
import os
import signal
from pathlib import Path

from harness import Candidates, Completion, Conversation, FieldSpec, Generation, MeanMetric, Model, Stage, Task
from harness.hooks import hookimpl

ROUND = (Stage(("generate",), "attacker"), Stage(("generate",)), Stage(("score",), "judge"))


class Attack(Task):
    """Asks an attacker, the candidate and a judge in turn, until the judge is satisfied."""

    fields = {"goal": FieldSpec("text"), "holds": FieldSpec("number")}
    columns = ("broken", "used")
    default_metrics = ("share_broken",)
    options = {"rounds": 2}

    def __init__(self, definition):
        super().__init__(definition)
        self.stages = ROUND * self.settings["rounds"]

    def requests(self, item, stage, capability, earlier):
        number, turn = divmod(stage, 3)
        if any(score[0] > 0 for answers in earlier[2::3] for score in answers.responses):
            return []
        if turn == 0:
            return [Generation(Conversation.user(f"attack {item.fields['goal']} round {number + 1}"))]
        text = earlier[-1].responses[0][0].text
        if turn == 1:
            return [Generation(Conversation.user(text))]
        return [Candidates(Conversation.user(str(item.fields["holds"])), (text,))]

    def row(self, item, answers):
        scores = [score[0] for stage in answers[2::3] for score in stage.responses]
        return {"broken": float(scores[-1] > 0), "used": float(len(scores))}

    def most_requests(self, stage):
        return 1 if self.settings.get("rounds") != 7 else None


class Logged(Model):
    def __init__(self, dies_in: int = 0) -> None:
        self.dies_in = dies_in

    places = ("dies_in",)

    def heard(self, text):
        if self.dies_in and f"round {self.dies_in}" in text and "answer" not in text:
            os.kill(os.getpid(), signal.SIGKILL)
        with Path("asked.txt").open("a") as log:
            log.write(f"{type(self).__name__} {text}\\n")


class Attacker(Logged):
    batch_size = 2

    def generate(self, requests):
        for request in requests:
            self.heard(request.prompt.text)
        return [(Completion(request.prompt.text.replace("attack", "say")),) for request in requests]


class Candidate(Logged):
    batch_size = 2

    def generate(self, requests):
        for request in requests:
            self.heard(request.prompt.text)
        return [(Completion("answer to " + request.prompt.text),) for request in requests]


class Judge(Logged):
    def score(self, requests):
        for request in requests:
            self.heard(request.responses[0])
        return [[float(int(r.responses[0].split()[-1]) >= float(r.prompt.text))] for r in requests]


class Share(MeanMetric):
    """A share of the items."""

    needs = ("broken",)

    def per_item(self, columns):
        return columns.values["broken"]


@hookimpl
def register_metrics(register):
    register("share_broken", "plugin_attack:Share")


@hookimpl
def register_models(register):
    register("attacker", "plugin_attack:Attacker", offers=("generate",))
    register("candidate", "plugin_attack:Candidate", offers=("generate",))
    register("arbiter", "plugin_attack:Judge", offers=("score",))


@hookimpl
def register_tasks(register):
    register("attack", "plugin_attack:Attack", description="in rounds")
'''
ROLES = ("--role", "attacker=attacker", "--role", "judge=arbiter")
HOLDS = (1, 5, 60, 1000)
"""The round in which each item breaks."""


@pytest.fixture
def attack(add_plugin, write_task):
    add_plugin("attack", PLUGIN)

    def write(rounds=60, name="demo/attack"):
        rows = [{"id": str(i), "goal": f"goal{i}", "holds": holds} for i, holds in enumerate(HOLDS)]
        columns = {"goal": "goal", "holds": "holds"}
        path = write_task(
            name, rows, kind="attack", columns=columns, options={"rounds": rounds}, metrics=["share_broken"]
        )
        return path

    return write


def asked():
    with open("asked.txt") as log:
        return log.read().splitlines()


def test_sixty_rounds_of_three_roles_end_an_item_when_it_is_done_and_are_told_in_proportion(attack, harness):
    attack()
    command = ("eval", "-m", "candidate", *ROLES, "-t", "demo/attack", "--json")
    planned = harness(*command, "--dry-run")
    assert planned.code == 0, planned.err
    (cell,) = planned.document["cells"]
    assert (cell["items"], cell["requests"], cell["most_requests"]) == (4, 4, 4 * 180)
    assert cell["most_requests_assumed"] is False
    assert cell["stages"] == ["rounds 1-60: attacker: generate; candidate: generate; judge: score"]
    table = harness(*command[:-1], "--dry-run").out
    assert "at most 720" in table
    assert len(table.splitlines()) < 8
    shown = harness("show", "demo/attack", "--json").document[0]
    assert shown["asks"] == cell["stages"]
    ran = harness(*command)
    assert ran.code == 0, ran.err
    assert ran.document["results"][0]["value"] == 0.75
    assert len(asked()) == 3 * (1 + 5 + 60 + 60)
    with sqlite3.connect(".harness/store.sqlite") as connection:
        fingerprint, requests = connection.execute("SELECT fingerprint, requests FROM cells").fetchone()
        labels = connection.execute("SELECT role, count(*) FROM asked GROUP BY role ORDER BY role").fetchall()
    connection.close()
    assert len(fingerprint.split("+")) == len(set(fingerprint.split("+"))) == 3
    assert requests == 3 * 126
    assert labels == [("attacker", 60), ("candidate", 60), ("judge", 60)]
    again = harness(*command)
    assert again.document["results"] == ran.document["results"]
    assert len(asked()) == 3 * 126


def test_an_attack_killed_in_round_37_goes_on_without_asking_anything_again(attack, shell):
    attack()
    command = ("eval", "-m", "candidate", *ROLES, "-t", "demo/attack", "--json")
    killed = shell("eval", "-m", "candidate=candidate:dies_in=37", *command[3:])
    assert killed.code == -9
    before = asked()
    assert any("round 36" in line for line in before)
    assert not any(line.startswith("Candidate") and "round 37" in line for line in before)
    ran = shell(*command)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["results"][0]["value"] == 0.75
    assert len(asked()) == len(set(asked())) == 3 * 126


def test_what_a_task_does_not_say_of_later_stages_is_said_to_be_assumed(attack, harness):
    attack(rounds=7)
    ran = harness("eval", "-m", "candidate", *ROLES, "-t", "demo/attack", "--dry-run", "--json")
    (cell,) = ran.document["cells"]
    assert (cell["most_requests"], cell["most_requests_assumed"]) == (4 * 21, True)


@pytest.mark.parametrize(
    ("stages", "said"), [("()", "one harness.Stage or more"), ("[Stage('score')]", "accepts 'score'")]
)
def test_stages_that_are_none_are_refused_by_name(attack, add_plugin, harness, stages, said):
    attack()
    broken = PLUGIN.replace('ROUND * self.settings["rounds"]', stages).replace("plugin_attack", "plugin_broken")
    add_plugin("broken", broken.replace('register("', 'register("broken-'))
    path = attack(name="demo/broken")
    path.write_text(path.read_text().replace("kind: attack", "kind: broken-attack"))
    ran = harness("eval", "-m", "candidate", *ROLES, "-t", "demo/broken")
    assert ran.code == 2
    assert "demo/broken" in ran.err
    assert said in ran.err


def test_stages_that_repeat_fewer_than_three_times_are_told_one_by_one():
    assert told(["a", "b", "a", "b"]) == ["a", "b", "a", "b"]
    assert told(["a"] * 3) == ["rounds 1-3: a"]
    assert told(["x", *["a", "b"] * 4, "y"]) == ["x", "rounds 1-4: a; b", "y"]
    assert [rounds.first for rounds in in_rounds([])] == []
