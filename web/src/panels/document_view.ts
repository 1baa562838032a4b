/** Pages of equations and tables, as the engine writes them. */

import katex from "katex";

import { h } from "../dom";
import type { Part, Section, Text } from "../types";

type Grid = Extract<Part, { kind: "grid" }>;

/** A formula as MathML, which screen readers speak. */
export function formula(tex: string, isDisplay = false): HTMLElement {
  const element = h("span", { class: "formula" });
  katex.render(tex, element, { output: "mathml", throwOnError: false, displayMode: isDisplay });
  return element;
}

/** Text in which $…$ are formulas. */
export function prose(text: string): (Node | string)[] {
  return text.split("$").map((piece, i) => (i % 2 ? formula(piece) : piece));
}

/** z_4^(1), W^(2) and w_{2,3}; not x_1, which may be a column's name. */
const SYMBOL = /\b([a-zA-Z])(?:_(\d+))?\^\((\d+)\)|\b([a-z])_\{([\d,]+)\}/g;

/** Text in which the lecture's symbols are formulas. */
export function withSymbols(text: string): (Node | string)[] {
  const pieces: (Node | string)[] = [];
  let done = 0;
  for (const found of text.matchAll(SYMBOL)) {
    const [all, letter, unit, layer, weight, places] = found;
    const below = unit ?? places;
    pieces.push(
      text.slice(done, found.index),
      formula((letter ?? weight)! + (below ? `_{${below}}` : "") + (layer ? `^{(${layer})}` : "")),
    );
    done = found.index + all.length;
  }
  return [...pieces, text.slice(done)];
}

/** A section with its heading; `equations`, as TeX, stand behind its own formulas. */
export function sectionView(section: Section, equations: string[] = []): HTMLElement {
  const isFormula = (part: Part): boolean => part.kind === "formula";
  return h(
    "section",
    { class: "document-section", "data-stage": section.stage },
    h("h4", {}, ...withSymbols(section.title)),
    ...section.parts.filter(isFormula).map(partView),
    ...equations.map((tex) => h("div", { class: "document-formula is-matrices" }, formula(tex, true))),
    ...section.parts.filter((part) => !isFormula(part)).map(partView),
  );
}

function partView(part: Part): HTMLElement {
  if (part.kind === "text") return h("p", {}, ...withSymbols(part.text));
  if (part.kind === "formula") return formulaView(part);
  return gridView(part);
}

/** With the lecture's number of the equation, which stands behind the text. */
function formulaView({ text, tex }: Extract<Part, { kind: "formula" }>): HTMLElement {
  const number = text.match(/ {4}(\(\d+\))$/)?.[1];
  return h(
    "div",
    { class: "document-formula" },
    formula(tex, true),
    number && h("span", { class: "hint", title: "number of the equation in the lecture" }, number),
  );
}

function gridView(grid: Grid): HTMLElement {
  const isNumber = grid.columns.map(
    (_, j) => grid.rows.length > 0 && grid.rows.every((row) => isFigure(row[j]?.text ?? "")),
  );
  const cell = (text: Text, j: number, isHead: boolean): HTMLElement => {
    const attributes = { class: isNumber[j] ? "figure" : undefined };
    return isHead ? h("th", { ...attributes, scope: "row" }, inline(text)) : h("td", attributes, inline(text));
  };
  const head = grid.columns.map((column, j) =>
    h("th", { scope: "col", class: isNumber[j] ? "figure" : undefined }, inline(column)),
  );
  const rows = grid.rows.map((row) =>
    h("tr", {}, ...row.map((text, j) => cell(text, j, j === 0 && grid.is_bold_first))),
  );
  const caption = grid.caption && h("caption", {}, inline(grid.caption));
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "group", "aria-label": grid.caption?.text || "table" },
    h("table", {}, caption, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)),
  );
}

function inline({ text, tex }: Text): HTMLElement {
  if (tex) return formula(tex);
  return h("span", {}, ...(isFigure(text) ? [text.replaceAll("-", "−")] : withSymbols(text)));
}

function isFigure(text: string): boolean {
  return text !== "" && (text === "–" || !Number.isNaN(Number(text.replaceAll("−", "-"))));
}
