"""Adapters: a reward model that judges options, and replies that are cut off."""

import dataclasses

from harness import Adapter, Candidates, Conversation, Failure


class Fits(Adapter):
    """An option fits as a reward model scores it as a response.

    Args:
        scale: What scores are multiplied by.
    """

    gives = "fitness"
    needs = "score"

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def expand(self, request):
        return [Candidates(Conversation.user(request.prompt), request.options, origin=request.origin)]

    def reduce(self, request, responses):
        return [self.scale * score for score in responses[0]]


class Before(Adapter):
    """Gives what stands between two marks of a reply.

    Args:
        mark: Where the reply ends.
        after: Where it begins; empty: at once.
    """

    gives = "generate"
    needs = "generate"

    def __init__(self, mark: str, after: str = "") -> None:
        self.mark, self.after = mark, after

    def expand(self, request):
        return [request]

    def reduce(self, request, responses):
        texts = [each.text.rpartition(self.after)[2] if self.after else each.text for each in responses[0]]
        if any(self.mark not in text for text in texts):
            return Failure(f"a reply has no {self.mark!r}")
        return tuple(
            dataclasses.replace(each, text=text.partition(self.mark)[0].strip())
            for each, text in zip(responses[0], texts, strict=True)
        )
