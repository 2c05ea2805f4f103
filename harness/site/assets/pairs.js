// The numbers of two models on one figure, as `harness compare` computes them.
"use strict";

const PAIR_NAMES = ["first", "second", "difference", "stderr", "low", "high", "p_value", "n", "minimum_detectable"];
const NORMAL_975 = 1.959963984540054;
const floats = (text) => new Float32Array(bytes(text).buffer);

/** From the difference and its error, where they rest on that many independent clusters of n items. */
function pairFrom(first, second, stderr, n, clusters, reach, detectable) {
  const difference = first - second;
  return {
    first,
    second,
    difference,
    stderr,
    low: difference - stderr * reach,
    high: difference + stderr * reach,
    p_value: pairedP(difference, stderr, clusters),
    minimum_detectable: stderr * detectable,
    n: Number.isNaN(difference) ? NaN : n,
  };
}

// from the figures of the items

/** Two models on the items inside that neither failed; clusters tell which of them are not independent. */
function pairOnItems(one, other, inside, clusters) {
  const kept = keptOf(one, other, inside);
  const mean = (values) => pairwiseSum(kept.map((i) => values[i]), 0, kept.length) / kept.length;
  const [first, second] = [mean(one), mean(other)];
  const sums = new Map();
  for (const i of kept) {
    const of = clusters ? clusters[i] : i;
    sums.set(of, (sums.get(of) ?? 0) + (one[i] - first) - (other[i] - second));
  }
  const count = sums.size;
  const squares = [...sums.values()].reduce((total, sum) => total + sum * sum, 0);
  const stderr = count < 2 ? NaN : Math.sqrt((count / (count - 1)) * squares) / kept.length;
  const [reach, power] = count < 2 ? [NaN, NaN] : [studentQuantile(0.975, count - 1), studentQuantile(0.8, count - 1)];
  return pairFrom(first, second, stderr, kept.length, count, reach, reach + power);
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
  const sums = new Map();
  kept.forEach((i, k) => {
    const of = clusters ? clusters[i] : i;
    sums.set(of, (sums.get(of) ?? 0) + 0.5 + 0.5 * won[k] - value);
  });
  const count = sums.size;
  const stderr = count < 2 ? NaN : Math.sqrt((count / (count - 1)) * [...sums.values()].reduce((total, sum) => total + sum * sum, 0)) / n;
  const share = (wanted) => won.filter((w) => w === wanted).length / n;
  const [low, high] = clusters && stderr !== 0 ? meanInterval(value, stderr, count) : winInterval(share(1), share(-1), count);
  return { value, low: Math.max(0, Math.min(low, value)), high: Math.min(1, Math.max(high, value)) };
}

/** Bonett and Price's, of the shares of games won and lost. */
function winInterval(wins, losses, games) {
  const [won, lost] = [wins, losses].map((share) => (games / (games + 2)) * share + 1 / (games + 2));
  const reach = NORMAL_975 * Math.sqrt((won + lost - (won - lost) ** 2) / (games + 2));
  return [0.5 + 0.5 * (won - lost - reach), 0.5 + 0.5 * (won - lost + reach)];
}

/** That of a mean in [0, 1] with a cluster-robust error: on the scale of log-odds. */
function meanInterval(value, stderr, clusters) {
  if (Number.isNaN(stderr)) return [0, 1];
  const reach = studentQuantile(0.975, clusters - 1) * stderr;
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
  return pairFrom(first, second, stderr, column.n, column.clusters, column.reach ?? NaN, column.detectable ?? NaN);
}

/** One number out of many of 24 bits each, after the step that they count in. */
function packedError(text, i) {
  const [step, codes] = text.split(" ");
  const [a, b, c] = bytes(codes).subarray(3 * i, 3 * i + 3);
  const code = a + 256 * b + 65536 * c;
  return code === 2 ** 24 - 1 ? NaN : code * Number(step);
}
