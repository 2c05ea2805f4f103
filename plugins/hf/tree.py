"""Token sequences as a tree of shared prefixes, laid out in flat rows that a forward pass computes once each.

Sequences that begin alike share the nodes of their common beginning: the prompt of k responses, the few-shot examples
of all questions of a task. Depth-first, a node's descendants follow it without a gap, so that one attention call lets
all of them read it. A tree that is longer than a row goes on in the next, which inherits the keys and values of the
ancestors.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int64]

SHORTEST_SHARED = 8
"""Least tokens of a shared prefix."""

LEAST_SAVED = 24
"""Least tokens that sharing a node must save: about the cost of the node's attention calls."""


@dataclass(slots=True)
class SequenceJob:
    """A sequence to run, with the positions whose hidden states are read."""

    tokens: Tokens
    """Shape (t,), at least one token."""
    positions: NDArray[np.int64]
    """Shape (r,): positions in ``tokens`` to read."""
    slots: NDArray[np.int64]
    """Shape (r,): the caller's name for each read."""
    targets: NDArray[np.int64] | None = None
    """Shape (r,): for each read, the token whose probability is read; None if no probability is."""
    second: int = 0
    """Start of the second of a pair of texts, for encoders that tell the two apart; 0: there is one text."""


@dataclass(slots=True)
class Node:
    """A run of tokens, ``start`` to ``end``, of one of the sequences that pass through the node."""

    sequence: int
    start: int
    end: int
    parent: int
    """Index among the nodes; -1 for the first of a tree."""
    ends: list[int] = field(default_factory=list)
    """Sequences whose last token is the node's last."""
    last_descendant: int = -1
    """Index of the last node below this one; the node's own index if there is none."""


@dataclass(slots=True)
class PackedRow:
    """A flat forward pass of ``t`` tokens."""

    tokens: Tokens
    """Shape (t,)."""
    positions: NDArray[np.int64]
    """Shape (t,): depth of each token in its own sequence."""
    segments: list[tuple[int, int]]
    """(first, behind last) of each node in the row, in order; inside one, attention is causal."""
    crosses: list[tuple[int, int, int, int]]
    """(key from, key to, query from, query to): these queries read all those keys of the row."""
    inherited: list[tuple[int, int]]
    """(node, query to): the queries before ``query to`` read a node of an earlier row."""
    keep: list[tuple[int, int, int]]
    """(node, from, to): keys and values that later rows need."""
    release: list[int]
    """Nodes that no later row needs."""
    reads: NDArray[np.int64]
    """Shape (r,): tokens of the row whose hidden state is read."""
    slots: NDArray[np.int64]
    """Shape (r,): for each read, the caller's name for it."""
    finished: list[int]
    """Sequences, as indices of the jobs, that end in this row."""

    @property
    def depth(self) -> int:
        """Return the length of the longest sequence in the row, including inherited tokens."""
        return int(self.positions.max()) + 1


def rows_of(jobs: Sequence[SequenceJob], budget: int, *, share: bool = True) -> tuple[list[PackedRow], int]:
    """Plan forward passes of at most ``budget`` tokens over all jobs.

    Identical sequences are computed once, and if ``share``, common prefixes as well.

    Returns:
        The rows, to be run in order, and the number of tokens in them.
    """
    order, twins = _distinct(jobs)
    nodes = _nodes([jobs[i].tokens for i in order], budget, share=share)
    rows = list(_rows(nodes, [jobs[i] for i in order], order, twins, budget, jobs))
    return rows, sum(len(row.tokens) for row in rows)


def _distinct(jobs: Sequence[SequenceJob]) -> tuple[list[int], dict[int, list[int]]]:
    """Return one job of each distinct sequence in lexicographic order, and the jobs with the same tokens."""
    # Big-endian bytes compare like the tokens they stand for, in one memcmp.
    keys = [job.tokens.astype(">u4").tobytes() for job in jobs]
    order: list[int] = []
    twins: dict[int, list[int]] = {}
    previous = None
    for i in sorted(range(len(jobs)), key=keys.__getitem__):
        if keys[i] != previous:
            order.append(i)
            previous = keys[i]
            twins[i] = []
        twins[order[-1]].append(i)
    return order, twins


def _common(a: Tokens, b: Tokens) -> int:
    """Return the length of the common beginning."""
    shorter = min(len(a), len(b))
    differ = a[:shorter] != b[:shorter]
    first = int(differ.argmax()) if shorter else 0
    return first if shorter and differ[first] else shorter


@dataclass(slots=True)
class _Branch:
    """A node of the full prefix tree, before nodes that do not pay are dissolved."""

    sequence: int
    end: int
    ends: list[int]
    children: list[_Branch]


def _prefix_tree(sequences: Sequence[Tokens], *, share: bool) -> _Branch:
    root = _Branch(-1, 0, [], [])
    stack = [root]
    for i, tokens in enumerate(sequences):
        common = _common(sequences[i - 1], tokens) if i and share else 0
        if common < SHORTEST_SHARED:
            common = 0
        last = None
        while stack[-1].end > common:
            last = stack.pop()
        if stack[-1].end < common:  # the two part in the middle of a branch: split it
            assert last is not None
            fork = _Branch(i, common, [], [last])
            stack[-1].children[-1] = fork
            stack.append(fork)
        leaf = _Branch(i, len(tokens), [i], [])
        stack[-1].children.append(leaf)
        stack.append(leaf)
    return root


