"""What writer and reader of a mark are told alike: its settings, and the model whose tokens it counts."""

from __future__ import annotations

from typing import Annotated, ClassVar

from harness import SEED, CellError, Model, OneOf, Part, Range

from .mark import SCHEMES, Mark, tokenizer_hash

Scheme = Annotated[str, OneOf(*SCHEMES)]
Key = Annotated[int, SEED]
Delta = Annotated[float, Range(least=0)]


class WithMark(Model):
    """A model over another one of whose tokens a mark is made."""

    part_names: ClassVar[tuple[str, ...]] = ("base",)

    def _keep(
        self, base: str, scheme: str, key: int, gamma: float, delta: float, context: int, vocabulary: int
    ) -> None:
        self.base, self.scheme, self.key = base, scheme, key
        self.gamma, self.delta, self.context, self.vocabulary = gamma, delta, context, vocabulary

    @property
    def mark(self) -> Mark:
        """Return the mark, whose tokenizer and vocabulary are those of the base.

        Raises:
            CellError: the base does not say what its tokens are.
        """
        if not hasattr(self, "_mark"):
            base: Part = self.parts["base"]
            tokens = base.tokens()
            if not tokens:
                raise CellError(f"{base.specification or 'the base'} does not say what its tokens are")
            size = self.vocabulary or len(tokens)
            self._mark = Mark(self.scheme, self.key, self.gamma, self.delta, self.context, size, tokenizer_hash(tokens))
        return self._mark
