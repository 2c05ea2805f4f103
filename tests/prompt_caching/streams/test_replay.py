"""The replay engine against the plain loop, hit by hit; scopes, expiry, capacity; what a threshold is equal to."""

from __future__ import annotations

import numpy as np
import pytest
from harness_plugins.prompt_caching.eviction import RULES
from harness_plugins.prompt_caching.lookup import Index, Ranked, Ranking, Search, Stored
from harness_plugins.prompt_caching.match_trace import neighbours_of, trace_of
from harness_plugins.prompt_caching.policy import GreyZone, Policy, Probability, Static
from harness_plugins.prompt_caching.pooled import Pooled
from harness_plugins.prompt_caching.replay import CacheSettings, replay
from harness_plugins.prompt_caching.stream import ABSENT, of_classes, unit
from harness_plugins.prompt_caching.verified import Verified
from hypothesis import given, settings
from hypothesis import strategies as st


def plain(stream, threshold, insertion, *, rule=None, capacity=None, ttl=np.inf):
    """The loop as one would write it down, with every cosine worked out anew."""
    entries, hits, nearest = [], [], []
    unit = stream.vectors.astype(np.float64)
    used, order, level = {}, {}, 0.0
    for i in range(len(stream)):
        now = stream.times[i]
        entries = [j for j in entries if now < stream.times[j] + min(stream.lifetimes[j], ttl)]
        seen = [j for j in entries if stream.scopes[j] == stream.scopes[i]]
        cosines = [round(float(unit[i] @ unit[j]), 6) for j in seen]
        best = max(range(len(seen)), key=lambda k: (cosines[k], -seen[k]), default=None)
        hit = best is not None and cosines[best] >= threshold
        right = best is not None and stream.same(i, seen[best])
        hits.append(hit)
        nearest.append(ABSENT if best is None else seen[best])
        worth = {  # the priority that an entry gets when it is added or used
            "fifo": lambda j: order[j][1],
            "lru": lambda j: order[j][0],
            "lfu": lambda j: (used[j], order[j][0]),
            "lec": lambda j: (used[j] * stream.costs[j], order[j][0]),
            "gdsf": lambda j: (order[j][2], order[j][0]),
        }
        if hit:
            j = seen[best]
            used[j] += 1
            order[j] = (i, order[j][1], level + used[j] * stream.costs[j])
        if insertion == "all" or (not hit and (insertion == "on-miss" or not right)):
            if capacity is not None and len(entries) >= capacity:
                gone = min(entries, key=worth[rule])
                level = order[gone][2]
                entries.remove(gone)
            used[i] = 1
            order[i] = (i + 0.5, i, level + stream.costs[i])
            entries.append(i)
    return np.array(hits), np.array(nearest)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    scopes=st.integers(1, 3),
    insertion=st.sampled_from(["on-miss", "all", "on-wrong"]),
    rule=st.sampled_from([None, *RULES]),
    capacity=st.integers(1, 30),
    ttl=st.sampled_from([np.inf, 15.0]),
    lifetimes=st.booleans(),
    threshold=st.sampled_from([0.3, 0.7, 0.9, 1.0]),
    kept=st.sampled_from([1, 4, 64]),
)
def test_stored_neighbours_and_searches_decide_as_the_plain_loop(
    seed, scopes, insertion, rule, capacity, ttl, lifetimes, threshold, kept
):
    draw = np.random.default_rng(seed)
    vectors = draw.integers(-2, 3, size=(90, 3)).astype(float)  # with identical ones, ties, and zeros
    stream = of_classes(
        vectors,
        draw.integers(6, size=90),
        scopes=draw.integers(scopes, size=90),
        times=np.cumsum(draw.exponential(size=90)),
        lifetimes=draw.exponential(20, size=90) if lifetimes else None,
        costs=draw.exponential(size=90),
    )
    bounds = {} if rule is None else {"eviction": rule, "capacity": capacity}
    cache = CacheSettings(insertion, ttl=None if np.isinf(ttl) else ttl, **bounds)
    hits, nearest = plain(stream, threshold, insertion, rule=rule, capacity=bounds.get("capacity"), ttl=ttl)
    for lookup in (Search(), Stored(stream, neighbours_of(stream, kept))):
        done = replay(stream, Static(threshold), cache, lookup=lookup)
        assert done.nearest.tolist() == nearest.tolist()
        assert done.hit.tolist() == hits.tolist()
        assert rule is None or done.most_entries <= capacity


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), lifetimes=st.booleans(), scopes=st.integers(1, 3))
def test_the_trace_is_the_loop_that_inserts_all(made_up, seed, lifetimes, scopes):
    stream = made_up(120, 10, seed=seed, lifetimes=lifetimes, scopes=scopes)
    trace = trace_of(stream)
    for threshold in (0.2, 0.8, 0.95):
        hits, nearest = plain(stream, threshold, "all")
        assert trace.nearest.tolist() == nearest.tolist()
        assert trace.hits(threshold).tolist() == hits.tolist()
    earlier = [
        any(
            stream.same(i, j) and stream.scopes[i] == stream.scopes[j]
            and stream.times[i] < stream.times[j] + stream.lifetimes[j]
            for j in range(i)
        )
        for i in range(len(stream))
    ]  # fmt: skip
    assert trace.possible.tolist() == earlier


