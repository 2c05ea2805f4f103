"""The conversion graph: native first, then the cheapest chain; what costs the same is an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.adapters import Adapter, Edge, Route, find_route
from harness.errors import PlanError

from .messages import saying

NAMES = "abcde"


def names(found):
    return None if found is None else (found[0], [edge.name for edge in found[1]])


def test_the_models_own_capability_wins_over_any_adapter():
    edges = [Edge("free", "a", "b", 0.0)]
    assert names(find_route(["a"], ["a", "b"], edges)) == ("a", [])


def test_among_its_own_the_tasks_order_decides():
    assert names(find_route(["b", "a"], ["a", "b"], [])) == ("b", [])


def test_an_own_capability_of_a_later_choice_wins_over_an_adapter_to_the_first():
    assert names(find_route(["a", "b"], ["b"], [Edge("cheap", "a", "b", 0.1)])) == ("b", [])


def test_the_cheapest_chain_wins_even_if_it_is_longer():
    edges = [Edge("direct", "a", "c", 5.0), Edge("first", "a", "b", 1.0), Edge("second", "b", "c", 1.0)]
    assert names(find_route(["a"], ["c"], edges)) == ("a", ["first", "second"])


def test_a_cheaper_route_to_a_later_choice_wins_over_a_dearer_one_to_the_first():
    edges = [Edge("dear", "a", "c", 5.0), Edge("cheap", "b", "c", 1.0)]
    assert names(find_route(["a", "b"], ["c"], edges)) == ("b", ["cheap"])


def test_equal_costs_to_two_choices_take_the_tasks_first():
    edges = [Edge("one", "a", "c", 1.0), Edge("two", "b", "c", 1.0)]
    assert names(find_route(["a", "b"], ["c"], edges)) == ("a", ["one"])
    assert names(find_route(["b", "a"], ["c"], edges)) == ("b", ["two"])


def test_two_chains_of_the_same_cost_are_an_error_that_names_both():
    edges = [Edge("one", "a", "c", 2.0), Edge("two", "a", "b", 1.0), Edge("three", "b", "c", 1.0)]
    with pytest.raises(PlanError) as caught:
        find_route(["a"], ["c"], edges)
    assert str(caught.value) == saying("'a'", "one or two > three", "--adapter")


def test_nothing_leads_there():
    assert find_route(["a"], ["c"], [Edge("other", "b", "c", 1.0)]) is None
    assert find_route(["a"], [], [Edge("loop", "a", "a", 1.0)]) is None


def test_loops_end():
    edges = [Edge("there", "a", "b", 1.0), Edge("back", "b", "a", 1.0), Edge("out", "b", "c", 1.0)]
    assert names(find_route(["a"], ["c"], edges)) == ("a", ["there", "out"])


edge_lists = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(1, 2**16)), max_size=12
).map(lambda drawn: [Edge(f"e{i}", gives, needs, float(cost)) for i, (gives, needs, cost) in enumerate(drawn)])


def cheapest(wanted, offered, edges):
    """Least cost from a wanted capability to an offered one, by Bellman and Ford."""
    cost = {name: 0.0 if name in offered else float("inf") for name in NAMES}
    for _ in NAMES:
        for edge in edges:
            cost[edge.gives] = min(cost[edge.gives], edge.cost + cost[edge.needs])
    return min(cost[name] for name in wanted)


@given(
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    st.lists(st.sampled_from(NAMES), unique=True),
    edge_lists,
)
def test_a_route_is_a_chain_of_least_cost_to_what_the_model_offers(wanted, offered, edges):
    best = cheapest(wanted, offered, edges)
    try:
        found = find_route(wanted, offered, edges)
    except PlanError:
        return
    if found is None:
        assert best == float("inf")
        return
    capability, path = found
    assert capability in wanted
    at = capability
    for edge in path:
        assert edge.gives == at
        assert at not in offered
        at = edge.needs
    assert at in offered
    assert sum(edge.cost for edge in path) == best


@given(st.lists(st.sampled_from(NAMES), min_size=1, unique=True), edge_lists, st.randoms(use_true_random=False))
def test_the_order_of_registration_does_not_matter(wanted, edges, shuffle):
    shuffled = list(edges)
    shuffle.shuffle(shuffled)
    outcomes = []
    for order in (edges, shuffled):
        try:
            outcomes.append(names(find_route(wanted, ["a"], order)))
        except PlanError:
            outcomes.append("ambiguous")
    assert outcomes[0] == outcomes[1]


def test_a_route_knows_its_base_and_its_names():
    outer, inner = Adapter(), Adapter()
    outer.name, outer.gives, outer.needs = "outer", "a", "b"  # type: ignore[misc]
    inner.name, inner.gives, inner.needs = "inner", "b", "c"  # type: ignore[misc]
    assert (Route("a", (outer, inner)).base, Route("a", (outer, inner)).names) == ("c", ("outer", "inner"))
    assert (Route("a").base, Route("a").names) == ("a", ())


# through the command line


def adapter_source(name, gives, needs, cost):
    return f"""
