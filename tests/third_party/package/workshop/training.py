"""A trainer that iterates: the model writes, a judge chooses, and what was chosen is liked more."""

import json
from typing import Annotated, ClassVar

from harness import Conversation, Failure, Generation, Range, Sampling, Trainer, write_atomically
from harness.errors import DataError
from workshop.models import WORDS
from workshop.requests import Choices


class Tasting(Trainer):
    """Learns which words a judge likes.

    Without a judge, the model judges itself, as a critic over what it is by then.
    """

    model = "tuned-babbler"
    trains_on = ("workshop-options",)
    needs_base = "required"
    asks = ("generate",)
    part_names = ("judge",)
    parts_ask: ClassVar = {"judge": ("fitness",)}
    data_names = ("pool",)

    def __init__(
        self,
        iterations: Annotated[int, Range(least=1)] = 3,
        rate: Annotated[float, Range(above=0)] = 0.5,
        judge: str = "",
        pool: str = "",
    ) -> None:
        self.iterations, self.rate, self.judge, self.pool = iterations, rate, judge, pool

    def fit(self, task, items, workdir, *, ask, progress):
        """Write a model an iteration, each in a folder of its own, whole or not at all."""
        more = [item for data in self.data.get("pool", ()) for item in data]
        prompts = [item.fields["prompt"] for item in [*items, *more]]
        current, weights = ask, dict.fromkeys(WORDS, 0.0)
        for number in range(1, self.iterations + 1):
            file = workdir / f"iteration-{number}" / "weights.json"
            if not file.is_file():
                weights, fitness = self.learned(number, current, prompts, weights)
                file.parent.mkdir(exist_ok=True)
                write_atomically(file.parent / "base.txt", ask.specification)
                write_atomically(file, json.dumps(weights))
                progress(number, fitness=fitness)
            weights = json.loads(file.read_text(encoding="utf-8"))
            current = self.open(f"tuned-babbler:path=iteration-{number}")
        for name in ("base.txt", "weights.json"):
            write_atomically(workdir / name, (file.parent / name).read_text(encoding="utf-8"))
        return {"prompts": len(prompts), "liked": max(weights, key=weights.get)}

    def learned(self, number, current, prompts, weights):
        """Give the weights after a step, and the mean fitness of what the model wrote before it."""
        sampling = Sampling(temperature=1.0, seed=number)
        asked = [Generation(Conversation.user(f"a word for {p}"), n=3, sampling=sampling) for p in prompts]
        drawn = current("generate", asked)
        self.refuse(drawn)
        judge = self.parts.get("judge") or self.open(f"critic:base=[{current.specification}]")
        options = [tuple(each.text for each in given) for given in drawn]
        judged = judge("fitness", [Choices(prompt, texts) for prompt, texts in zip(prompts, options, strict=True)])
        self.refuse(judged)
        judge.release()  # before the step would need the room
        current.release()
        weights = dict(weights)
        for texts, fitness in zip(options, judged, strict=True):
            weights[texts[int(fitness.argmax())]] += self.rate
            weights[texts[int(fitness.argmin())]] -= self.rate
        return weights, float(sum(fitness.mean() for fitness in judged) / len(judged))

    def refuse(self, answers):
        """Learn from all or from nothing."""
        failed = [each.reason for each in answers if isinstance(each, Failure)]
        if failed:
            raise DataError(f"{len(failed)} of {len(answers)} requests failed: {failed[0]}")
