"""Generative guards: a language model is shown a conversation and asked whether it is harmful."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from harness import (
    COUNT,
    COUNT_OR_NONE,
    SEED,
    SHARE,
    Choice,
    Completion,
    Conversation,
    Failure,
    Generation,
    Model,
    OneOf,
    Range,
    Sampling,
    UsageError,
)
from harness.errors import UnknownName

from . import reading

if TYPE_CHECKING:
    from .guardfile import GuardTemplate

LEAST_MASS = 0.5
"""Options that hold less of the probability than this are no verdict: the model meant to write something else."""
WAYS: Mapping[str, str] = {"log-probability": "choose", "text": "generate"}


class GenerativeGuard(Model):
    """Log-odds = ln P(positive replies) - ln P(negative replies), by the template's options.

    Args:
        base: The language model; one with arguments in brackets: ``base=[hf:path=FOLDER]``.
        template: One that ships (``harness show guard`` lists them), or a file of your own ending in ``.yaml``.
        verdict: ``log-probability``, or ``text`` for models that give none: then the label written counts, as log-odds
            of +-1.10. Default: as the template says.
        categories: Codes joined by ``+``: only these are shown, and an unsafe text that names others only counts as
            negative. Default: all.
        votes: Texts a conversation, for ``verdict=text`` with a temperature: ln((k + 1/2) / (n - k + 1/2)).
        temperature: Of the texts.
        max_tokens: Of a text; 0: the template's.
        seed: Of the sampling.
        marks: ``break`` the format's own marks where a conversation holds them, or ``keep`` them.
        least_mass: Of the probability, what the template's options must hold together; below it the request fails.
    """

    version = "2"
    batch_size = 4096  # the base files its own answers; a large batch lets it choose the order
    part_names: ClassVar[tuple[str, ...]] = ("base",)
    places: ClassVar[tuple[str, ...]] = ("template",)  # `identity` covers what lies there

    def __init__(
        self,
        base: str,
        template: str = "safe-unsafe",
        verdict: Annotated[str, OneOf("", *WAYS)] = "",
        categories: str = "",
        votes: Annotated[int, COUNT] = 1,
        temperature: Annotated[float, Range(least=0)] = 0.0,
        max_tokens: Annotated[int, COUNT_OR_NONE] = 0,
        seed: Annotated[int, SEED] = 0,
        marks: Literal["break", "keep"] = "break",
        least_mass: Annotated[float, SHARE] = LEAST_MASS,
    ) -> None:
        self.base, self.template, self.verdict, self.categories = base, template, verdict, categories
        self.votes, self.temperature, self.max_tokens, self.seed = votes, temperature, max_tokens, seed
        self.marks, self.least_mass = marks, least_mass

    # what the arguments amount to

    @cached_property
    def the_guard(self) -> GuardTemplate:
        """The template file, read and checked."""
        from .guardfile import find_guard

        return find_guard(str(self.template))

    @property
    def way(self) -> str:
        """How the verdict is had: ``log-probability`` or ``text``."""
        return self.verdict or self.the_guard.file.verdict

    @cached_property
    def the_categories(self) -> Mapping[str, str]:
        """Those that count, code to name."""
        known = self.the_guard.file.categories
        if not self.categories:
            return known
        chosen = str(self.categories).split("+")
        for code in chosen:
            if code not in known:
                raise UnknownName(f"category of {self.template!r}", code, known)
        return {code: name for code, name in known.items() if code in chosen}

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """As by the method, once the arguments have been found to make sense."""
        if self.way == "log-probability" and self.votes > 1:
            raise UsageError(f"votes={self.votes} is for verdict=text; log-probabilities are exact and need none")
        if self.votes > 1 and self.temperature == 0:
            raise UsageError(f"votes={self.votes} at temperature 0 would all be the same; give temperature=0.7, say")
        if self.categories and self.the_guard.file.form == "own" and self.way != "text":
            raise UsageError("categories= with a model's own template are read from its text: give verdict=text too")
        _ = self.the_categories
        return super().offers(known)

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Weights of replies, or texts."""
        return {"base": (WAYS[self.way],)}

    def identity(self) -> Mapping[str, object]:
        """The template's content, how conversations are shown, how replies are read."""
        from .rendering import VERSION

        return {"template": self.the_guard.digest, "rendering": VERSION, "reading": reading.VERSION}

    # asking

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Log-odds in nats; a `Failure` where the model failed or what it wrote holds no label."""
        shown = [list(self._shown(request)) for request in requests]
        flat = [prompt for prompts in shown for prompt in prompts]
        answers = iter(self._answers(flat))
        return [self._greatest([next(answers) for _ in prompts]) for prompts in shown]

    def _shown(self, conversation: Conversation) -> Iterator[Conversation]:
        from .rendering import asked

        file = self.the_guard.file
        groups = [{c: n} for c, n in self.the_categories.items()] if file.each_category else [self.the_categories]
        for categories in groups:
            yield asked(file, conversation, categories, broken=self.marks == "break")

    def _answers(self, prompts: Sequence[Conversation]) -> list[Any]:
        if not prompts:
            return []
        file = self.the_guard.file
        if self.way == "text":
            sampling = Sampling(
                temperature=float(self.temperature), max_tokens=int(self.max_tokens) or file.max_tokens, seed=self.seed
            )
            texts = self.parts["base"]("generate", [Generation(p, int(self.votes), sampling) for p in prompts])
            return [self._read(answer) for answer in texts]
        options = tuple(file.options)
        return [self._weighed(a) for a in self.parts["base"]("choose", [Choice(p, options) for p in prompts])]

    def _greatest(self, answers: Sequence[float | Failure]) -> float | Failure:
        failed = next((answer for answer in answers if isinstance(answer, Failure)), None)
        return failed or max(answer for answer in answers if not isinstance(answer, Failure))

    def _weighed(self, answer: Any) -> float | Failure:
        if isinstance(answer, Failure):
            return Failure(f"the guard's language model: {answer.reason}")
        options = self.the_guard.file.options
        found = reading.weigh(answer, options.values())
        self._counts["weighings"] += 1
        listed = ", ".join(map(repr, options))
        if found.log_odds is None:
            return Failure(f"none of the replies {listed} has any probability that was shown; verdict=text reads texts")
        if found.mass < self.least_mass - 1e-9:  # rounding
            self._counts["little mass"] += 1
            return Failure(
                f"the replies {listed} hold {found.mass:.2%} of the probability, less than "
                f"least_mass={self.least_mass:g}: the model meant to reply something else; verdict=text reads texts"
            )
        self._counts["bounded"] += found.bounded
        return found.log_odds

    def _read(self, answer: Sequence[Completion] | Failure) -> float | Failure:
        if isinstance(answer, Failure):
            return Failure(f"the guard's language model: {answer.reason}")
        file = self.the_guard.file
        verdicts = [reading.read(completion.text, file.labels, file.categories) for completion in answer]
        self._counts["texts"] += len(verdicts)
        self._counts["unread"] += verdicts.count(None)
        good = [verdict for verdict in verdicts if verdict is not None]
        if not good:
            end = " ".join(answer[0].text.split())[-60:]
            return Failure(f"the text holds no label ({', '.join(map(repr, file.labels))}); it ends in {end!r}")
        positive = [verdict for verdict in good if verdict.positive and self._counted(verdict)]
        self._named.update(code for verdict in positive for code in verdict.categories)
        return reading.log_odds_of_votes(len(positive), len(good))

    def _counted(self, verdict: reading.GuardVerdict) -> bool:
        return not (self.categories and verdict.categories) or bool(set(verdict.categories) & set(self.the_categories))

    # remarks

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter()

    @cached_property
    def _named(self) -> Counter[str]:
        return Counter()

    def remarks(self) -> Sequence[str]:
        """Labels that could not be read, probability that went elsewhere, bounds, and the categories named."""
        c, said = self._counts, []
        if c["unread"]:
            said.append(f"{c['unread']} of {c['texts']} texts hold no label that can be read")
        if c["little mass"]:
            replies = ", ".join(map(repr, self.the_guard.file.options))
            said.append(
                f"in {c['little mass']} of {c['weighings']} weighings the replies {replies} held less than "
                f"least_mass={self.least_mass:g} of the probability, which is no verdict"
            )
        if c["bounded"]:
            said.append(
                f"in {c['bounded']} of {c['weighings']} weighings one class was not among the tokens shown; its "
                "probability is taken to be the most that it can be"
            )
        if self._named:
            listed = ", ".join(f"{code} {count}" for code, count in self._named.most_common())
            said.append(f"categories named by positive texts: {listed}")
        c.clear()
        self._named.clear()
        return said
