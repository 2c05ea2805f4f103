"""A scripted language model to judge with, which counts what it is asked."""

import sys

import pytest

SCRIPTED = '''
import math
import re

from harness import Completion, Failure, Model
from harness.hooks import hookimpl

ASKED = []
"""(capability, text of the prompt) of everything asked."""


def blocks(text):
    """What the prompt shows between its marks, by mark."""
    found = re.search(
        r"<\\|The Start of Assistant A's Answer\\|>\\n(.*?)\\n<\\|The End.*?"
        r"<\\|The Start of Assistant B's Answer\\|>\\n(.*?)\\n<\\|The End",
        text,
        re.S,
    ) or re.search(
        r"\\[The Start of Assistant A's Answer\\]\\n(.*?)\\n\\[The End.*?"
        r"\\[The Start of Assistant B's Answer\\]\\n(.*?)\\n\\[The End",
        text,
        re.S,
    ) or re.search(r"## Model m\\n\\n(.*?)\\n\\n## Model M\\n\\n(.*?)\\n\\n# Task", text, re.S)
    return found.groups() if found else ("", "")


class Scripted(Model):
    """Prefers the longer answer (how=longer) or the first (first), writes no verdict (mute), fails (broken), ...

    ``labels`` are what it writes for the first, a tie and the second.
    """

    batch_size = 64

    def __init__(self, how="longer", labels="A>B A=B B>A", form="So: [[{}]]", share=0.8, finish="stop"):
        self.how, self.labels, self.form, self.share, self.finish = how, labels, form, share, finish

    def _side(self, text):
        """0 first, 1 tie, 2 second."""
        first, second = blocks(text)
        if self.how == "first":
            return 0
        return 1 if len(first) == len(second) else 0 if len(first) > len(second) else 2

    def _write(self, text, vote):
        if self.how == "mute":
            return "I would rather not say."
        if self.how == "split":  # every third vote is for the other
            return self.form.format(self.labels.split()[2 if vote % 3 == 2 else 0])
        if self.how == "grade":
            answer = re.search(r"Assistant's Answer\\]\\n(.*?)\\n\\[The End of Assistant", text, re.S)
            return f"Rating: [[{min(10, max(1, len(answer[1]) // 20)) if answer else 5}]]"
        return self.form.format(self.labels.split()[self._side(text)])

    def generate(self, requests):
        answers = []
        for request in requests:
            text = request.prompt.text
            ASKED.append(("generate", text))
            if self.how == "broken" or (self.how == "touchy" and len(text) % 5 == 0):
                answers.append(Failure("the context is too long"))
            else:
                votes = range(request.n)
                answers.append(tuple(Completion(self._write(text, v), self.finish, 10, 5) for v in votes))
        return answers

    def choose(self, requests):
        answers = []
        for request in requests:
            text = request.prompt.text
            ASKED.append(("choose", text))
            count = len(request.options)
            if self.how == "mute":
                answers.append([-math.inf] * count)
                continue
            favoured = 0 if self._side(text) == 0 else count - 1
            rest = (1 - self.share) / max(count - 1, 1)
            answers.append([math.log(self.share if i == favoured else rest) for i in range(count)])
        return answers


@hookimpl
def register_models(register):
    register("scripted", "plugin_scripted:Scripted", offers=("generate", "choose"), description="a script")
'''


@pytest.fixture
def scripted(add_plugin):
    """Installs the model ``scripted``; what it was asked, as a list of (capability, text)."""
    add_plugin("scripted", SCRIPTED)
    import importlib

    module = importlib.import_module("plugin_scripted")
    module.ASKED.clear()
    yield module.ASKED
    sys.modules.pop("plugin_scripted", None)


@pytest.fixture
def alone():
    """A judge whose base is a function from (capability, requests) to responses, and which is asked directly."""

    def make(kind, base=lambda capability, requests: [], **arguments):
        judge = kind(base="none", **arguments)
        judge.offers(["compare", "score"])
        judge.parts = {"base": base}
        return judge

    return make
