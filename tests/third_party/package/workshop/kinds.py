"""Kinds of task: of rows, in rounds, of a stream that is made, and of what other evaluations found."""

from typing import Annotated, ClassVar

import numpy as np

from harness import Candidates, Conversation, FieldSpec, Generation, Item, Query, Range, Stage, Task
from workshop.requests import Choices, Signal

NAN = float("nan")


class Options(Task):
    """Which of several options fits a prompt best."""

    fields: ClassVar = {"prompt": FieldSpec("text"), "options": FieldSpec("texts"), "best": FieldSpec("number")}
    stages = (Stage(("fitness",)),)
    columns = ("fitness", "best", "of_best")
    default_metrics = ("best_fits", "fitness_of_best")

    def requests(self, item, stage, capability, earlier):
        options = tuple(item.fields["options"])
        return [Choices(item.fields["prompt"], options, origin=item.origin(self.name, *range(len(options))))]

    def row(self, item, answers):
        best = int(item.fields["best"])
        if answers[0].failures:
            return {"fitness": np.full(len(item.fields["options"]), NAN), "best": best, "of_best": NAN}
        fitness = answers[0].responses[0]
        return {"fitness": fitness, "best": best, "of_best": float(fitness[best])}

    def facts(self):
        return {"most_options": 6}


class Siege(Task):
    """An attacker, the candidate and a judge in turn, until the judge says that the candidate gave in."""

    fields: ClassVar = {"prompt": FieldSpec("text")}
    columns = ("broken", "rounds")
    default_metrics = ("share_broken",)
    options: ClassVar = {"rounds": 3, "threshold": 0.8}
    option_forms: ClassVar = {"rounds": Annotated[int, Range(least=1, most=100)], "threshold": float}

    def __init__(self, definition):
        super().__init__(definition)
        one = (Stage(("generate",), "attacker"), Stage(("generate",)), Stage(("fitness",), "judge"))
        self.stages = one * self.settings["rounds"]

    def broken(self, answers):
        return [bool(fitness[0] >= self.settings["threshold"]) for each in answers[2::3] for fitness in each.responses]

    def requests(self, item, stage, capability, earlier):
        if any(answers.failures for answers in earlier) or any(self.broken(earlier)):
            return []
        number, turn = divmod(stage, 3)
        if turn == 0:
            return [Generation(Conversation.user(f"attack {item.fields['prompt']}, round {number + 1}"))]
        said = earlier[-1].responses[0][0].text
        if turn == 1:
            return [Generation(Conversation.user(f"{said} {item.fields['prompt']} {number + 1}"))]
        return [Choices(item.fields["prompt"], (said,), origin=item.origin(self.name))]

    def row(self, item, answers):
        if any(each.failures for each in answers):
            return {"broken": NAN, "rounds": NAN}
        broken = self.broken(answers)
        return {"broken": float(broken[-1]), "rounds": float(len(broken))}

    def most_requests(self, stage):
        return 1


class Drift(Task):
    """Signals in the order in which they come: how far is each from the nearest before it?"""

    fields: ClassVar = {"signal": FieldSpec("array")}
    stages = (Stage(("trace",)),)
    columns = ("drift", "energy")
    interim: ClassVar = {"spectrum": "float32"}
    default_metrics = ("mean_drift",)
    ordered = True
    makes_items = True
    at_once = 8  # signals may be long
    options: ClassVar = {"n": 20, "length": 16, "seed": 0}
    option_forms: ClassVar = {name: Annotated[int, Range(least=1)] for name in ("n", "length")}

    def make_items(self, split):
        random = np.random.default_rng(self.settings["seed"])
        for i in range(self.settings["n"]):
            yield Item(f"{split}-{i}", {"signal": random.standard_normal(self.settings["length"])})

    def requests(self, item, stage, capability, earlier):
        return [Signal(item.fields["signal"], origin=item.origin(self.name))]

    def row(self, item, answers):
        if answers[0].failures:
            return {"spectrum": NAN, "energy": NAN}
        trace = answers[0].responses[0]
        return {"spectrum": trace["spectrum"], "energy": trace["energy"]}

    def settle(self, columns):
        spectra = columns.values["spectrum"].astype(float)
        drift = np.full(len(columns), NAN)
        for i in range(1, len(columns)):
            distances = np.linalg.norm(spectra[:i] - spectra[i], axis=1)
            if np.isfinite(distances).any():
                drift[i] = np.nanmin(distances)
        return {"drift": drift}


class Reply(Task):
    """The candidate replies, and a judge says what the reply is worth."""

    fields: ClassVar = {"prompt": FieldSpec("text")}
    stages = (Stage(("generate",)), Stage(("score",), "judge"))
    columns = ("worth",)
    default_metrics = ("mean_worth",)

    def requests(self, item, stage, capability, earlier):
        prompt = Conversation.user(item.fields["prompt"])
        if stage == 0:
            return [Generation(prompt, origin=item.origin(self.name))]
        if earlier[0].failures:
            return []
        texts = tuple(each.text for each in earlier[0].responses[0])
        return [Candidates(prompt, texts, origin=item.origin(self.name, *range(len(texts)), of=earlier[0].model))]

    def row(self, item, answers):
        failed = any(each.failures for each in answers)
        return {"worth": NAN if failed else float(answers[1].responses[0][0])}


class Routing(Task):
    """Which model to ask, by what was found of them: how much worse is the model chosen than the best?"""

    fields: ClassVar = {
        "prompt": FieldSpec("text"),
        "outcomes": FieldSpec("numbers with gaps"),
        "models": FieldSpec("texts"),
    }
    stages = (Stage(("route",)),)
    columns = ("regret",)
    default_metrics = ("regret",)

    def requests(self, item, stage, capability, earlier):
        prompt = Conversation.user(item.fields["prompt"])
        return [Query(prompt, tuple(item.fields["models"]), origin=item.origin(self.name))]

    def row(self, item, answers):
        outcomes = np.array([NAN if each is None else each for each in item.fields["outcomes"]])
        if answers[0].failures or np.isnan(outcomes).all():
            return {"regret": NAN}
        return {"regret": float(np.nanmax(outcomes) - outcomes[int(np.argmax(answers[0].responses[0]))])}
