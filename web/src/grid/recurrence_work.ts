/** The equations of a recurrence with the numbers of one cell, at one step. */

import { figure } from "../panels/figures";
import type { Inside, State } from "../types";
import { factor, type Line, products } from "./work";

export interface Chosen {
  what: "x" | "h" | "c" | "dh";
  /** from 0, both */
  unit: number;
  step: number;
}

const GATES = ["i", "f", "g", "o"];
const EQUATIONS = { rnn: simple, lstm, gru };

/** Row `i` of a matrix with so many columns. */
const row = (matrix: ArrayLike<number>, i: number, columns: number): number[] =>
  Array.from({ length: columns }, (_, j) => matrix[i * columns + j]!);

const column = (matrix: ArrayLike<number>, j: number, columns: number): number[] =>
  Array.from({ length: matrix.length / columns }, (_, i) => matrix[i * columns + j]!);

export function equations(chosen: Chosen, inside: Inside, state: State): { title: string; lines: Line[] } {
  const { what, unit, step } = chosen;
  const steps = state.problem.grid![0]!;
  const cell = state.settings.cell as keyof typeof EQUATIONS;
  const at = `unit ${unit + 1}, step ${step + 1}`;
  if (what === "x") return { title: `Input: step ${step + 1}`, lines: [`x = ${figure(inside.x[step]!, 3)}`] };
  if (what === "dh") return { title: `dL/dh: ${at}`, lines: backward(chosen, inside, steps) };
  return { title: `${what === "c" ? "Memory" : "State"}: ${at}`, lines: EQUATIONS[cell](chosen, inside, steps) };
}

/** W x + U h + b of row `k` of the weights, with its numbers. */
function weighted(k: number, step: number, inside: Inside, steps: number): string {
  const { x, W, b } = inside;
  return `${products([W[k]!], [x[step]!])} + ${carried(k, step, inside, steps)} + ${factor(b[k]!)}`;
}

/** U h of row `k` of the weights, with its numbers. */
function carried(k: number, step: number, { h, U }: Inside, steps: number): string {
  const units = h!.length / steps;
  const before = step > 0 ? column(h!, step - 1, steps) : Array.from({ length: units }, () => 0);
  return products(row(U!, k, units), before);
}

function simple({ unit, step }: Chosen, inside: Inside, steps: number): Line[] {
  const value = inside.h![unit * steps + step]!;
  const sum = weighted(unit, step, inside, steps);
  return ["h of this step = tanh(W x + U h of the step before + b)", `= tanh(${sum})`, `= ${figure(value, 3)}`];
}

function lstm({ unit, step }: Chosen, inside: Inside, steps: number): Line[] {
  const units = inside.b!.length / GATES.length;
  const gate = (k: number): number => inside.gates![(k * units + unit) * steps + step]!;
  const of = (values: Float32Array, t: number): number => (t < 0 ? 0 : values[unit * steps + t]!);
  const [i, f, g, o] = GATES.map((_, k) => factor(gate(k)));
  const lines = GATES.map((name, k) => {
    const sum = weighted(k * units + unit, step, inside, steps);
    return `${name} = ${name === "g" ? "tanh" : "σ"}(${sum}) = ${figure(gate(k), 3)}`;
  });
  const [c, before, value] = [of(inside.c!, step), of(inside.c!, step - 1), of(inside.h!, step)];
  return [
    ...lines,
    `c = f · c of the step before + i · g = ${f}·${factor(before)} + ${i}·${g} = ${figure(c, 3)}`,
    `h = o · tanh(c) = ${o} · tanh(${figure(c, 3)}) = ${figure(value, 3)}`,
  ];
}

function gru({ unit, step }: Chosen, inside: Inside, steps: number): Line[] {
  const { x, h, W, b, gates, q, b_q } = inside;
  const units = b_q!.length;
  const [r, z, n] = [0, 1, 2].map((k) => gates![(k * units + unit) * steps + step]!) as [number, number, number];
  const [value, own] = [h!, q!].map((values) => values[unit * steps + step]!) as [number, number];
  const before = step > 0 ? h![unit * steps + step - 1]! : 0;
  const lines = (["r", "z"] as const).map(
    (name, k) => `${name} = σ(${weighted(k * units + unit, step, inside, steps)}) = ${figure(k ? z : r, 3)}`,
  );
  const last = 2 * units + unit;
  const read = `${products([W[last]!], [x[step]!])} + ${factor(b[last]!)}`;
  return [
    ...lines,
    `q = ${carried(last, step, inside, steps)} + ${factor(b_q![unit]!)} = ${figure(own, 3)}`,
    `n = tanh(${read} + r · q) = tanh(${read} + ${products([r], [own])}) = ${figure(n, 3)}`,
    `h = (1 − z) · n + z · h of the step before = ${products([1 - z, z], [n, before])} = ${figure(value, 3)}`,
  ];
}

function backward({ unit, step }: Chosen, inside: Inside, steps: number): Line[] {
  const value = figure(inside.dh![unit * steps + step]!, 3);
  if (step === steps - 1)
    return ["From the output: dL/dh = Σ dL/d(output) · its weight", `= ${value}`, "All earlier steps get theirs from here."];
  const units = inside.U!.length / inside.b!.length;
  const slopes = column(inside.da!, step + 1, steps);
  const weights = column(inside.U!, unit, units);
  if (inside.q) {
    const next = (values: Float32Array, place: number): number => values[place * steps + step + 1]!;
    const own = [next(inside.gates!, inside.b_q!.length + unit)];
    return [
      "dL/dh of this step = z · dL/dh of the next step + Σ dL/d(U h) of the next step · U",
      `= ${products([...own, ...slopes], [next(inside.dh!, unit), ...weights])}`,
      `= ${value}`,
      "Where z is near 1, the step back leaves dL/dh as it is: no slope makes it smaller.",
    ];
  }
  return [
    "dL/dh of this step = Σ dL/da of the next step · U",
    `= ${products(slopes, weights)}`,
    `= ${value}`,
    "Every step back multiplies by U and by the slope of what squeezes: where both are small, little is left.",
  ];
}
