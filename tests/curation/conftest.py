"""A task of questions with known answers, and generators that do as the questions say."""

from __future__ import annotations

import pytest

GENERATORS = '''
import os
import time
from pathlib import Path

from harness import Failure, Model, hookimpl
from harness.capabilities import Completion


class Scripted(Model):
    """A question is ``ID RIGHT``: that many of ten samples are right, told by the seed; ``fail`` fails."""

    places = ("seconds", "log")
    batch_size = 4

    def __init__(self, seconds: float = 0.0, log: str = "", right: int = 0, seed0: int = 42) -> None:
        self.seconds, self.log, self.right, self.seed0 = seconds, log, right, seed0

    def generate(self, requests):
        time.sleep(self.seconds)
        if self.log:
            with Path(self.log).open("a") as stream:
                for request in requests:
                    stream.write(f"{request.prompt.text}|{request.sampling.seed}\\n")
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        word = request.prompt.text.split()[-1]
        if word == "fail":
            return Failure("the server is busy")
        number = self.right or int(word)
        return tuple(
            Completion(f"The answer is ({'A' if (request.sampling.seed - self.seed0 + i) % 10 < number else 'B'}).")
            for i in range(request.n)
        )


class Unloadable(Scripted):
    def load(self):
        raise MemoryError("the weights do not fit")


def moody(response, reference):
    if "(B)" in response:
        raise ZeroDivisionError("no B please")
    return bool(response), "moody"


def lenient(response, reference):
    return reference in response


@hookimpl
def register_models(register):
    register("scripted", "plugin_generators:Scripted", offers=("generate",))
    register("unloadable", "plugin_generators:Unloadable", offers=("generate",))
'''


@pytest.fixture
def generators(add_plugin):
    """The models ``scripted`` and ``unloadable``, here and in children."""
    add_plugin("generators", GENERATORS)


@pytest.fixture
def questions(generators, write_task):
    """The task demo/choice: for each number, a question of which that many of ten samples are right."""

    def write(*words, checker="choice", **keys):
        rows = [{"id": f"q{i}", "prompt": f"question {i} {word}", "reference": "A"} for i, word in enumerate(words)]
        return write_task("demo/choice", rows, kind="verifiable", options={"checker": checker, **keys})

    return write
