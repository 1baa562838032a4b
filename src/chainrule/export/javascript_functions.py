"""Activation functions as JavaScript source."""

__all__ = ["JAVASCRIPT_FUNCTIONS"]

JAVASCRIPT_FUNCTIONS = {
    "identity": """\
/** a */
const identity = (a) => a;""",
    "heaviside": """\
/** 1 if a > 0 else 0 */
const heaviside = (a) => (a > 0 ? 1 : 0);""",
    "logistic": """\
/** σ(a) = 1 / (1 + exp(-a)), without overflow */
function logistic(a) {
  const e = Math.exp(-Math.abs(a));
  return a >= 0 ? 1 / (1 + e) : e / (1 + e);
}""",
    "tanh": """\
/** (exp(a) - exp(-a)) / (exp(a) + exp(-a)) */
const tanh = (a) => Math.tanh(a);""",
    "relu": """\
/** max(0, a) */
const relu = (a) => Math.max(a, 0);""",
    "leaky_relu": """\
/** a if a > 0 else s a, s the negative slope */
const leaky_relu = (a, negativeSlope) => (a > 0 ? a : negativeSlope * a);""",
    "elu": """\
/** a if a > 0 else α (exp(a) - 1) */
const elu = (a, alpha) => (a > 0 ? a : alpha * Math.expm1(a));""",
    "selu": """\
/** λ elu(a) with the α and λ that keep mean 0 and variance 1 */
const selu = (a) => 1.0507009873554805 * elu(a, 1.6732632423543772);""",
    "softplus": """\
/** log(1 + exp(a)), without overflow */
const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));""",
    "erf": """\
/**
 * The error function to about 1e-15.
 *
 * Abramowitz and Stegun 1964, Handbook of Mathematical Functions: the series 7.1.6, whose terms have all
 * one sign, for small |x|, and from 2 on the continued fraction 7.1.14 of 1 - erf.
 */
function erf(x) {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction));
}""",
    "gelu": """\
/** a Φ(a), Φ the normal distribution function */
const gelu = (a) => a * (0.5 * (1 + erf(a * Math.SQRT1_2)));""",
    "silu": """\
/** a σ(a), with σ(a) = ½ + ½ tanh(a / 2) */
const silu = (a) => a * (0.5 + 0.5 * Math.tanh(0.5 * a));""",
    "mish": """\
/** a tanh(softplus(a)) */
const mish = (a) => a * Math.tanh(softplus(a));""",
    "exp": """\
/** exp(a), at most the largest power of e that is a number */
const exp = (a) => Math.exp(Math.min(a, 709));""",
    "softmax": """\
/** p_k = exp(a_k) / Σ_j exp(a_j), without overflow */
function softmax(a) {
  const largest = Math.max(...a);
  const e = a.map((a_k) => Math.exp(a_k - largest));
  const sum = e.reduce((all, e_k) => all + e_k);
  return e.map((e_k) => e_k / sum);
}""",
}
