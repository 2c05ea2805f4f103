"""The conversion graph: how a model that offers one capability is asked for another.

An adapter is a pure pair of functions. It holds no model and makes no call, so what the model answered is in the
store in its own form, and another adapter costs no inference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from harness.errors import PlanError
from harness.requests import Failure, Request, Response


class Unsuitable(ValueError):
    """An adapter cannot serve this task; the text says what the task would have to provide."""


class Adapter:
    """Base class of adapters: turns requests of ``gives`` into requests of ``needs``, and the answers back.

    A model that scores single responses is asked to compare two:

    >>> from harness import Candidates, Conversation, Pair, Verdict
    >>> class HigherScore(Adapter):
    ...     gives, needs = "compare", "score"
    ...     def expand(self, request):
    ...         return [Candidates(request.prompt, (request.first, request.second), origin=request.origin)]
    ...     def reduce(self, request, responses):
    ...         first, second = responses[0]
    ...         return Verdict(0.5 if first == second else float(first > second))
    >>> pair = Pair(Conversation.user("What is the capital of France?"), "Paris.", "Lyon.")
    >>> [request.responses for request in HigherScore().expand(pair)]
    [('Paris.', 'Lyon.')]
    >>> HigherScore().reduce(pair, [(2.5, -1.0)]).p_first
    1.0

    One from a capability to itself changes what is asked or answered, and is used only where the user names it. The
    arguments of its constructor are checked as those of models are: ``--adapter answer-after:marker=<R>``.

    >>> import dataclasses
    >>> from harness import Completion, Failure, Generation
    >>> class AnswerAfter(Adapter):
    ...     gives = needs = "generate"
    ...     def __init__(self, marker: str = "Answer:"):
    ...         self.marker = marker
    ...     def expand(self, request):
    ...         return [request]
    ...     def reduce(self, request, responses):
    ...         if any(self.marker not in completion.text for completion in responses[0]):
    ...             return Failure("no answer follows the thoughts")
    ...         ends = [completion.text.partition(self.marker)[2].strip() for completion in responses[0]]
    ...         return tuple(dataclasses.replace(c, text=end) for c, end in zip(responses[0], ends))
    >>> asked = Generation(Conversation.user("What is 2 + 2?"))
    >>> AnswerAfter("<R>").reduce(asked, [(Completion("Let me add. <R> 4"),)])[0].text
    '4'
    """

    name: str
    """As registered; set by the registry."""
    gives: ClassVar[str] = ""
    """The capability it provides."""
    needs: ClassVar[str] = ""
    """The capability it asks the model for."""
    version: ClassVar[str] = "1"
    """Raise it when the same arguments convert otherwise than before: models over models that are asked through it are
    then asked anew. Answers of the models that it asks stay on file."""

    def configure(self, brief: Mapping[str, str]) -> Adapter:
        """Return the adapter for a task that says ``brief`` about itself, such as the name of its positive class.

        Raises:
            Unsuitable: the task does not say what this adapter needs to know.
        """
        return self

    def expand(self, request: Request) -> Sequence[Request]:
        """Return the requests to make instead; where the origin matters, they carry on that of ``request``."""
        raise NotImplementedError

    def reduce(self, request: Request, responses: Sequence[Response]) -> Response:
        """Return the response to ``request``, from the responses to its expansion, none of which is a failure."""
        raise NotImplementedError

    def reduce_all(self, requests: Sequence[Request], responses: Sequence[Sequence[Response]]) -> list[Response]:
        """Apply `reduce` to many requests at once; override it where that is faster."""
        return [self.reduce(request, answers) for request, answers in zip(requests, responses, strict=True)]


@dataclass(frozen=True, slots=True)
class Route:
    """How one model comes to offer one capability."""

    capability: str
    """What is asked for."""
    adapters: tuple[Adapter, ...] = field(default=())
    """Outermost first; empty where the model offers the capability itself."""
    cost: float = 0.0
    identity: tuple[Any, ...] = ()
    """What the answers that come this way depend on besides the model's: adapters, versions, arguments; plain data."""

    @property
    def base(self) -> str:
        """The model's own capability at the end of the route."""
        return self.adapters[-1].needs if self.adapters else self.capability

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the adapters with the arguments that they were given, for the record."""
        return tuple(adapter.name for adapter in self.adapters)


@dataclass(frozen=True, slots=True)
class Edge:
    """An adapter as the graph sees it, before it is imported."""

    name: str
    gives: str
    needs: str
    cost: float


def find_route(
    wanted: Sequence[str],
    offered: Sequence[str],
    edges: Sequence[Edge],
    *,
    names: Mapping[str, str] | None = None,
    choose: str = "choose one with --adapter",
) -> tuple[str, list[Edge]] | None:
    """Find the cheapest way from what a model offers to one of the capabilities that a task accepts.

    A capability the model has itself always wins, in the task's order of preference; else the chain of adapters with
    the least total cost. Adapters from a capability to itself are on no such chain: they are used where they are named.

    Args:
        wanted: Capabilities, those preferred first.
        offered: What the model offers.
        edges: All adapters.
        names: What messages call them, where that is not the edges' names.
        choose: Says how the user chooses among chains of one cost.

    Returns:
        (capability, edges from the outermost inward), or None where there is no way.

    Raises:
        PlanError: two different chains cost the same.
    """
    for capability in wanted:
        if capability in offered:
            return capability, []
    chains: list[tuple[float, int, str, list[Edge]]] = []
    for rank, capability in enumerate(wanted):
        chains += [(cost, rank, capability, path) for cost, path in _paths(capability, offered, edges)]
    if not chains:
        return None
    chains.sort(key=lambda chain: (chain[0], chain[1]))
    cost, rank, capability, path = chains[0]
    rivals = [chain[3] for chain in chains[1:] if chain[0] == cost and chain[1] == rank]
    if rivals:
        # To take one of them would make the figures depend on the order in which plugins are loaded.
        spelled = " or ".join(
            " > ".join((names or {}).get(edge.name, edge.name) for edge in chain) for chain in [path, *rivals]
        )
        raise PlanError([f"two adapter routes to {capability!r} cost the same: {spelled}; {choose}"])
    return capability, path


def _paths(wanted: str, offered: Sequence[str], edges: Sequence[Edge]) -> list[tuple[float, list[Edge]]]:
    """Return all loop-free chains of adapters from ``wanted`` down to an offered capability, each with its cost."""
    done: list[tuple[float, list[Edge]]] = []
    open_: list[tuple[float, list[Edge], str]] = [(0.0, [], wanted)]
    while open_:
        cost, path, current = open_.pop()
        for edge in edges:
            if edge.gives == edge.needs:
                continue
            if edge.gives != current or edge.needs == wanted or any(edge.needs == e.gives for e in path):
                continue
            longer = [*path, edge]
            if edge.needs in offered:
                done.append((cost + edge.cost, longer))
            else:
                open_.append((cost + edge.cost, longer, edge.needs))
    return done


def ask_through(
    adapters: Sequence[Adapter], requests: Sequence[Request], ask: Callable[[Sequence[Request]], Sequence[Response]]
) -> list[Response]:
    """Ask requests through adapters without a store between; what an adapter raises is raised.

    Args:
        adapters: Outermost first.
        requests: Of what the outermost gives, or of what is asked where there are none.
        ask: Answers requests of what the innermost needs, in order.

    >>> class Shout(Adapter):
    ...     gives = needs = "generate"
    ...     def expand(self, request):
    ...         return [request.upper()]
    ...     def reduce(self, request, responses):
    ...         return responses[0] + "!"
    >>> ask_through([Shout(), Shout()], ["hello"], lambda requests: [f"{request}, you" for request in requests])
    ['HELLO, you!!']
    """
    if not adapters:
        return list(ask(requests))
    adapter = adapters[0]
    groups = [list(adapter.expand(request)) for request in requests]
    given = iter(ask_through(adapters[1:], [inner for group in groups for inner in group], ask))
    answers: list[Response] = []
    for request, group in zip(requests, groups, strict=True):
        responses = [next(given) for _ in group]
        failed = next((response for response in responses if isinstance(response, Failure)), None)
        answers.append(adapter.reduce(request, responses) if failed is None else failed)
    return answers
