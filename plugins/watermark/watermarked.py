"""A language model that marks what it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from harness import COUNT, COUNT_OR_NONE, INSIDE, Failure, Generation, Part, Response, SteeredGeneration

from .declaring import WrittenText
from .mark import MILLIONTH_PRIME
from .settings import Delta, Key, Scheme, WithMark
from .writing import MarkSteering


class Watermarked(WithMark):
    """Answers as another language model does, with delta added to the logits of green tokens.

    Args:
        base: The model to mark; it has to offer `steer`.
        scheme: ``lefthash`` or ``selfhash`` with the green lists of transformers, or ``counter``.
        key: Whoever knows it can find the mark; the default is known to everybody.
        gamma: Share of the tokens that are green.
        delta: What is added to their logits, in nats, before temperature applies.
        context: Tokens that the choice of green tokens depends on.
        vocabulary: Tokens of the model's output, where they are not those of its tokenizer.
    """

    batch_size = 4096  # the base files its own answers

    def __init__(
        self,
        base: str,
        scheme: Scheme = "lefthash",
        key: Key = MILLIONTH_PRIME,
        gamma: Annotated[float, INSIDE] = 0.25,
        delta: Delta = 2.0,
        context: Annotated[int, COUNT] = 1,
        vocabulary: Annotated[int, COUNT_OR_NONE] = 0,
    ) -> None:
        self._keep(base, scheme, key, gamma, delta, context, vocabulary)

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base has to generate under a rule."""
        return {"base": ("steer",)}

    def tokens(self) -> Sequence[str]:
        """Return the base's tokens."""
        base: Part = self.parts["base"]
        return base.tokens()

    def token_ids(self, text: str) -> Sequence[int]:
        """Cut a text as the base does."""
        base: Part = self.parts["base"]
        return base.token_ids(text)

    def write_marked(self, requests: Sequence[Generation]) -> list[Response]:
        """Return marked completions of each prompt, each with what may be known of the mark."""
        declared = self.mark.declaration()
        return [
            answer if isinstance(answer, Failure) else tuple(WrittenText(one.text, declared) for one in answer)
            for answer in self.generate(requests)
        ]

    def generate(self, requests: Sequence[Generation]) -> list[Response]:
        """Return marked completions of each prompt."""
        base: Part = self.parts["base"]
        rule = MarkSteering(self.mark)
        return base(
            "steer",
            [SteeredGeneration(r.prompt, r.n, r.sampling, rule, origin=r.origin) for r in requests],
        )