@pytest.mark.parametrize("policy", [Static(0.8), Probability(0.4), Verified(0.1), Pooled(0.05), GreyZone(0.6, 0.9)])
def test_every_lookup_gives_every_policy_the_same(made_up, policy):
    stream = made_up(700, 12, spread=0.15)
    ways = [Search(), Stored(stream, neighbours_of(stream, 12)), Ranked(Ranking(stream.vectors), np.arange(700))]
    done = [replay(stream, policy, lookup=way, verifier=lambda i, j: (i + j) % 3 / 2, seed=3) for way in ways]
    assert done[0].hit.any()
    for other in done[1:]:
        assert other.hit.tolist() == done[0].hit.tolist()
        assert other.right.tolist() == done[0].right.tolist()


@pytest.mark.parametrize("policy", [Static(0.8), Pooled(0.05, 0.2, start=200, horizon=700)])
@pytest.mark.parametrize("capacity", [None, 60])
def test_a_ranking_serves_every_order_also_where_prompts_are_equally_near(made_up, policy, capacity):
    plain = made_up(700, 12, spread=0.15)
    twice = plain.take(np.random.default_rng(0).integers(0, 300, 700))  # many prompts come more than once
    ranking = Ranking(twice.vectors)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(700)[:650]
        own = CacheSettings(capacity=capacity)
        one, other = (
            replay(twice.take(order), policy, own, lookup=way, seed=seed) for way in (Search(), Ranked(ranking, order))
        )
        assert one.hit.tolist() == other.hit.tolist()
        assert one.nearest.tolist() == other.nearest.tolist()
        assert one.similarity.tolist() == other.similarity.tolist()


def test_an_index_finds_nearly_the_same(made_up):
    pytest.importorskip("usearch")
    stream = made_up(600, 12, width=16, scopes=2)
    exact, near = (replay(stream, Static(0.7), lookup=way) for way in (Search(), Index()))
    assert (exact.hit == near.hit).mean() > 0.99
    bounded = replay(stream, Static(0.7), CacheSettings(capacity=20), lookup=Index())
    assert bounded.most_entries == 20


def test_the_first_prompt_an_empty_cache_and_equality():
    stream = of_classes(np.array([[1.0, 0.0], [1.0, 0.0], [0.8, 0.6], [0.0, 0.0], [0.0, 0.0]]), [1, 1, 1, 2, 2])
    assert replay(stream, Static(0.8)).hit.tolist() == [False, True, True, False, False]  # zeros are like nothing
    assert replay(stream, Static(1.0)).hit.tolist() == [False, True, False, False, False]
    assert replay(stream, Static(0.800001)).hit.tolist() == [False, True, False, False, False]
    assert replay(stream.take(slice(0)), Static(0.8)).hit.tolist() == []
    unable = of_classes(np.eye(2), [1, 1])
    unable.there[:] = False
    assert replay(unable, Static(-1.0)).hit.tolist() == [False, False]


