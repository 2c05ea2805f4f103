// Student's t, for p-values and intervals of paired differences.
"use strict";

const NORMAL_975 = 1.959963984540054;
const NORMAL_800 = 0.8416212335729143;

/** Two-sided p-value of a paired difference; without any spread, that of the sign-flip test. */
function pairedP(difference, stderr, clusters, freedom) {
  if (difference === 0) return 1;
  if (!Number.isFinite(difference) || !Number.isFinite(stderr)) return NaN;
  if (stderr <= 1e-12 * Math.abs(difference)) return 2 ** (1 - clusters);
  return studentP(difference / stderr, freedom);
}

/** Two-sided probability beyond t; of the normal distribution where there are infinitely many degrees of freedom. */
function studentP(t, freedom) {
  if (freedom === Infinity) return complementaryError(Math.abs(t) / Math.SQRT2);
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

const studentQuantiles = new Map();

/** The value that a t distributed number stays below with a probability above one half. */
function studentQuantile(probability, freedom) {
  if (freedom === Infinity) return { 0.975: NORMAL_975, 0.8: NORMAL_800 }[probability];
  const key = `${probability} ${freedom}`;
  if (!studentQuantiles.has(key)) studentQuantiles.set(key, halvedQuantile(probability, freedom));
  return studentQuantiles.get(key);
}

function halvedQuantile(probability, freedom) {
  const beyond = (t) => incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;
  let [low, high] = [0, 1];
  while (beyond(high) > 1 - probability) [low, high] = [high, 2 * high];
  while (high - low > 1e-13 * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (beyond(middle) > 1 - probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** 1 less the error function, of x from 0 up: a series near 0, a continued fraction far away. */
function complementaryError(x) {
  const front = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; term > 1e-17 * sum; n += 1) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - front * sum;
  }
  let rest = x;
  for (let n = 200; n >= 1; n -= 1) rest = x + n / 2 / rest;
  return front / 2 / rest;
}

/** Regularised incomplete beta function, by Lentz's continued fraction (Abramowitz and Stegun 26.5.8). */
function incompleteBeta(x, a, b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

function fraction(x, a, b) {
  const tiny = 1e-300;
  const away = (value) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let whole = d;
  for (let m = 1; m <= 1000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    whole *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    whole *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return whole;
}

/** Stirling's series, after stepping up to where it is exact to rounding (Abramowitz and Stegun 6.1.41). */
function logGamma(x) {
  let shift = 0;
  while (x < 15) {
    shift -= Math.log(x);
    x += 1;
  }
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}
