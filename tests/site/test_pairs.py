"""The comparisons of two models on a site, each against `harness compare`."""

import base64
import math
import random

import numpy as np
import pytest
from harness_plugins.site import pairs
from harness_plugins.site.content import gather
from harness_plugins.site.measured import measure
from hypothesis import given
from hypothesis import strategies as st

from harness import compare, stats
from harness.results.numbers import figure
from harness.store import Store


def test_all_pairs_are_those_of_compare(made, lab):
    content, measured = made
    labels = [row.entry.model for row in content.evaluated]
    columns = {column.key: column for column in content.columns}
    seen = 0
    for i, first in enumerate(labels):
        for j, second in enumerate(labels[:i]):
            wanted = {
                (c.task, c.metric, c.domain): c
                for c in compare(first, second, ["lab"], store=lab.store, registry=lab.registry)
            }
            for pair in on_file(measured):
                column = columns[pair.key]
                c = wanted.get((column.task, column.metric, column.domain))
                if c is None:
                    assert math.isnan(pair.stderr[i, j])
                    assert (i, j) not in pair.own
                    continue
                own = pair.own.get((i, j))
                assert own is not None or "patchy" not in (first, second)
                if own is not None:
                    assert all(own[name] == getattr(c.difference, name) for name in pairs.OF_DIFFERENCE)
                    assert (own["first"], own["second"]) == (c.first, c.second)
                    assert own["difference"] == c.difference.value
                else:
                    assert pair.stderr[i, j] == pytest.approx(c.difference.stderr, rel=1e-12)
                    assert (pair.values[i], pair.values[j], pair.n) == (c.first, c.second, c.difference.n)
                seen += 1
    assert seen > 20


def on_file(measured):
    """Pairs that are not computed by the page; those that are, browser tests hold against the command."""
    return [pair for pair in measured.pairs if isinstance(pair, pairs.Paired)]


def test_of_means_with_few_figures_no_pairs_are_on_file(made):
    _, measured = made
    by_items = {pair.key: measured.items[pair.items] for pair in measured.pairs if isinstance(pair, pairs.ByItems)}
    accuracy = "lab/pairs:accuracy"
    assert {accuracy, f"{accuracy}:easy", f"{accuracy}:hard"} <= set(by_items)
    assert all(items.gives_pairs and key.startswith(f"{items.task}:{items.metric}") for key, items in by_items.items())
    assert not any(key.startswith(("lab/texts", "lab/pairs:tie_rate")) for key in by_items)


def test_where_nobody_failed_what_follows_from_the_errors_is_what_compare_gives(whole):
    lab = whole
    with Store(lab.store) as store:
        content = gather(lab.registry, store, "lab")
        measured = measure(lab.registry, store, content, texts=False)
    assert any(np.isfinite(pair.stderr).any() for pair in on_file(measured))
    labels = [row.entry.model for row in content.evaluated]
    columns = {column.key: column for column in content.columns}
    for i, first in enumerate(labels):
        for j, second in enumerate(labels[:i]):
            for c in compare(first, second, ["lab"], store=lab.store, registry=lab.registry):
                pair = next(
                    (
                        p
                        for p in on_file(measured)
                        if (columns[p.key].task, columns[p.key].metric, columns[p.key].domain)
                        == (c.task, c.metric, c.domain)
                    ),
                    None,
                )
                if pair is None:
                    continue
                d = c.difference
                if (i, j) in pair.own:  # few items differ, so the interval is wider than the error alone says
                    assert pair.own[i, j]["high"] - pair.own[i, j]["low"] == pytest.approx(d.high - d.low)
                    continue
                stderr = pair.stderr[i, j]
                assert (pair.values[i], pair.values[j], pair.n) == (c.first, c.second, d.n)
                assert stderr == pytest.approx(d.stderr, rel=1e-12)
                assert c.first - c.second - pair.reach * stderr == pytest.approx(d.low, rel=1e-9, abs=1e-12)
                assert pair.detectable * stderr == pytest.approx(d.minimum_detectable, rel=1e-9)


@given(st.lists(st.floats(1e-12, 1e6) | st.sampled_from([0.0, math.nan]), min_size=1))
def test_packed_errors_are_read_back_to_24_bits(values):
    step, codes = pairs.pack_errors(np.array(values)).split(" ")
    raw = np.frombuffer(base64.b64decode(codes), np.uint8).reshape(-1, 3).astype(int)
    read = raw @ np.array([1, 256, 65536])
    largest = max((v for v in values if v == v), default=0.0)
    for code, value in zip(read, values, strict=True):
        if math.isnan(value):
            assert code == 2**24 - 1
        else:
            assert code * float(step) == pytest.approx(value, abs=largest * 2**-24)


