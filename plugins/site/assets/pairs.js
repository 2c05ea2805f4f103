// The numbers of two models on one figure, as `harness compare` computes them.
"use strict";

const PAIR_NAMES = ["first", "second", "difference", "stderr", "low", "high", "p_value", "n", "minimum_detectable"];
const FEW_DIFFER = 30;
const floats = (text) => new Float32Array(bytes(text).buffer);

/** From the difference and its error, where they rest on that many clusters of n items, with so many degrees of freedom. */
function pairFrom(first, second, stderr, n, clusters, freedom, reach, detectable) {
  const difference = first - second;
  return {
    first,
    second,
    difference,
    stderr,
    low: difference - stderr * reach,
    high: difference + stderr * reach,
    p_value: pairedP(difference, stderr, clusters, freedom),
    minimum_detectable: stderr * detectable,
    n: Number.isNaN(difference) ? NaN : n,
  };
}

// from the figures of the items

/**
 * Two models on the items inside that neither failed; clusters tell which of them are not independent. Bounds are the
 * metric's; where few items differ, the interval is the wider of this and of one with a pseudo-pair (`stats.paired`).
 */
function pairOnItems(one, other, inside, clusters, bounds) {
  const kept = keptOf(one, other, inside);
  const mean = (values) => pairwiseSum(kept.map((i) => values[i]), 0, kept.length) / kept.length;
  const [first, second] = [mean(one), mean(other)];
  const groups = kept.map((i) => (clusters ? clusters[i] : i));
  const seen = sumsWithin(groups, kept.map((i) => one[i] - first - (other[i] - second)));
  const spread = spreadOf(seen.sums, seen.sizes, kept.length);
  const { stderr, freedom, count } = spread;
  const found = pairFrom(first, second, stderr, kept.length, count, freedom, ...quantiles(freedom));
  const span = (values) => kept.reduce((most, i) => Math.max(most, values[i]), -Infinity) - kept.reduce((least, i) => Math.min(least, values[i]), Infinity);
  const width = bounds ? bounds[1] - bounds[0] : Infinity;
  const most = Math.max(span(one), span(other), bounds ? width : 0);
  const rare = withPseudoPair(kept.map((i) => one[i] - other[i]), most, groups, Boolean(clusters));
  return rare && !Number.isNaN(stderr) && !Number.isNaN(rare.stderr) ? widerPair(found, rare, width) : found;
}

/** Half an interval, and the minimum detectable difference, in standard errors. */
function quantiles(freedom) {
  if (Number.isNaN(freedom)) return [NaN, NaN];
  const reach = studentQuantile(0.975, freedom);
  return [reach, reach + studentQuantile(0.8, freedom)];
}

/** Sums of the values within groups, and the groups' sizes. */
function sumsWithin(groups, values) {
  const number = new Map();
  const sums = [];
  const sizes = [];
  groups.forEach((group, k) => {
    if (!number.has(group)) number.set(group, sums.push(0) - 1) && sizes.push(0);
    const at = number.get(group);
    sums[at] += values[k];
    sizes[at] += 1;
  });
  return { sums, sizes };
}

