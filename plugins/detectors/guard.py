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
"""Least probability of all options together: below it the model meant to write something else, and gave no verdict."""
WAYS: Mapping[str, str] = {"log-probability": "choose", "text": "generate"}


class GenerativeGuard(Model):
    """Answers with ln P(positive replies) - ln P(negative replies), by the template's options.

    Args:
        base: The language model; one with arguments in brackets: ``base=[hf:path=FOLDER]``.
        template: One that ships (``harness show guard`` lists them), or a file of your own ending in ``.yaml``.
        verdict: ``log-probability``, or ``text`` for models that give none: then the written label counts, as log-odds
            of +-1.10. Default: as the template says.
        categories: Codes joined by ``+``: only these are shown, and an unsafe text that names only others counts as
            negative. Default: all.
        votes: Texts a conversation, for ``verdict=text`` with a temperature: ln((k + 1/2) / (n - k + 1/2)).
        temperature: Temperature of the texts.
        max_tokens: Most tokens of a text; 0 takes the template's number.
        seed: Seed of the sampling.
        marks: ``break`` the format's own marks where a conversation holds them, or ``keep`` them.
        least_mass: Least probability of all options of the template together; below it the request fails.
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
        """Read and check the template file."""
        from .guardfile import find_guard

        return find_guard(str(self.template))

    @property
    def way(self) -> str:
        """Return the source of the verdict: ``log-probability`` or ``text``."""
        return self.verdict or self.the_guard.file.verdict

    @cached_property
    def the_categories(self) -> Mapping[str, str]:
        """Return the categories that count, code to name.

        Raises:
            UnknownName: the template has no category of that code.
        """
        all_categories = self.the_guard.file.categories
        if not self.categories:
            return all_categories
        chosen = str(self.categories).split("+")
        for code in chosen:
            if code not in all_categories:
                raise UnknownName(f"category of {self.template!r}", code, all_categories)
        return {code: name for code, name in all_categories.items() if code in chosen}

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Check the arguments, then offer what the method offers.

        Raises:
            UsageError: votes or categories do not go with the other arguments.
        """
        if self.way == "log-probability" and self.votes > 1:
            raise UsageError(f"votes={self.votes} is for verdict=text; log-probabilities are exact and need none")
        if self.votes > 1 and self.temperature == 0:
            raise UsageError(f"votes={self.votes} at temperature 0 would all be the same; give temperature=0.7, say")
        if self.categories and self.the_guard.file.form == "own" and self.way != "text":
            raise UsageError("categories= with a model's own template are read from its text: give verdict=text too")
        _ = self.the_categories
        return super().offers(known)

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to weigh replies or write texts."""
        return {"base": (WAYS[self.way],)}

    def identity(self) -> Mapping[str, object]:
        """Return the template's content, and the versions of showing conversations and of reading replies."""
        from .rendering import VERSION

        return {"template": self.the_guard.digest, "rendering": VERSION, "reading": reading.VERSION}

    # asking

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return log-odds in nats; a `Failure` where the model failed or its text holds no label."""
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
        weighed = reading.weigh(answer, options.values())
        self._counts["weighings"] += 1
        listed = ", ".join(map(repr, options))
        if weighed.log_odds is None:
            return Failure(f"none of the replies {listed} has any probability that was shown; verdict=text reads texts")
        if weighed.mass < self.least_mass - 1e-9:  # rounding
            self._counts["little mass"] += 1
            return Failure(
                f"the replies {listed} hold {weighed.mass:.2%} of the probability, less than "
                f"least_mass={self.least_mass:g}: the model meant to reply something else; verdict=text reads texts"
            )
        self._counts["bounded"] += weighed.bounded
        return weighed.log_odds

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
        """Report unreadable labels, probability outside the options, bounds, and the categories of positive texts."""
        c, remarks = self._counts, []
        if c["unread"]:
            remarks.append(f"{c['unread']} of {c['texts']} texts hold no label that can be read")
        if c["little mass"]:
            replies = ", ".join(map(repr, self.the_guard.file.options))
            remarks.append(
                f"in {c['little mass']} of {c['weighings']} weighings the replies {replies} held less than "
                f"least_mass={self.least_mass:g} of the probability, which is no verdict"
            )
        if c["bounded"]:
            remarks.append(
                f"in {c['bounded']} of {c['weighings']} weighings one class was not among the tokens shown; its "
                "probability is taken to be the most that it can be"
            )
        if self._named:
            listed = ", ".join(f"{code} {count}" for code, count in self._named.most_common())
            remarks.append(f"categories named by positive texts: {listed}")
        c.clear()
        self._named.clear()
        return remarks
