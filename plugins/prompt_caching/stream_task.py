"""The kind ``cache-stream``: prompts in the order in which they come, and what caches make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import (
    SEED,
    Answers,
    BadItem,
    BadValue,
    Candidates,
    Columns,
    ConfigurationError,
    Conversation,
    Failure,
    FieldSpec,
    FloatArray,
    Item,
    ItemFigures,
    Query,
    Range,
    Request,
    Stage,
    Task,
    Text,
    Told,
    UsageError,
)

from .long_trace import trace_by_index
from .lookup import Index, Lookup, Search, Stored
from .match_trace import MOST, Neighbours, Trace, neighbours_of, trace_of
from .policy import GreyZone, Static
from .policy_names import NamedPolicy, all_named
from .repeats import identical
from .replay import CacheSettings, Replayed, replay
from .reuse import Reuse
from .stream import NONE, Stream
from .stream_rows import SCOPE, answers_of, code_of, scope_of, stream_of
from .zone import Zone

_LISTED = 64
"""Neighbours of a prompt that are stored."""
_UNKNOWN = float("nan")


class CacheStream(Task):
    """Rows are prompts in the order in which they come; each has the ``answer`` that it takes, or several.

    Prompts that take one answer share a response. A prompt without an ``answer`` takes one that no other takes. The
    evaluated model embeds the prompts. From the vectors follow the match trace (for each prompt the nearest earlier one
    of its scope, and whether its response would be right), and what each policy would do in a cache.

    Columns, of shape (n,): ``similarity`` with the nearest earlier prompt, -2 where there is none; ``right``, whether
    its response would be right; ``possible``, whether any earlier response would be; ``cost``, ``latency`` and
    ``tokens`` of asking the model; ``repeat`` and ``repeat_right``, whether a cache of identical prompts would serve,
    and rightly. Of shape (n, policies): ``hit``, ``hit_right`` (a right response was served), ``asked_verifier``. Of
    shape (n, thresholds x kinds of cache): ``static_hit`` and ``static_right``, of static thresholds in caches like
    those of the policies, for what was best in hindsight.

    Options:
        policies: What decides, such as ``pooled:delta=0.02`` or ``LABEL=static:threshold=0.9,capacity=500``.
        answers: ``exact``, or ``normalised`` for short answers that may differ in case, articles and punctuation.
        verify: Lowest and highest similarity at which the role ``verifier`` is asked about the nearest earlier prompts.
        verify_neighbours: How many of them.
        hindsight: Static thresholds to compare with; 0: none.
        lookup_latency: Seconds that a lookup takes.
        verifier_latency: Seconds that a verifier takes.
        prices: USD that an answer of each model costs, by its label. The role ``router`` is then asked which of them
            would answer a prompt right, and asking costs what the cheapest of these does, or else the dearest of all.
        enough: Predicted probability of a right answer with which a model is taken to answer right.
        seed: Of the policies' random numbers.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("text"),
        "answer": FieldSpec("any", required=False, description="its class, its answer's id or text, or a list of them"),
        "response": FieldSpec("text", required=False, description="what the model answered, for a verifier"),
        "cost": FieldSpec("number", required=False, description="USD that asking the model costs"),
        "latency": FieldSpec("number", required=False, description="seconds that asking the model takes"),
        "tokens": FieldSpec("number", required=False, description="tokens that asking the model takes, in and out"),
        "time": FieldSpec("number", required=False, description="seconds, never falling from row to row"),
        "expires": FieldSpec("number", required=False, description="seconds for which a response holds"),
        **{name: FieldSpec("any", required=False, description="part of the cache's key") for name in SCOPE},
    }
    stages: Sequence[Stage] = (Stage(("embed",)),)
    columns: ClassVar[tuple[str, ...]] = (
        *("similarity", "right", "possible", "cost", "latency", "tokens", "repeat", "repeat_right"),
        *("hit", "hit_right", "asked_verifier", "static_hit", "static_right"),
    )
    interim: ClassVar[Mapping[str, str]] = {
        "vector": "float32",
        "answers": "float64",
        "text": "float64",
        "in_scope": "float64",
        "time": "float64",
        "lifetime": "float64",
        "verified": "float64",
        "verified_row": "float64",
    }
    ordered: ClassVar[bool] = True
    default_metrics: ClassVar[tuple[str, ...]] = (
        *("hit_rate_at_error", "match_auroc", "match_average_precision", "precision_hit_area"),
    )
    options: ClassVar[Mapping[str, Any]] = {
        "policies": ["static:threshold=0.8", "pooled:delta=0.02"],
        "answers": "exact",
        "verify": [],
        "verify_neighbours": 1,
        "hindsight": 16,
        "lookup_latency": 0.0,
        "verifier_latency": 0.0,
        "prices": {},
        "enough": 0.5,
        "seed": 0,
    }
    option_forms: ClassVar[Mapping[str, Any]] = {
        "policies": list[str],
        "answers": Literal["exact", "normalised"],
        "verify": list[Annotated[float, Range(least=-1, most=1)]],
        "verify_neighbours": Annotated[int, Range(least=1, most=_LISTED)],
        "hindsight": Annotated[int, Range(least=0, most=200)],
        "lookup_latency": Annotated[float, Range(least=0)],
        "verifier_latency": Annotated[float, Range(least=0)],
        "prices": dict[str, Annotated[float, Range(least=0)]],
        "enough": Annotated[float, Range(least=0, most=1)],
        "seed": Annotated[int, SEED],
    }

    def __init__(self, definition: Any) -> None:
        super().__init__(definition)
        zone: Sequence[float] = self.settings["verify"]
        if zone:
            if len(zone) != 2 or not zone[0] <= zone[1]:
                raise ConfigurationError(
                    f"{self.name}: the option 'verify' is {list(zone)}; expected [lowest, highest]"
                )
            self.stages = (*self.stages, Stage(("reuse", "score"), "verifier"))
        self._routed = len(self.stages) if self.settings["prices"] else 0
        if self._routed:
            self.stages = (*self.stages, Stage(("route",), "router"))
        self._zone = Zone(tuple(zone) if zone else (2.0, 2.0), self.settings["verify_neighbours"])
        self._replayed: dict[str, Replayed] = {}
        self._recall: float | None = None
        self._unverified: dict[str, tuple[int, int]] = {}
        try:
            self.policies: list[NamedPolicy] = all_named(self.settings["policies"])
        except UsageError as error:
            raise ConfigurationError(f"{self.name}: {error}") from error
        if not self.policies:
            raise ConfigurationError(f"{self.name}: the option 'policies' names none")
        for one in self.policies:
            if isinstance(one.policy, GreyZone) and not zone:
                raise ConfigurationError(
                    f"{self.name}: {one.label} asks a verifier; set the option 'verify' to [lowest, highest] "
                    "similarity, and name who verifies: --role verifier=MODEL"
                )

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the task file's metrics, or those of the trace and two of each policy."""
        if self.definition.metrics:
            return self.definition.metrics
        own = (
            f"{name}:policy={i}" for i in range(len(self.policies)) for name in ("cache_hit_rate", "cache_error_rate")
        )
        return (*self.default_metrics, *own)

    # data

    def items(self, split: str = "test", *, limit: int | None = None) -> Iterator[Item | BadItem]:
        """Stream the rows; one whose time is before that of the row before it is bad."""
        before = -np.inf
        for item in super().items(split, limit=limit):
            if isinstance(item, Item) and "time" in item.fields and item.fields["time"] is not None:
                time = float(item.fields["time"])
                if time < before:
                    yield BadItem(
                        item.where,
                        f"'time' is {time:g}, and was {before:g} before: rows must be in the order of time; sort them",
                    )
                    continue
                before = time
            yield item

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check numbers, and turn answers and scope into codes.

        Raises:
            BadValue: a number is negative, or the answer is none.
        """
        for name in ("cost", "latency", "tokens", "expires"):
            value = fields.get(name)
            if value is not None and not 0 <= value < np.inf:
                raise BadValue(f"{name!r} is {value:g}; expected 0 or more", fields=(name,))
        if self.settings["prices"] and fields.get("cost") is not None:
            raise BadValue(
                "the row has a 'cost', and the option 'prices' makes one; keep one of them", fields=("cost",)
            )
        codes = answers_of(fields.get("answer"), normalised=self.settings["answers"] == "normalised")
        return {**fields, "answers": codes, "in_scope": scope_of(fields)}

    def expected(self, item: Item) -> str:
        """Return the answers that the prompt takes."""
        return str(item.fields.get("answer") or "")

    # asking

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the vector; then, where a verifier is to be asked, about the nearest earlier prompts."""
        if stage == 0:
            return [Text(item.fields["prompt"], origin=item.origin(self.name, 0))]
        if stage == self._routed:
            prompt, models = Conversation.user(item.fields["prompt"]), tuple(self.settings["prices"])
            return [Query(prompt, models, origin=item.origin(self.name))]
        vector = earlier[0].responses[0]
        found = self._zone.asked(
            item, None if isinstance(vector, Failure) else np.asarray(vector, dtype=np.float32), earlier[0].model
        )
        prompt, requests = item.fields["prompt"], []
        for place, other in enumerate(found):
            origin, response = item.origin(self.name, place), other.response or other.prompt
            if capability == "reuse":
                requests.append(Reuse(prompt, other.prompt, other.response, origin=origin))
            else:
                requests.append(Candidates(Conversation.user(prompt), (response,), origin=origin))  # type: ignore[arg-type]
        return requests

    def most_requests(self, stage: int) -> int | None:
        """Return how many neighbours a verifier is asked about at most."""
        return 1 if stage in (0, self._routed) else int(self.settings["verify_neighbours"])

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return the vector, and what the data say."""
        given = answers[0].responses[0]
        fields = item.fields
        verified, rows = (
            self._zone.answers(item.id, answers[1]) if self.settings["verify"] and len(answers) > 1 else ([], [])
        )
        asked = self._routed and len(answers) > self._routed  # `harness cache` asks the embedder alone
        cost = self._routed_cost(answers[self._routed]) if asked else _number(fields.get("cost"))
        return {
            "vector": _UNKNOWN if isinstance(given, Failure) else np.asarray(given, dtype=np.float32),
            "answers": np.array(fields["answers"] or [_UNKNOWN]),
            "in_scope": fields["in_scope"],
            "time": _number(fields.get("time")),
            "lifetime": _number(fields.get("expires")),
            "cost": cost,
            "latency": _number(fields.get("latency")),
            "tokens": _number(fields.get("tokens")),
            "text": code_of(fields["prompt"]),
            "verified": np.array(verified or [_UNKNOWN]),
            "verified_row": np.array(rows or [_UNKNOWN]),
        }

    def _routed_cost(self, answers: Answers) -> float:
        """Return what the cheapest model costs that a router takes to answer right, else the dearest; NaN: unknown."""
        predicted, prices = answers.responses[0], list(self.settings["prices"].values())
        if isinstance(predicted, Failure):
            return _UNKNOWN
        able = [price for price, p in zip(prices, np.ravel(predicted), strict=True) if p >= self.settings["enough"]]
        return float(min(able, default=max(prices)))

    # figures

    def settle(self, columns: Columns) -> Mapping[str, NDArray[Any]]:
        """Make the trace, and let each policy decide."""
        stream = stream_of(columns, self.name)
        neighbours = listed(stream)
        self._recall = None
        if neighbours is not None:
            trace = trace_of(stream, neighbours)
        else:
            trace, self._recall = trace_by_index(stream)
        verifier = _Verifier(columns)
        self._unverified = {}
        gone = ~stream.there
        hit, right, asked = (np.zeros((len(stream), len(self.policies))) for _ in range(3))
        self._replayed = {}
        for i, one in enumerate(self.policies):
            done = run(stream, one, neighbours, trace, verifier=verifier, seed=self.settings["seed"])
            self._replayed[one.label] = done
            self._unverified[one.label] = (verifier.pop_unknown(), int(done.verified.sum()))
            hit[:, i], right[:, i], asked[:, i] = done.hit, done.hit & done.right, done.verified
        static_hit, static_right = self._hindsight(stream, neighbours, trace)
        repeat, repeat_right = identical(stream, columns.values["text"])
        made: dict[str, NDArray[Any]] = {
            "repeat": repeat.astype(np.float64),
            "repeat_right": repeat_right.astype(np.float64),
            "similarity": trace.similarity,
            "right": trace.right.astype(np.float64),
            "possible": trace.possible.astype(np.float64),
            "hit": hit,
            "hit_right": right,
            "asked_verifier": asked,
            "static_hit": static_hit,
            "static_right": static_right,
        }
        for values in made.values():
            values[gone] = np.nan
        return made

    def _hindsight(self, stream: Stream, neighbours: Neighbours | None, trace: Trace) -> tuple[FloatArray, FloatArray]:
        """Replay static thresholds in caches like those of the policies: (n, thresholds x kinds of cache), twice."""
        count = self.settings["hindsight"]
        if not count:
            return np.zeros((len(stream), 1)), np.zeros((len(stream), 1))
        hits, rights = [], []
        for settings in self.caches:
            for threshold in thresholds_of(trace, count):
                done = run(stream, NamedPolicy("", Static(threshold), settings), neighbours, trace)
                hits.append(done.hit)
                rights.append(done.hit & done.right)
        return np.array(hits, dtype=np.float64).T, np.array(rights, dtype=np.float64).T

    @property
    def caches(self) -> list[CacheSettings]:
        """The kinds of cache that the policies have, each once."""
        return list(dict.fromkeys(one.settings for one in self.policies))

    def facts(self) -> Mapping[str, Any]:
        """Return the policies by name, which cache each has, and the times that lookups take."""
        caches = self.caches
        return {
            "policies": [one.label for one in self.policies],
            "described": [one.described for one in self.policies],
            "cache_of": [caches.index(one.settings) for one in self.policies],
            "static_thresholds": self.settings["hindsight"],
            "lookup_latency": self.settings["lookup_latency"],
            "verifier_latency": self.settings["verifier_latency"],
        }

    def remarks(self, split: str) -> Sequence[str]:
        """Say what the policies guarantee, and what they proved."""
        said = []
        if self._recall is not None:
            said.append(
                f"a scope has over {MOST:,} prompts: nearest ones were found by an index, which finds the true one in "
                f"{self._recall:.1%} of a sample"
            )
        for one in self.policies:
            guarantee = getattr(one.policy, "guarantee", "")
            if guarantee and one.label in self._replayed:
                done = self._replayed[one.label]
                said.append(f"{one.label} guarantees: {guarantee}; false hits here: {int(done.false_hits.sum())}")
        neighbours = self.settings["verify_neighbours"]
        for label, (unknown, asked) in self._unverified.items():
            if unknown:
                said.append(
                    f"{label}: of {asked} entries that a verifier was to be asked about it has no answer on {unknown}, "
                    f"which count as misses: it failed, or they were not among the {neighbours} "
                    "nearest earlier prompts, of which alone it is asked (option 'verify_neighbours')"
                )
        return said

    def tell(self, item: ItemFigures) -> Told | None:
        """Say how near the nearest earlier prompt is, whether it would serve, and what the first policy did."""
        similarity = item.number("similarity")
        if similarity != similarity:
            return None
        if similarity == NONE:
            return Told("no earlier prompt of its scope to be served from")
        serves = "would be right" if item.number("right") else "would be wrong"
        hit = bool(item.numbers("hit")[0])
        judged: Literal["right", "wrong", ""] = ""
        if hit:
            judged = "right" if item.numbers("hit_right")[0] else "wrong"
        done = f"a {judged} response served" if hit else "the model asked"
        return Told(
            f"nearest earlier prompt at {similarity:.3f}, whose response {serves}; by the first policy: {done}", judged
        )


def listed(stream: Stream) -> Neighbours | None:
    """Return the stored lists of neighbours; None where a scope has too many prompts."""
    if len(stream) and np.bincount(stream.scopes).max() > MOST:
        return None
    return neighbours_of(stream, min(_LISTED, max(1, len(stream))))


def thresholds_of(trace: Trace, count: int) -> list[float]:
    """Return static thresholds at equal steps of the hit rate, from high to low."""
    there = np.sort(trace.similarity[trace.nearest >= 0])[::-1]
    if not len(there):
        return [1.0] * count
    places = np.linspace(0, len(there) - 1, count + 1)[1:].round().astype(int)
    return [float(np.clip(there[place], -1.0, 1.0)) for place in places]


def run(
    stream: Stream,
    one: NamedPolicy,
    neighbours: Neighbours | None,
    trace: Trace | None = None,
    *,
    verifier: Any = None,
    seed: int = 0,
) -> Replayed:
    """Let a policy decide on a stream: from the trace where that suffices, else prompt by prompt."""
    settings = one.settings
    if trace is not None and settings == CacheSettings("all", settings.eviction):
        hit = one.policy.from_trace(trace)
        if hit is not None:
            nothing = np.zeros(len(stream), dtype=bool)
            return Replayed(hit, trace.right, trace.nearest, trace.similarity, nothing, int(stream.there.sum()))
    lookup: Lookup = Stored(stream, neighbours) if neighbours is not None else _beyond(settings)
    return replay(stream, one.policy, settings, lookup=lookup, verifier=verifier, seed=seed)


def _beyond(settings: CacheSettings) -> Lookup:
    """Return how a stream is searched whose pairs are too many: exactly in a small cache, else by an index."""
    return Search() if settings.capacity is not None and settings.capacity <= 5_000 else Index()


class _Verifier:
    """What a verifier said, by prompt and entry; counts the times at which it has no answer."""

    def __init__(self, columns: Columns) -> None:
        self._said: dict[tuple[int, int], float] = {}
        self._unknown = 0
        answers, rows = columns.values["verified"], columns.values["verified_row"]
        if answers.ndim == 2:
            for i, k in zip(*np.nonzero(np.isfinite(answers)), strict=True):
                self._said[int(i), int(rows[i, k])] = float(answers[i, k])

    def __call__(self, prompt: int, entry: int) -> float | None:
        """Return its answer; None: there is none."""
        found = self._said.get((prompt, entry))
        self._unknown += found is None
        return found

    def pop_unknown(self) -> int:
        """Return how often there was no answer, and count anew."""
        unknown, self._unknown = self._unknown, 0
        return unknown


def _number(value: float | None) -> float:
    return _UNKNOWN if value is None else float(value)