/** Standard error and degrees of freedom of a mean from sums within clusters, as `stats.cluster_robust` has them. */
function spreadOf(sums, sizes, n) {
  const count = sums.length;
  const squares = (values) => values.reduce((total, value) => total + value * value, 0);
  if (count < 2) return { stderr: NaN, freedom: NaN, count };
  if (sizes.every((size) => size === sizes[0])) {
    return { stderr: Math.sqrt((count / (count - 1)) * squares(sums)) / n, freedom: count - 1, count };
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const share = sizes.map((size) => size / total);
  const pull = share.map((h) => (h * h) / (1 - h));
  const all = pull.reduce((sum, value) => sum + value, 0);
  const stderr = Math.sqrt(sums.reduce((sum, value, g) => sum + (value * value) / (1 - share[g]), 0)) / n;
  return { stderr, freedom: 1 / (squares(share) + all * all - squares(pull)), count };
}

/** Centre and spread with a pair of items, or clusters, added; null where enough differ (`stats._rare_differences`). */
function withPseudoPair(differences, most, groups, clustered) {
  const n = differences.length;
  const sorted = Float64Array.from(differences).sort();
  const usual = (sorted[Math.floor((n - 1) / 2)] + sorted[Math.floor(n / 2)]) / 2;
  const differs = differences.map((d) => (Math.abs(d - usual) > 1e-12 * Math.max(most, Math.abs(usual)) ? 1 : 0));
  const few = sumsWithin(groups, differs).sums.filter((sum) => sum > 0).length;
  const { sums, sizes } = sumsWithin(groups, differences);
  const count = sums.length;
  if (count < 2 || few >= FEW_DIFFER || 2 * few >= count) return null;
  const average = n / count;
  const all = [...sums, most * average, -most * average];
  const allSizes = [...sizes, average, average];
  const total = n + 2 * average;
  const centre = all.reduce((sum, value) => sum + value, 0) / total;
  const { stderr, freedom } = spreadOf(all.map((sum, g) => (sum - centre * allSizes[g]) / total), allSizes, 1);
  if (clustered) return { centre, stderr, freedom };
  return { centre, stderr: stderr * Math.sqrt((count + 1) / (count + 2)), freedom: Infinity };
}

/** The pair with the interval around the centre too, kept within the width of the metric's bounds. */
function widerPair(found, { centre, stderr, freedom }, width) {
  const [reach, detectable] = quantiles(freedom);
  const spread = found.stderr > 1e-12 * Math.abs(found.difference);
  return {
    ...found,
    low: Math.min(found.low, Math.max(centre - reach * stderr, -width)),
    high: Math.max(found.high, Math.min(centre + reach * stderr, width)),
    p_value: spread && found.difference !== 0 ? Math.max(found.p_value, studentP(centre / stderr, freedom)) : found.p_value,
    minimum_detectable: Math.max(found.minimum_detectable, Math.min(detectable * stderr, width)),
  };
}

/** The share of items on which the first has the better figure, ties half, and its 95 % interval, as `stats.win_rate` has them. */
function winRate(one, other, inside, clusters, higherIsBetter) {
  const kept = keptOf(one, other, inside);
  const n = kept.length;
  if (!n) return { value: NaN, low: NaN, high: NaN };
  const largest = Math.max(0, ...kept.flatMap((i) => [one[i], other[i]].filter(Number.isFinite).map(Math.abs)));
  const won = kept.map((i) => {
    const gap = one[i] === other[i] ? 0 : one[i] - other[i];
    const same = Number.isFinite(gap) && Math.abs(gap) <= 1e-12 * largest;
    return same ? 0 : Math.sign(gap) * (higherIsBetter ? 1 : -1);
  });
  const value = won.reduce((sum, w) => sum + 0.5 + 0.5 * w, 0) / n;
  const groups = kept.map((i) => (clusters ? clusters[i] : i));
  const { sums, sizes } = sumsWithin(groups, won.map((w) => 0.5 + 0.5 * w - value));
  const { stderr, freedom, count } = spreadOf(sums, sizes, n);
  const share = (wanted) => won.filter((w) => w === wanted).length / n;
  let [low, high] = clusters && stderr !== 0 ? meanInterval(value, stderr, freedom) : winInterval(share(1), share(-1), count);
  const rare = clusters && stderr > 0 ? withPseudoPair(won, 1, groups, true) : null;
  if (rare && !Number.isNaN(rare.stderr)) {
    const reach = studentQuantile(0.975, rare.freedom) * rare.stderr;
    [low, high] = [Math.min(low, 0.5 + 0.5 * (rare.centre - reach)), Math.max(high, 0.5 + 0.5 * (rare.centre + reach))];
  }
  return { value, low: Math.max(0, Math.min(low, value)), high: Math.min(1, Math.max(high, value)) };
}

/** Bonett and Price's, of the shares of games won and lost. */
function winInterval(wins, losses, games) {
  const [won, lost] = [wins, losses].map((share) => (games / (games + 2)) * share + 1 / (games + 2));
  const reach = NORMAL_975 * Math.sqrt((won + lost - (won - lost) ** 2) / (games + 2));
  return [0.5 + 0.5 * (won - lost - reach), 0.5 + 0.5 * (won - lost + reach)];
}

/** That of a mean in [0, 1] with a cluster-robust error: on the scale of log-odds. */
function meanInterval(value, stderr, freedom) {
  if (Number.isNaN(stderr)) return [0, 1];
  const reach = studentQuantile(0.975, freedom) * stderr;
  if (value <= 0 || value >= 1) return [value - reach, value + reach];
  const centre = Math.log(value / (1 - value));
  const sigmoid = (x) => 0.5 * (1 + Math.tanh(x / 2));
  return [-1, 1].map((side) => sigmoid(centre + (side * reach) / (value * (1 - value))));
}

/** The items inside that neither failed. */
function keptOf(one, other, inside) {
  const kept = [];
  for (let i = 0; i < one.length; i += 1) if (inside[i] && !Number.isNaN(one[i]) && !Number.isNaN(other[i])) kept.push(i);
  return kept;
}

/** A sum in the order in which numpy adds, so that figures between two printed ones fall to the same side. */
function pairwiseSum(values, start, count) {
  if (count > 128) {
    const half = Math.floor(count / 2) - (Math.floor(count / 2) % 8);
    return pairwiseSum(values, start, half) + pairwiseSum(values, start + half, count - half);
  }
  const whole = count < 8 ? 0 : count - (count % 8);
  let sum = 0;
  if (whole) {
    const r = values.slice(start, start + 8);
    for (let i = 8; i < whole; i += 8) for (let k = 0; k < 8; k += 1) r[k] += values[start + i + k];
    sum = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
  }
  for (let i = whole; i < count; i += 1) sum += values[start + i];
  return sum;
}

// from the numbers on file, which hold the pairs of a model with those before it

/** One column's comparison of models i and j, from what the file of the later one says of it. */
function pairOnFile(column, own, i, j) {
  const [later, earlier] = i > j ? [i, j] : [j, i];
  const at = own.with ? new Uint16Array(bytes(own.with).buffer).indexOf(earlier) : -1;
  const found = at < 0 ? onMostItems(column, own, later, earlier) : Object.fromEntries(PAIR_NAMES.map((name) => [name, floats(own[name])[at]]));
  const { first, second, difference, low, high } = found;
  if (later === i) return found;
  const [turned, least, most] = [difference, high, low].map((number) => 0 - number); // which is never -0
  return { ...found, first: second, second: first, difference: turned, low: least, high: most };
}

/** Where both stand on the items that most answered, everything follows from the values and the error of their difference. */
function onMostItems(column, own, later, earlier) {
  const [first, second] = [column.values[later] ?? NaN, column.values[earlier] ?? NaN];
  const stderr = own.errors ? packedError(own.errors, earlier) : NaN;
  return pairFrom(first, second, stderr, column.n, column.clusters, column.freedom ?? NaN, column.reach ?? NaN, column.detectable ?? NaN);
}

/** One number out of many of 24 bits each, after the step that they count in. */
function packedError(text, i) {
  const [step, codes] = text.split(" ");
  const [a, b, c] = bytes(codes).subarray(3 * i, 3 * i + 3);
  const code = a + 256 * b + 65536 * c;
  return code === 2 ** 24 - 1 ? NaN : code * Number(step);
}
