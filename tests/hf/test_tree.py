"""Whatever the sequences and the budget: every read sees exactly its own sequence up to itself, and nothing is lost."""

import numpy as np
import torch
from harness_plugins.hf import attention
from harness_plugins.hf.attention import AttentionState
from harness_plugins.hf.tree import SequenceJob, rows_of, unique_tokens
from hypothesis import given, settings
from hypothesis import strategies as st


@st.composite
def jobs(draw):
    """Sequences that often begin alike, some of them equal, some inside others; each read in a few places."""
    stems = draw(st.lists(st.lists(st.integers(0, 3), max_size=40), min_size=1, max_size=4))
    made, slot = [], 0
    for _ in range(draw(st.integers(1, 14))):
        stem = draw(st.sampled_from(stems))
        tokens = stem[: draw(st.integers(0, len(stem)))] + draw(st.lists(st.integers(0, 3), max_size=12))
        tokens = np.array(tokens or [0], dtype=np.int64)
        positions = np.array(sorted(draw(st.sets(st.integers(0, len(tokens) - 1), max_size=4))), dtype=np.int64)
        made.append(SequenceJob(tokens, positions, np.arange(slot, slot + len(positions))))
        slot += len(positions)
    return made


def seen_by_reads(rows):
    """For each slot, the tokens that its query attends to, in order, by the plan alone."""
    kept, found = {}, {}
    for row in rows:
        above = []
        for node, until in reversed(row.inherited):  # nearest ancestor first in the plan
            above.append((kept[node], until))
        segment_of = {t: (a, b) for a, b in row.segments for t in range(a, b)}
        for at, slot in zip(row.reads, row.slots, strict=True):
            tokens = [token for node, until in above if at < until for token in node]
            for a, b, c, d in row.crosses:
                if c <= at < d:
                    tokens += list(row.tokens[a:b])
            first, _ = segment_of[at]
            tokens += list(row.tokens[first : at + 1])
            assert slot not in found
            found[int(slot)] = tokens
            assert row.positions[at] == len(tokens) - 1
        for node, a, b in row.keep:
            kept[node] = list(row.tokens[a:b])
        for node in row.release:
            del kept[node]
    assert not kept
    return found


@settings(max_examples=300, deadline=None)
@given(jobs(), st.sampled_from([1, 7, 16, 64, 1000]), st.booleans())
def test_every_read_sees_its_own_sequence(asked, budget, share):
    rows, computed = rows_of(asked, budget, share=share)
    found = seen_by_reads(rows)
    for job in asked:
        for position, slot in zip(job.positions, job.slots, strict=True):
            assert found.pop(int(slot)) == list(job.tokens[: position + 1])
    assert not found
    assert all(len(row.tokens) <= budget for row in rows)
    assert sorted(i for row in rows for i in row.finished) == list(range(len(asked)))
    assert unique_tokens([job.tokens for job in asked]) <= computed <= sum(len(job.tokens) for job in asked)


@settings(max_examples=100, deadline=None)
@given(jobs())
def test_the_limit_is_the_number_of_distinct_prefixes(asked):
    prefixes = {tuple(job.tokens[:i]) for job in asked for i in range(1, len(job.tokens) + 1)}
    assert unique_tokens([job.tokens for job in asked]) == len(prefixes)


class Module:
    """Stands for a layer."""

    layer_idx = 0
    is_causal = True


def outputs(rows, window, masked, monkeypatch):
    """Attention of random queries, keys and values that depend on token and position only."""
    table = torch.randn(3, 4, 200, 4, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, kept = {}, {}
    if masked:
        monkeypatch.setattr(attention, "_fused", lambda: None)
    for row in rows:
        token = attention._STATE.set(AttentionState(row, kept))
        tokens, positions = torch.from_numpy(row.tokens), torch.from_numpy(row.positions)
        query, key, value = table[:, tokens, positions].permute(0, 2, 1, 3)[:, None]
        out, _ = attention.attend(Module(), query, key[:, :2], value[:, :2], None, sliding_window=window)
        attention._STATE.reset(token)
        for at, slot in zip(row.reads, row.slots, strict=True):
            found[int(slot)] = out[0, at]
    monkeypatch.undo()
    return found, table


@settings(max_examples=60, deadline=None)
@given(asked=jobs(), budget=st.sampled_from([7, 64]), window=st.sampled_from([None, 5, 100]))
def test_attention_over_a_row_equals_attention_over_each_sequence(asked, budget, window):
    import pytest

    rows, _ = rows_of(asked, budget)
    with pytest.MonkeyPatch.context() as patch:
        merged, table = outputs(rows, window, False, patch)
        masked, _ = outputs(rows, window, True, patch)
    for job in asked:
        tokens = torch.from_numpy(job.tokens)
        query, key, value = table[:, tokens, torch.arange(len(tokens))].permute(0, 2, 1, 3)
        key, value = (x[:2].repeat_interleave(2, dim=0) for x in (key, value))
        scores = query @ key.transpose(1, 2) * 8**-0.5
        distance = torch.arange(len(tokens))[:, None] - torch.arange(len(tokens))
        hidden = (distance < 0) | (distance >= (window or 10**9))
        wanted = (scores.masked_fill(hidden, -torch.inf).softmax(-1) @ value).transpose(0, 1)
        for position, slot in zip(job.positions, job.slots, strict=True):
            for found in (merged, masked):
                torch.testing.assert_close(found[int(slot)], wanted[position], atol=1e-9, rtol=1e-9)
