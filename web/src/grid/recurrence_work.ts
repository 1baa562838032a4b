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

/** Row `i` of a matrix with so many columns. */
const row = (matrix: ArrayLike<number>, i: number, columns: number): number[] =>
  Array.from({ length: columns }, (_, j) => matrix[i * columns + j]!);

const column = (matrix: ArrayLike<number>, j: number, columns: number): number[] =>
  Array.from({ length: matrix.length / columns }, (_, i) => matrix[i * columns + j]!);

export function equations(chosen: Chosen, inside: Inside, state: State): { title: string; lines: Line[] } {
  const { what, unit, step } = chosen;
  const steps = state.problem.grid![0]!;
  const isLstm = state.settings.cell === "lstm";
  const at = `unit ${unit + 1}, step ${step + 1}`;
  if (what === "x") return { title: `Input: step ${step + 1}`, lines: [`x = ${figure(inside.x[step]!, 3)}`] };
  if (what === "dh") return { title: `dL/dh: ${at}`, lines: backward(chosen, inside, steps) };
  const lines = isLstm ? lstm(chosen, inside, steps) : simple(chosen, inside, steps);
  return { title: `${what === "c" ? "Memory" : "State"}: ${at}`, lines };
}

/** W x + U h + b of row `k` of the weights, with its numbers. */
function weighted(k: number, step: number, { x, h, W, U, b }: Inside, steps: number): string {
  const units = h!.length / steps;
  const before = step > 0 ? column(h!, step - 1, steps) : Array.from({ length: units }, () => 0);
  return `${products([W[k]!], [x[step]!])} + ${products(row(U!, k, units), before)} + ${factor(b[k]!)}`;
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

function backward({ unit, step }: Chosen, inside: Inside, steps: number): Line[] {
  const value = figure(inside.dh![unit * steps + step]!, 3);
  if (step === steps - 1)
    return ["From the output: dL/dh = Σ dL/d(output) · its weight", `= ${value}`, "All earlier steps get theirs from here."];
  const units = inside.U!.length / inside.b!.length;
  const slopes = column(inside.da!, step + 1, steps);
  const weights = column(inside.U!, unit, units);
  return [
    "dL/dh of this step = Σ dL/da of the next step · U",
    `= ${products(slopes, weights)}`,
    `= ${value}`,
    "Every step back multiplies by U and by the slope of what squeezes: where both are small, little is left.",
  ];
}
