"""A plugin as others write it: a model of six numbers, a critic over it, and a trainer that iterates over both.

It trains as iterated preference optimisation does: the model answers, judges its own answers, and takes a step towards
those it likes. What it loads and is asked is written to files, which tests count.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from pathlib import Path
from typing import ClassVar

import numpy as np

from harness import (
    Candidates,
    Completion,
    Conversation,
    Failure,
    Generation,
    Model,
    Sampling,
    Trainer,
    file_identity,
    hookimpl,
    write_atomically,
)

WORDS = ("one", "two", "three", "four", "five", "six")


def note(file, *words):
    with Path(file).open("a") as stream:
        stream.write(" ".join(map(str, words)) + "\n")


class Writer(Model):
    batch_size = 4
    places = ("path",)

    def __init__(self, path: str, dtype: str = "float64") -> None:
        self.path, self.dtype = path, dtype

    def identity(self):
        return {"weights": file_identity(Path(self.path) / "weights.npy")}

    def load(self):
        note("loads.txt", "load", self.path)
        self.logits = np.load(Path(self.path) / "weights.npy").astype(self.dtype)

    def close(self):
        note("loads.txt", "close", self.path)
        del self.logits

    def remarks(self):
        return [f"{self.dtype} was paid for"]

    def generate(self, requests):
        answers = []
        for request in requests:
            text = f"{request.prompt.text} {request.sampling.seed}"
            note("asked.txt", self.identity()["weights"][:8], repr(text))
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
            random = np.random.default_rng(seed)
            p = np.exp(self.logits - self.logits.max())
            drawn = random.choice(len(WORDS), size=request.n, p=p / p.sum())
            answers.append(tuple(Completion(WORDS[i]) for i in drawn))
        return answers

    def score(self, requests):
        return [[float(self.logits[len(r) % len(WORDS)]) for r in request.responses] for request in requests]


class Critic(Model):
    batch_size = 4
    part_names = ("base",)

    def __init__(self, base: str, times: int = 2) -> None:
        self.base, self.times = base, times

    def asks(self):
        return {"base": ("generate",)}

    def score(self, requests):
        answers = []
        for request in requests:
            asked = [
                Generation(
                    Conversation.user(f"judge {request.prompt.text}: {text}"), n=self.times, sampling=Sampling(1.0)
                )
                for text in request.responses
            ]
            given = self.parts["base"]("generate", asked)
            answers.append([sum(WORDS.index(c.text) for c in completions) for completions in given])
        return answers


class Iterated(Trainer):
    model = "tiny-writer"
    trains_on = ("best-of-k",)
    needs_base = "required"
    asks = ("generate",)
    part_names = ("referee",)
    parts_ask: ClassVar = {"referee": ("score",)}
    data_names = ("pool",)

    def __init__(
        self, iterations: int = 3, rate: float = 0.1, referee: str = "", pool: str = "", seconds: float = 0.0
    ) -> None:
        self.iterations, self.rate, self.referee, self.pool, self.seconds = iterations, rate, referee, pool, seconds

    def fit(self, task, items, workdir, *, ask, progress):
        more = [item for data in self.data.get("pool", ()) for item in data]
        prompts = [item.fields["prompt"] for item in [*items, *more]]
        current = ask
        for number in range(1, self.iterations + 1):
            place = workdir / f"iteration-{number}"
            if not (place / "weights.npy").is_file():
                self.step(number, current, prompts, place, progress)
            current = self.open(f"tiny-writer:path=iteration-{number}")
        write_atomically(workdir / "weights.npy", (place / "weights.npy").read_bytes())
        return {"prompts": len(prompts)}

    def step(self, number, current, prompts, place, progress):
        sampling = Sampling(temperature=1.0, seed=number)
        drawn = current("generate", [Generation(prompt, n=4, sampling=sampling) for prompt in prompts])
        failed = [given.reason for given in drawn if isinstance(given, Failure)]
        if failed:
            raise ValueError(failed[0])
        texts = [tuple(completion.text for completion in completions) for completions in drawn]
        asked = [Candidates(prompt, given) for prompt, given in zip(prompts, texts, strict=True)]
        judge = self.open(f"tiny-critic:base=[{current.specification}]")
        scores = np.array(judge("score", asked))
        if "referee" in self.parts:
            scores = scores + np.array(self.parts["referee"]("score", asked))
            self.parts["referee"].release()
        current.release()
        time.sleep(self.seconds)
        logits = np.load(Path(current.arguments["path"]) / "weights.npy")
        for given, found in zip(texts, scores, strict=True):
            logits[WORDS.index(given[int(found.argmax())])] += self.rate
            logits[WORDS.index(given[int(found.argmin())])] -= self.rate
        place.mkdir(exist_ok=True)
        with (workdir_file := place / "weights.new").open("wb") as stream:
            np.save(stream, logits)
        workdir_file.replace(place / "weights.npy")
        progress(number, reward=float(scores.mean()))


class Peeking(Trainer):
    """Writes which items it could read, wherever it looks for them."""

    model = "tiny-peek"
    trains_on = ("best-of-k",)
    data_names = ("pool",)

    def __init__(self, pool: str = "") -> None:
        self.pool = pool

    def fit(self, task, items, workdir, *, ask, progress):
        handed = [item.id for item in items]
        looked = [item.id for split in task.splits for item in task.items(split)]
        pooled = [item.id for data in self.data.get("pool", ()) for item in data]
        inside = [item.id for data in self.data.get("pool", ()) for item in data.task.items(data.split)]
        (workdir / "seen.txt").write_text("\n".join([*handed, *looked, *pooled, *inside]))
        return {"looked": len(looked), "pooled": len(pooled)}


class Peek(Model):
    places = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def identity(self):
        return {"seen": file_identity(Path(self.path) / "seen.txt")}

    def score(self, requests):
        return [[float(len(text)) for text in request.responses] for request in requests]


class Free(Trainer):
    """Trains with a base or without, and builds its product over whatever it is told."""

    model = "tiny-over"
    trains_on = ("best-of-k",)
    needs_base = "optional"

    def __init__(self, inner: str = "") -> None:
        self.inner = inner

    def fit(self, task, items, workdir, *, ask, progress):
        (workdir / "inner").mkdir(exist_ok=True)
        np.save(workdir / "inner" / "weights.npy", np.arange(6.0))
        inner = self.inner.replace("WORKDIR", str(workdir.absolute()))
        (workdir / "inner.txt").write_text(inner)
        return {"over": ask.specification if ask else "nothing"}


class Over(Model):
    places = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def identity(self):
        return {"inner": file_identity(Path(self.path) / "inner.txt")}

    def default_parts(self):
        text = (Path(self.path) / "inner.txt").read_text()
        return {"inner": text.replace("HERE", self.path)}

    def score(self, requests):
        return self.parts["inner"]("score", requests)


@hookimpl
def register_models(register):
    register("tiny-writer", f"{__name__}:Writer", offers=("generate", "score"), description="six numbers")
    register("tiny-critic", f"{__name__}:Critic", offers=("score",), description="judges by what a model writes")
    register("tiny-peek", f"{__name__}:Peek", offers=("score",), description="lengths")
    register("tiny-over", f"{__name__}:Over", offers=("score",), description="another model")


@hookimpl
def register_trainers(register):
    register("tiny-iterated", f"{__name__}:Iterated", model="tiny-writer", description="judges itself and improves")
    register("tiny-peeking", f"{__name__}:Peeking", model="tiny-peek", description="reads what it can")
    register("tiny-free", f"{__name__}:Free", model="tiny-over", description="a base or none")


@hookimpl
def batch_stored(model, capability, count):
    note("batches.txt", capability, count)
    kill = Path("kill-at")
    if kill.exists() and len(Path("batches.txt").read_text().splitlines()) == int(kill.read_text()):
        os.kill(os.getpid(), signal.SIGKILL)
