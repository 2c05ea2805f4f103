"""Models: one that writes, one that was trained over it, and those that judge, analyse and route."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np

from harness import (
    Completion,
    Conversation,
    Failure,
    Generation,
    Model,
    Range,
    Sampling,
    file_identity,
)

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord")


class Babbler(Model):
    """Draws words, each reply by the hash of what it is asked.

    Args:
        seed: Other seeds write otherwise.
        thinks: Whether it thinks aloud before it replies.
        journal: A file to which each prompt that is asked is appended.
    """

    batch_size = 4
    places = ("journal",)  # where something is written: no answer depends on it

    def __init__(self, seed: int = 0, thinks: bool = False, journal: str = "") -> None:
        self.seed, self.thinks, self.journal = seed, thinks, journal

    def generate(self, requests):
        return [self.one(request) for request in requests]

    def one(self, request):
        asked = f"{self.seed} {request.n} {request.sampling.seed} {request.prompt.text}"
        if self.journal:
            with Path(self.journal).open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(asked)}\n")
        random = np.random.default_rng(int.from_bytes(hashlib.sha256(asked.encode()).digest()[:8]))
        words = [WORDS[i] for i in random.integers(len(WORDS), size=request.n)]
        return tuple(Completion(f"let me see ... {word} | done" if self.thinks else word) for word in words)


class Tuned(Model):
    """Draws four replies of its base for each, and gives the one whose words it has learned to like.

    Args:
        path: The folder it was trained into.
        base: The model that it draws from; left out, the one that it was trained over.
    """

    batch_size = 4
    places = ("path",)
    part_names = ("base",)

    def __init__(self, path: str, base: str = "") -> None:
        self.path, self.base = path, base

    def identity(self):
        return {"weights": file_identity(Path(self.path) / "weights.json")}

    def default_parts(self):
        return {"base": (Path(self.path) / "base.txt").read_text(encoding="utf-8")}

    def asks(self):
        return {"base": ("generate",)}

    def load(self):
        self.weights = json.loads((Path(self.path) / "weights.json").read_text(encoding="utf-8"))

    def close(self):
        del self.weights

    def generate(self, requests):
        wider = [Generation(request.prompt, n=4 * request.n, sampling=request.sampling) for request in requests]
        drawn = self.parts["base"]("generate", wider)
        return [given if isinstance(given, Failure) else self.best(given) for given in drawn]

    def best(self, given):
        groups = [given[i : i + 4] for i in range(0, len(given), 4)]
        return tuple(max(group, key=lambda each: self.weights.get(each.text, 0.0)) for group in groups)


class Overlap(Model):
    """The share of an option's letters that the prompt has, times ``sharp``."""

    def __init__(self, sharp: Annotated[float, Range(above=0)] = 1.0) -> None:
        self.sharp = sharp

    def fitness(self, requests):
        return [[self.sharp * self.share(request.prompt, option) for option in request.options] for request in requests]

    def share(self, prompt, option):
        letters = set(option.lower())
        return len(letters & set(prompt.lower())) / len(letters) if letters else 0.0


class Critic(Model):
    """How often a model, asked what it makes of an option, says a word that shares its first letter."""

    batch_size = 4
    part_names = ("base",)

    def __init__(self, base: str, votes: Annotated[int, Range(least=1)] = 3) -> None:
        self.base, self.votes = base, votes

    def asks(self):
        return {"base": ("generate",)}

    def fitness(self, requests):
        asked = [
            Generation(Conversation.user(f"{request.prompt}: {option}?"), n=self.votes, sampling=Sampling(1.0))
            for request in requests
            for option in request.options
        ]
        given = iter(self.parts["base"]("generate", asked))
        return [[self.votes_of(option, next(given)) for option in request.options] for request in requests]

    def votes_of(self, option, given):
        if isinstance(given, Failure):
            return float("nan")  # this option has failed, its neighbours have not
        return sum(each.text[:1] == option[:1] for each in given) / self.votes


class Panel(Model):
    """The mean of its members, whatever they are: reward models sit in it through an adapter."""

    part_lists = ("members",)

    def __init__(self, members: Sequence[str]) -> None:
        self.members = members

    def asks(self):
        return {"members": ("fitness",)}

    def fitness(self, requests):
        answers = [part("fitness", requests) for part in self.parts["members"]]
        return [self.mean(row) for row in zip(*answers, strict=True)]

    def mean(self, row):
        failed = next((each for each in row if isinstance(each, Failure)), None)
        return failed or np.mean(row, axis=0)


class Analyser(Model):
    """Fourier transform and running mean; several arrays an answer."""

    def trace(self, requests):
        return [self.one(request) for request in requests]

    def one(self, request):
        kernel = np.ones(request.window) / request.window
        return {
            "spectrum": np.abs(np.fft.rfft(request.values, n=2 * request.window)),
            "envelope": np.convolve(np.abs(request.values), kernel, mode="full")[: request.values.size],
            "energy": float(np.mean(request.values**2)),
        }


class Usher(Model):
    """Expects more of the models that come first, or last, as the length of the prompt is odd or even.

    Args:
        known: The models that it is asked about where a query names none.
    """

    def __init__(self, known: str = "first second") -> None:
        self.known = known

    def route(self, requests):
        return [self.one(request) for request in requests]

    def one(self, request):
        falling = np.linspace(1.0, 0.0, len(request.models or self.known.split()))
        return falling if len(request.prompt.text) % 2 else falling[::-1]