from harness import Adapter, Candidates
from harness.hooks import hookimpl

class Mine(Adapter):
    gives, needs = {gives!r}, {needs!r}
    def expand(self, request):
        return [Candidates(request.prompt, (request.first, request.second), origin=request.origin)]
    def reduce(self, request, responses):
        from harness import Verdict
        return Verdict(float(responses[0][0] < responses[0][1]))

@hookimpl
def register_adapters(register):
    register({name!r}, __name__ + ":Mine", gives={gives!r}, needs={needs!r}, cost={cost}, description="mine")
"""


@pytest.fixture
def duel(toys, write_task):
    write_task(
        "demo/duel", [{"id": str(i), "prompt": f"write {i}", "reference": "2.5"} for i in range(4)], kind="toy-duel"
    )
    return ("eval", "-m", "toy-writer", "-t", "demo/duel", "--role", "judge=toy-reader", "--json")


def test_two_adapters_of_one_cost_are_an_error_and_a_choice_resolves_it(duel, add_plugin, harness):
    add_plugin("rival", adapter_source("turned", "compare", "score", 2.0))
    ran = harness(*duel)
    assert ran.code == 2
    (failure,) = ran.document["failures"]
    assert failure["reason"] == saying("'compare'", "same")
    assert "turned" in failure["reason"]
    assert "score-to-compare" in failure["reason"]
    for adapter, value in (("turned", 0.75), ("score-to-compare", 0.25)):
        (result,) = harness(*duel, "--adapter", adapter).document["results"]
        assert (result["adapters"], result["value"]) == ([adapter], value)


def test_a_cheaper_adapter_of_a_plugin_is_taken_and_recorded(duel, add_plugin, harness):
    add_plugin("rival", adapter_source("turned", "compare", "score", 1.0))
    (result,) = harness(*duel).document["results"]
    assert (result["adapters"], result["value"]) == (["turned"], 0.75)


def test_a_route_of_two_steps_is_found_and_recorded(toys, write_task, harness):
    write_task(
        "demo/duel", [{"id": str(i), "prompt": f"write {i}", "reference": "2.5"} for i in range(4)], kind="toy-duel"
    )
    ran = harness("eval", "-m", "toy-writer", "-t", "demo/duel", "--role", "judge=tfidf", "--json")
    assert ran.code == 0
    (result,) = ran.document["results"]
    assert result["adapters"] == ["score-to-compare", "embed-to-score"]


def test_an_adapter_that_a_task_gives_too_little_for_says_what_is_needed(toys, write_task, harness):
    write_task("demo/plain", [{"text": "a", "label": 1}, {"text": "b", "label": 0}], kind="detection")
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain")
    assert ran.code == 2
    assert ran.err == saying("score-to-detect", "positive", "negative")


def test_an_adapter_that_raises_fails_its_cell_only(duel, add_plugin, harness, write_task, rows):
    source = adapter_source("turned", "compare", "score", 1.0).replace("return Verdict(", "return Verdict(1 / 0 + ")
    add_plugin("rival", source)
    write_task("demo/plain", rows(3))
    ran = harness(*duel, "-m", "toy-reader", "-t", "demo/plain")
    assert "Traceback" not in ran.err
    assert "internal error" not in ran.err