@pytest.mark.parametrize("lookup", [None, Stored])
def test_no_hit_crosses_a_scope_and_one_is_reached_in_each(made_up, lookup):
    alone = made_up(40, 5, seed=1)
    draw = np.random.default_rng(0)
    rows = np.repeat(np.arange(40), 3)
    stream = of_classes(alone.vectors[rows], alone.answers[rows, 0], scopes=np.tile(np.arange(3), 40))
    order = draw.permutation(120)
    stream = of_classes(stream.vectors[order], stream.answers[order, 0], scopes=stream.scopes[order])
    for policy in (Static(0.5), Pooled(0.3), Verified(0.3)):
        for insertion in ("on-miss", "all", "on-wrong"):
            way = None if lookup is None else Stored(stream, neighbours_of(stream, 5))
            done = replay(stream, policy, CacheSettings(insertion), lookup=way)
            found = done.nearest >= 0
            assert (stream.scopes[done.nearest[found]] == stream.scopes[found]).all()
    static = replay(stream, Static(0.999))
    alike = replay(of_classes(stream.vectors, stream.answers[:, 0]), Static(0.999))
    assert alike.hit.sum() == 80  # each prompt three times, were the scopes one
    assert static.hit.sum() == 0
    twice = of_classes(
        np.tile(stream.vectors, (2, 1)), np.tile(stream.answers[:, 0], 2), scopes=np.tile(stream.scopes, 2)
    )
    again = replay(twice, Static(0.999))
    assert again.hit[120:].all()  # what a scope asked before is reached in it
    assert not again.hit[:120].any()


def test_an_entry_is_gone_when_its_time_is_over():
    vectors = np.tile([[1.0, 0.0]], (4, 1))
    stream = of_classes(vectors, [1, 1, 1, 1], times=np.array([0.0, 9.0, 10.0, 11.0]))
    assert replay(stream, Static(0.9), CacheSettings(ttl=10)).hit.tolist() == [False, True, False, True]
    short = of_classes(vectors, [1, 1, 1, 1], times=np.array([0.0, 9.0, 10.0, 11.0]), lifetimes=np.full(4, 9.0))
    assert replay(short, Static(0.9)).hit.tolist() == [False, False, True, True]


def test_a_verifier_that_fails_is_a_miss():
    stream = of_classes(np.array([[1.0, 0.0], [0.8, 0.6], [0.8, 0.6]]), [1, 1, 1])
    policy, all_ = GreyZone(0.7, 0.9), CacheSettings("all")
    for verifier, hit in (
        (None, False),
        (lambda i, j: None, False),
        (lambda i, j: 0.4, False),
        (lambda i, j: 0.5, True),
    ):
        done = replay(stream, policy, all_, verifier=verifier)
        assert done.hit.tolist() == [False, hit, True]
        assert done.verified.tolist() == [False, True, False]


def test_a_policy_sees_nothing_of_what_it_served(made_up):
    told = []

    class Spy(Policy):
        learns = True

        def decide(self, look):
            assert not hasattr(look, "right")
            return look.similarity > 0.8

        def learn(self, look, right):
            told.append(look.number)

    done = replay(made_up(200), Spy())
    assert sorted(told) == np.flatnonzero(~done.hit & (done.nearest >= 0)).tolist()


def test_a_stream_in_pieces_is_the_same_stream(made_up):
    stream = made_up(300, scopes=2, costs=True)
    pieces = [stream.take(slice(start, start + 70)) for start in range(0, 300, 70)]
    cache = CacheSettings(eviction="lec", capacity=25)
    whole, parts = replay(stream, Pooled(0.1), cache), replay(iter(pieces), Pooled(0.1), cache)
    assert whole.hit.tolist() == parts.hit.tolist()
    assert whole.nearest.tolist() == parts.nearest.tolist()


def test_an_index_uses_the_places_of_evicted_entries_again():
    pytest.importorskip("usearch")
    index, taken = Index(), []
    for i, vector in enumerate(unit(np.random.default_rng(0).normal(size=(4000, 16)))):
        if i >= 200:
            index.remove(i - 200)
        index.add(i, vector, 0)
        taken.append(index.bytes)
    assert taken[-1] == taken[199]
    assert len(index.nearest(0, vector, 0, 300)[0]) == 200
