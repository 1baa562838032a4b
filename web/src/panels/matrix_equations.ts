/** The equations of a layer with the numbers of a row in them, made of the tables of its pages. */

import type { Part, Section } from "../types";

type Grid = Extract<Part, { kind: "grid" }>;
type Column = string[];

/** Equations as TeX, for the section at `place` of all; none where a table was cut because it is too large. */
export function matrixEquations(sections: Section[], place: number): string[] {
  const section = sections[place]!;
  if (section.layer === null) return [];
  if (section.stage === "forward") return forward(sections, section, section.layer);
  if (section.stage === "backward") return backward(sections, section, section.layer);
  return [];
}

function forward(sections: Section[], section: Section, layer: number): string[] {
  const [a, b, z] = [columnOf(section, "a"), columnOf(section, "b"), columnOf(section, "z")];
  const weights = matrixOf(section, "W^");
  const before = incoming(sections, layer);
  if (!a || !b || !z || !before || !fits(weights, a, before)) return [];
  const n = layer + 1;
  return [
    `${named(`a^{(${n})}`, vector(a))} = ${named(`W^{(${n})}`, matrix(weights))} ${named(`z^{(${layer})}`, vector(before))} + ${named(`b^{(${n})}`, vector(b))}`,
    `${named(`z^{(${n})}`, vector(z))} = \\varphi\\; ${named(`a^{(${n})}`, vector(a))}`,
  ];
}

function backward(sections: Section[], section: Section, layer: number): string[] {
  const [dz, slope, delta] = [columnOf(section, "dL/dz"), columnOf(section, "φ'(a)"), columnOf(section, "δ")];
  const next = find(sections, "backward", layer + 1);
  const nextDelta = next && columnOf(next, "δ");
  const weights = matrixOf(find(sections, "forward", layer + 1), "W^");
  const before = incoming(sections, layer);
  const n = layer + 1;
  const equations: string[] = [];
  if (dz && slope && delta && nextDelta && fits(weights, nextDelta, dz)) {
    equations.push(
      `${named(`\\partial\\mathcal L/\\partial z^{(${n})}`, vector(dz))} = ${named(`W^{(${n + 1})\\,\\top}`, matrix(transposed(weights)))} ${named(`\\delta^{(${n + 1})}`, vector(nextDelta))}`,
      `${named(`\\delta^{(${n})}`, vector(delta))} = ${named(`\\partial\\mathcal L/\\partial z^{(${n})}`, vector(dz))} \\circ ${named(`\\varphi'(a^{(${n})})`, vector(slope))}`,
    );
  }
  const gradient = matrixOf(section, "dL/dW")?.map((row) => row.slice(0, -1)); // the last column is dL/db
  if (delta && before && fits(gradient, delta, before)) {
    equations.push(
      `${named(`\\partial\\mathcal L/\\partial W^{(${n})}`, matrix(gradient))} = ${named(`\\delta^{(${n})}`, vector(delta))} ${named(`z^{(${layer})\\,\\top}`, matrix([before]))}`,
    );
  }
  return equations;
}

/** Outputs of the layer before, or the inputs of the network. */
function incoming(sections: Section[], layer: number): Column | null {
  if (layer > 0) return columnOf(find(sections, "forward", layer - 1), "z");
  return columnOf(
    sections.find((section) => section.stage === "inputs"),
    "z^(0)",
  );
}

function find(sections: Section[], stage: string, layer: number): Section | undefined {
  return sections.find((section) => section.stage === stage && section.layer === layer);
}

function gridsOf(section: Section | undefined): Grid[] {
  return section?.parts.filter((part): part is Grid => part.kind === "grid") ?? [];
}

/** The column whose heading is `head`, or begins with it as a word. */
function columnOf(section: Section | undefined, head: string): Column | null {
  for (const { columns, rows } of gridsOf(section)) {
    const place = columns.findIndex(({ text }) => text === head || text.startsWith(`${head} `));
    if (place >= 0) return rows.map((row) => row[place]!.text);
  }
  return null;
}

/** The table whose caption begins with `caption`, without its column of numbers. */
function matrixOf(section: Section | undefined, caption: string): string[][] | undefined {
  return gridsOf(section)
    .find((grid) => grid.caption?.text.startsWith(caption))
    ?.rows.map((row) => row.slice(1).map(({ text }) => text));
}

function fits(rows: string[][] | undefined, to: Column, from: Column): rows is string[][] {
  return rows?.length === to.length && rows.every((row) => row.length === from.length);
}

/** Numbers above what they are called. */
function named(name: string, numbers: string): string {
  return `\\underset{${name}}{${numbers}}`;
}

function transposed(rows: string[][]): string[][] {
  return rows[0]!.map((_, j) => rows.map((row) => row[j]!));
}

function vector(column: Column): string {
  return matrix(column.map((entry) => [entry]));
}

/** Without brackets: not every font has tall ones, so the style sheet draws them. */
function matrix(rows: string[][]): string {
  return `\\begin{matrix}${rows.map((row) => row.map(entry).join(" & ")).join(" \\\\ ")}\\end{matrix}`;
}

/** 1.2e-05 as a formula. */
function entry(text: string): string {
  return text.replace(
    /e([+-])0*(\d+)$/,
    (_, sign: string, power: string) => `\\cdot 10^{${sign === "-" ? "-" : ""}${power}}`,
  );
}