def test_comparisons_that_have_no_room_are_left_out_domains_first(made, lab, monkeypatch):
    content, _ = made
    # One of the four or five models of a task failed somewhere; accuracies and best-of-K need no room.
    four, five = (alike * pairs.BYTES_SHARED + rest * pairs.BYTES_OWN for alike, rest in ((3, 3), (6, 4)))
    monkeypatch.setattr("harness_plugins.site.room.PAIR_BYTES", four + five + 1)
    with Store(lab.store) as store:
        measured = measure(lab.registry, store, content, texts=False)
    kinds = {column.key: column.kind for column in content.columns}
    assert [kinds[pair.key] for pair in on_file(measured)] == ["task"] * 2
    assert "2 of 8 columns are left out" in measured.notes[0]


def test_figures_and_p_values_are_those_of_python(visit, site):
    page = visit(site / "lab" / "compare.html", "#models=good,poor")
    rng = random.Random(0)
    values = [rng.choice([-1, 1]) * 10 ** rng.uniform(-8, 8) for _ in range(500)]
    values += [n / 8 / 100 for n in range(-40, 40)] + [n / 3200 for n in range(-40, 40)] + [0.0, 1.0, 1e-5, 123456.0]
    for unit in ("fraction", "nats"):
        shown = page.evaluate("([values, unit]) => values.map((value) => figure(value, unit))", [values, unit])
        assert shown == [figure(v, unit) for v in values]
    cases, wanted = [], []
    for _ in range(400):
        n = rng.choice([2, 3, 5, 17, 60, 500, 20000])
        gaps = np.random.default_rng(rng.randrange(10**9)).normal(rng.choice([0, 0.1, 0.5, 3]), 1, n)
        d = stats.paired_difference(0.0, gaps, 0.0, np.zeros(n))
        cases.append([d.value, d.stderr, n])
        wanted.append(d.p_value)
    cases += [[0.0, 0.0, 9], [0.5, 0.0, 4], [0.5, None, 1]]
    found = page.evaluate("(cases) => cases.map(([d, s, n]) => pairedP(d, s ?? NaN, n))", cases)
    assert found[:400] == pytest.approx(wanted, rel=1e-9, abs=1e-300)
    assert found[400] == 1
    assert found[401] == 2.0**-3
    assert found[402] is None or math.isnan(found[402])


def test_quantiles_of_student_are_those_of_scipy(visit, site):
    from scipy.special import stdtrit

    page = visit(site / "lab" / "compare.html", "#models=good,poor")
    cases = [(p, n) for p in (0.8, 0.975, 0.995) for n in (1, 2, 3, 7, 29, 299, 20_000, 1_000_000)]
    found = page.evaluate("(cases) => cases.map(([p, n]) => studentQuantile(p, n))", cases)
    assert found == pytest.approx([float(stdtrit(n, p)) for p, n in cases], rel=1e-9)


def test_sums_are_those_of_numpy_to_the_last_bit(visit, site):
    page = visit(site / "lab" / "compare.html", "#models=good,poor")
    rng = np.random.default_rng(0)
    cases = [rng.random(n).tolist() for n in (*range(1, 40), 127, 128, 129, 136, 255, 300, 1000, 1999, 2000)]
    found = page.evaluate("(cases) => cases.map((values) => pairwiseSum(values, 0, values.length))", cases)
    assert found == [float(np.sum(values)) for values in cases]


def test_win_rates_are_those_of_python(visit, site):
    page = visit(site / "lab" / "compare.html", "#models=good,poor")
    rng = np.random.default_rng(0)
    cases, wanted = [], []
    for number in range(300):
        n = int(rng.integers(1, 40))
        one, other = rng.choice([0.0, 0.25, 0.5, 1.0, math.nan], (2, n), p=[0.3, 0.1, 0.2, 0.3, 0.1])
        if number % 7 == 0:
            other = one
        clusters = None if number % 2 else [int(c) for c in rng.integers(0, 1 + n // 2, n)]
        inside = rng.random(n) < 0.9
        higher = bool(number % 3)
        kept = None if clusters is None else np.array(clusters)[inside]
        e = stats.win_rate(one[inside], other[inside], higher_is_better=higher, clusters=kept)
        plain = [[None if math.isnan(v) else float(v) for v in values] for values in (one, other)]
        cases.append([*plain, inside.tolist(), clusters, higher])
        wanted.append([e.value, e.low, e.high])
    known = "const known = (values) => values.map((v) => v ?? NaN)"
    made = "cases.map(([a, b, ...rest]) => winRate(known(a), known(b), ...rest))"
    found = page.evaluate(f"(cases) => {{ {known}; return {made}; }}", cases)
    for own, expected in zip(found, wanted, strict=True):
        got = [math.nan if own[name] is None else own[name] for name in ("value", "low", "high")]
        if math.isnan(expected[0]):
            assert math.isnan(got[0])
        else:
            assert got == pytest.approx(expected, rel=1e-9, abs=1e-12)
