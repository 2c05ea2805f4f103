"""The base of both judges: their arguments, the request to the language model, and the remarks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from harness import Choice, Completion, Conversation, Failure, Generation, Model, Sampling, UsageError
from harness.errors import UnknownName

from .references import References, read_rubric

if TYPE_CHECKING:
    from .parsers import Parser
    from .promptfile import JudgePrompt
    from .promptschema import LogProbabilityFile

BY_TEXT, BY_LOG_PROBABILITY = "text", "log-probability"
LEAST_MASS = 0.5
"""Least probability of all options together: below it the judge meant to write something else, and gave no verdict."""
_ROUNDING = 1e-9


class Judging(Model):
    """A language model as a judge: a prompt, and a way to read verdicts.

    The language model is asked through the one client, so that its texts are on file: another parser, weight or way of
    counting votes reads the texts again and costs no inference.
    """

    version = "2"
    batch_size = 4096  # the base files its own answers; a large batch lets it choose the order
    part_names: ClassVar[tuple[str, ...]] = ("base",)
    places: ClassVar[tuple[str, ...]] = ("prompt", "rubric", "references")  # `identity` covers what lies there
    paths: ClassVar[tuple[str, ...]] = ("references",)
    kind: ClassVar[str]

    base: str
    prompt: str
    verdict: str
    parser: str
    votes: int
    count: str
    temperature: float | None
    max_tokens: int | None
    seed: int
    rubric: str
    references: str
    merge_system: bool
    max_characters: int
    least_mass: float

    # what the arguments amount to

    @cached_property
    def the_prompt(self) -> JudgePrompt:
        """Read and check the prompt file."""
        from .promptfile import find_prompt

        return find_prompt(str(self.prompt), self.kind)

    @cached_property
    def the_parser(self) -> Parser:
        """Return the parser that reads the verdict from a text.

        Raises:
            UnknownName: no parser that reads the prompt's kind of verdict has the name.
        """
        from .parsers import PARSERS

        default = self.the_prompt.parser
        if not self.parser:
            return default
        names = [name for name, parser in PARSERS.items() if parser.reads == default.reads]
        if self.parser not in names:
            raise UnknownName(f"parser that reads a {default.reads}", self.parser, names)
        return PARSERS[self.parser]

    @cached_property
    def the_rubric(self) -> str:
        """Return the rubric to judge by; the prompt's own if the arguments give none."""
        return read_rubric(self.rubric) if self.rubric else self.the_prompt.file.rubric

    @cached_property
    def the_references(self) -> References:
        """Read the reference answers by prompt."""
        return References(self.references)

    @property
    def way(self) -> str:
        """Return the source of the verdict: ``text`` or ``log-probability``."""
        return self.verdict or self.the_prompt.file.verdict

    @property
    def weighed(self) -> LogProbabilityFile:
        """Return the beginnings of the reply whose probabilities are weighed."""
        block = self.the_prompt.file.log_probability
        assert block is not None  # `_check` has seen to it
        return block

    @cached_property
    def sampling(self) -> Sampling:
        """Return the sampling of the judge's text."""
        default = self.the_prompt.file.sampling
        return Sampling(
            temperature=default.temperature if self.temperature is None else float(self.temperature),
            top_p=default.top_p,
            max_tokens=default.max_tokens if self.max_tokens is None else int(self.max_tokens),
            stop=tuple(default.stop),
            seed=int(self.seed),
        )

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Check the arguments, then offer what the methods offer.

        Raises:
            UsageError: arguments do not go together, or with the prompt.
        """
        self._check()
        return super().offers(known)

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to write texts, or to weigh replies."""
        return {"base": ("generate",) if self.way == BY_TEXT else ("choose",)}

    def identity(self) -> Mapping[str, object]:
        """Return the prompt's content, the versions of parser and rendering, the rubric and the references."""
        from .rendering import VERSION

        rubric = hashlib.sha256(self.the_rubric.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return {
            "prompt": self.the_prompt.digest,
            "parser": self.the_parser.identity if self.way == BY_TEXT else "",
            "rendering": VERSION,
            **({"rubric": rubric} if self.the_rubric else {}),
            **self.the_references.identity(),
        }

    def _check(self) -> None:
        prompt, parser = self.the_prompt, self.the_parser
        if self.way == BY_LOG_PROBABILITY:
            if prompt.file.log_probability is None:
                raise UsageError(
                    f"the prompt {self.prompt!r} does not say what replies to weigh (key log_probability); "
                    f"use verdict={BY_TEXT}, or a prompt that does"
                )
            if self.votes != 1 or self.parser:
                given = f"parser={parser.name}" if self.parser else f"votes={self.votes}"
                raise UsageError(f"{given} is for verdicts read from text; weighed replies are exact and need none")
        elif self.votes > 1 and self.sampling.temperature == 0:
            raise UsageError(f"votes={self.votes} at temperature 0 would all be the same; give temperature=0.7, say")
        for name, given in (("rubric", self.rubric), ("reference", self.references)):
            if given and name not in prompt.places:
                raise UsageError(f"the prompt {self.prompt!r} has no place for a {name} ({{{name}}})")
        if self.the_rubric == "" and self.rubric:
            raise UsageError(f"rubric={self.rubric}: it is empty")
        _ = self.the_references  # read now, so that a mistake in them is found before anything runs

    # asking

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter()

    def shown(self, conversation: Conversation, texts: Mapping[str, str]) -> Conversation | Failure:
        """Render the request to the language model about a conversation and the responses to it."""
        from .rendering import hidden_turns, render, unsuitable

        problem = unsuitable(conversation)
        if problem:
            return Failure(problem)
        whole = render(
            self.the_prompt,
            conversation,
            texts,
            reference=self.the_references.find(conversation) if self.references else "",
            rubric=self.the_rubric,
            prefill=self.weighed.prefill if self.way == BY_LOG_PROBABILITY else "",
            merge_system=self.merge_system,
        )
        if isinstance(whole, Conversation):
            length = sum(len(message.content) for message in whole.messages)
            if self.max_characters and length > self.max_characters:
                return Failure(f"{length} characters to judge, more than max_characters={self.max_characters} allows")
            self._counts["turns hidden"] += hidden_turns(self.the_prompt, conversation)
        return whole

    def answers(self, shown: Sequence[Conversation | Failure]) -> list[Any]:
        """Return the base's answers in order; a `Failure` where there was nothing to ask or the base failed.

        Returns:
            Tuples of `Completion`, one a vote; or arrays of log-probabilities, one an option, in nats.
        """
        asked = [i for i, prompt in enumerate(shown) if isinstance(prompt, Conversation)]
        prompts = [prompt for prompt in shown if isinstance(prompt, Conversation)]
        answers: list[Any] = list(shown)
        if self.way == BY_TEXT:
            requests: list[Any] = [Generation(prompt, int(self.votes), self.sampling) for prompt in prompts]
            responses = self.parts["base"]("generate", requests) if requests else []
        else:
            options = tuple(self.weighed.options)
            requests = [Choice(prompt, options) for prompt in prompts]
            responses = self.parts["base"]("choose", requests) if requests else []
        for i, response in zip(asked, responses, strict=True):
            answers[i] = Failure(f"the judge: {response.reason}") if isinstance(response, Failure) else response
        return answers

    def noted(self, completions: Sequence[Completion], *, unread: int) -> None:
        """Count texts, texts cut off and unread verdicts, for the remarks."""
        self._counts["texts"] += len(completions)
        self._counts["cut off"] += sum(completion.finish_reason == "length" for completion in completions)
        self._counts["unread"] += unread

    def too_little(self, mass: float) -> Failure | None:
        """Count a weighing; return a failure if the options held too little of the probability."""
        self._counts["weighings"] += 1
        if mass >= self.least_mass - _ROUNDING:
            return None
        self._counts["little mass"] += 1
        listed = ", ".join(map(repr, self.weighed.options))
        return Failure(
            f"the replies {listed} hold {mass:.2%} of the probability, less than least_mass={self.least_mass:g}: the "
            "judge meant to reply something else"
        )

    def remarks(self) -> Sequence[str]:
        """Report unreadable verdicts, texts cut off, probability outside the options, and turns that were not shown."""
        c, remarks = self._counts, []
        if c["unread"]:
            remarks.append(
                f"{c['unread']} of {c['texts']} texts hold no verdict that {self.the_parser.name!r} can read"
            )
        if c["cut off"]:
            limit = f"max_tokens={self.sampling.max_tokens}"
            remarks.append(f"{c['cut off']} of {c['texts']} texts were cut off at {limit}; a higher one may help")
        if c["little mass"]:
            remarks.append(
                f"in {c['little mass']} of {c['weighings']} weighings the options held less than "
                f"least_mass={self.least_mass:g} of the probability, which is no verdict: the judge meant to reply "
                "something else"
            )
        if c["turns hidden"]:
            hidden = f"the prompt {self.prompt!r} shows the last question only"
            remarks.append(f"{hidden}; earlier turns of conversations were left out {c['turns hidden']} times")
        c.clear()
        return remarks


def ending(text: str, length: int = 60) -> str:
    """Quote the end of a text, for messages."""
    text = " ".join(text.split())
    return repr(text if len(text) <= length else "..." + text[-length:])


def joined(completions: Sequence[Completion]) -> str:
    """Join the judge's texts, votes under one another."""
    if len(completions) == 1:
        return completions[0].text
    return "\n\n".join(f"--- vote {i} ---\n{completion.text}" for i, completion in enumerate(completions, 1))
