"""Firewalls with scripted parts: detectors that read single words, and a model that says what it is told."""

import os
from pathlib import Path

import pytest

from harness import Completion, Conversation, Failure
from harness.model import Part


class Scripted:
    """Parts that count how they were asked."""

    def __init__(self):
        self.asked = []

    def word(self, word, high=2.0, low=-2.0):
        """A detector of a word anywhere in what it reads."""

        def ask(capability, requests):
            self.asked.append((word, [r.text for r in requests]))
            return [high if word in r.text else low for r in requests]

        return Part(ask, specification=f"word:{word}", offers=("detect",))

    def failing(self):
        return Part(lambda c, rs: [Failure("the server is gone") for _ in rs], offers=("detect",))

    def chat(self, replies):
        """A model that answers by the last message; replies drawn anew count up."""

        def ask(capability, requests):
            self.asked.append(("chat", [r.prompt.text for r in requests]))
            return [
                tuple(Completion(replies(r, number) if callable(replies) else replies) for number in range(r.n))
                for r in requests
            ]

        return Part(ask, specification="chat", offers=("generate",))


@pytest.fixture
def scripted():
    return Scripted()


@pytest.fixture
def wall(scripted):
    """A loaded firewall: ``wall(input=[part], output=[part], base=part, policy=...)``."""
    from harness_plugins.firewall.firewall import Firewall

    def make(*, input=(), output=(), base=None, reward=None, **settings):  # noqa: A002 - the argument's name
        named = {
            "input": [f"detector-{i}" for i in range(len(input))],
            "output": [f"detector-{i}" for i in range(len(output))],
            "base": "chat" if base else "",
            "reward": "reward" if reward else "",
        }
        firewall = Firewall(**named, **settings)
        firewall.offers(["detect", "generate", "guard"])
        firewall.parts = {"input": list(input), "output": list(output)}
        firewall.parts |= {name: part for name, part in (("base", base), ("reward", reward)) if part}
        firewall.load()
        return firewall

    return make


@pytest.fixture
def user():
    return Conversation.user


@pytest.fixture(scope="session")
def safety():
    """The folder of safety data sets; a test that needs it is skipped where there is none."""
    folder = os.environ.get("HARNESS_DATA")
    if not folder or not (Path(folder) / "safety").is_dir():
        pytest.skip("the safety data sets are not here: set HARNESS_DATA to a folder that holds safety/")
    return Path(folder)