def _nodes(sequences: Sequence[Tokens], budget: int, *, share: bool) -> list[Node]:
    """List the nodes depth-first; nodes whose sharing saves too little are copied into their children."""
    nodes: list[Node] = []

    def emit(sequence: int, start: int, end: int, parent: int, ends: list[int]) -> int:
        # A sequence longer than a row becomes a chain of nodes.
        while end - start > budget:
            nodes.append(Node(sequence, start, start + budget, parent))
            start, parent = start + budget, len(nodes) - 1
        nodes.append(Node(sequence, start, end, parent, ends))
        return len(nodes) - 1

    # (branch, depth from which its tokens are not yet in a node, parent node)
    stack = [(child, 0, -1) for child in reversed(_prefix_tree(sequences, share=share).children)]
    while stack:
        branch, start, parent = stack.pop()
        saved = (branch.end - start) * (len(branch.children) + len(branch.ends) - 1)
        if branch.children and saved < LEAST_SAVED:
            if branch.ends:
                emit(branch.sequence, start, branch.end, parent, branch.ends)
        else:
            start, parent = branch.end, emit(branch.sequence, start, branch.end, parent, branch.ends)
        stack += [(child, start, parent) for child in reversed(branch.children)]
    for i in range(len(nodes) - 1, -1, -1):
        node = nodes[i]
        node.last_descendant = max(node.last_descendant, i)
        if node.parent >= 0:
            above = nodes[node.parent]
            above.last_descendant = max(above.last_descendant, node.last_descendant)
    return nodes


def _rows(
    nodes: Sequence[Node],
    jobs: Sequence[SequenceJob],
    order: Sequence[int],
    twins: dict[int, list[int]],
    budget: int,
    all_jobs: Sequence[SequenceJob],
) -> Iterator[PackedRow]:
    reads = _reads_by_node(nodes, order, twins, all_jobs)
    for first, behind in _packed(nodes, budget):
        yield _row(nodes, jobs, first, behind, reads, order, twins)


def _packed(nodes: Sequence[Node], budget: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of nodes that fill a row each."""
    first, filled = 0, 0
    sizes = [node.end - node.start for node in nodes]
    before = [0]
    for size in sizes:
        before.append(before[-1] + size)
    for i, node in enumerate(nodes):
        whole = before[node.last_descendant + 1] - before[i]
        # A tree that fits into a row is not torn over two, unless that left the row mostly empty.
        torn = node.parent < 0 and filled + whole > budget >= whole and 2 * filled >= budget
        if i > first and (filled + sizes[i] > budget or torn):
            yield first, i
            first, filled = i, 0
        filled += sizes[i]
    if nodes:
        yield first, len(nodes)


def _reads_by_node(
    nodes: Sequence[Node], order: Sequence[int], twins: dict[int, list[int]], jobs: Sequence[SequenceJob]
) -> dict[int, list[tuple[Any, Any]]]:
    """Return (offsets into a node, slots) of the reads that fall into each node, whichever sequence asks."""
    reads: dict[int, list[tuple[Any, Any]]] = {}
    for i, node in enumerate(nodes):
        for sequence in node.ends:
            for twin in twins[order[sequence]]:
                positions, slots, at = jobs[twin].positions, jobs[twin].slots, i
                while len(positions):
                    here = positions >= nodes[at].start
                    if here.all():
                        reads.setdefault(at, []).append((positions - nodes[at].start, slots))
                        break
                    if here.any():
                        reads.setdefault(at, []).append((positions[here] - nodes[at].start, slots[here]))
                        positions, slots = positions[~here], slots[~here]
                    at = nodes[at].parent
    return reads


def _row(
    nodes: Sequence[Node],
    jobs: Sequence[SequenceJob],
    first: int,
    behind: int,
    reads_by_node: dict[int, list[tuple[Any, Any]]],
    order: Sequence[int],
    twins: dict[int, list[int]],
) -> PackedRow:
    starts = np.zeros(behind - first + 1, dtype=np.int64)
    np.cumsum([nodes[i].end - nodes[i].start for i in range(first, behind)], out=starts[1:])
    begin = starts.tolist()
    here = nodes[first:behind]
    row = PackedRow(
        tokens=np.concatenate([jobs[node.sequence].tokens[node.start : node.end] for node in here]),
        positions=np.concatenate([np.arange(node.start, node.end) for node in here]),
        segments=[(begin[i], begin[i + 1]) for i in range(len(here))],
        crosses=[],
        inherited=[],
        keep=[],
        release=[],
        reads=_NONE,
        slots=_NONE,
        finished=[twin for node in here for sequence in node.ends for twin in twins[order[sequence]]],
    )
    above = here[0].parent
    while above >= 0:
        until = min(nodes[above].last_descendant + 1, behind)
        row.inherited.append((above, begin[until - first]))
        if nodes[above].last_descendant < behind:
            row.release.append(above)
        above = nodes[above].parent
    reads: list[Any] = []
    slots: list[Any] = []
    for i, node in enumerate(here):
        last = node.last_descendant
        if last > first + i and first + i + 1 < behind:
            row.crosses.append((begin[i], begin[i + 1], begin[i + 1], begin[min(last + 1, behind) - first]))
        if last >= behind:
            row.keep.append((first + i, begin[i], begin[i + 1]))
        for offsets, names in reads_by_node.pop(first + i, ()):
            reads.append(offsets + begin[i])
            slots.append(names)
    if reads:
        row.reads, row.slots = np.concatenate(reads), np.concatenate(slots)
    return row


_NONE: NDArray[np.int64] = np.empty(0, dtype=np.int64)


def unique_tokens(sequences: Sequence[Tokens]) -> int:
    """Count the tokens to compute if every common prefix is computed once: the limit that sharing can reach."""
    distinct = sorted({tokens.astype(">u4").tobytes() for tokens in sequences})
    arrays = [np.frombuffer(key, dtype=">u4") for key in distinct]
    total = sum(len(tokens) for tokens in arrays)
    return total - sum(_common(a, b) for a, b in itertools.pairwise(arrays))
