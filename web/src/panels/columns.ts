/** The columns of a table: what they hold, and which of them the network sees. */

import { h } from "../dom";
import type { Column, Problem } from "../types";
import { figure } from "./figures";

const LEVELS = 6;

/** `choose` hears the names of the columns that are to be used. */
export function columnTable(problem: Problem, choose: (used: string[]) => void): HTMLElement {
  const columns = problem.columns.filter((column) => column.name !== problem.target);
  const boxes = columns.map((column) =>
    h("input", {
      type: "checkbox",
      checked: column.used,
      "aria-label": `use ${column.name}`,
      onchange: () => choose(chosen()),
    }),
  );
  const chosen = (): string[] => columns.filter((_, i) => boxes[i]!.checked).map((column) => column.name);
  const all = h(
    "button",
    { type: "button", onclick: () => choose(columns.map((column) => column.name)) },
    "Use all columns",
  );
  const rows = columns.map((column, i) =>
    h(
      "tr",
      {},
      h("td", {}, boxes[i]),
      h("th", { scope: "row" }, column.name),
      h("td", {}, column.levels ? "category" : "number"),
      h("td", {}, contentOf(column)),
    ),
  );
  return h(
    "div",
    {},
    h(
      "div",
      { class: "table-scroll is-tall", tabindex: "0", role: "group", "aria-label": "Columns" },
      h(
        "table",
        {},
        h("caption", { class: "unseen" }, "Columns of the table"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...["use", "column", "kind", "drawn from … to, or levels"].map((text) => h("th", { scope: "col" }, text)),
          ),
        ),
        h("tbody", {}, ...rows),
      ),
    ),
    columns.some((column) => !column.used) && all,
  );
}

function contentOf(column: Column): string {
  if (!column.levels) return `${figure(column.low)} to ${figure(column.high)}`;
  const more = column.levels.length - LEVELS;
  return column.levels.slice(0, LEVELS).join(", ") + (more > 0 ? `, … ${more} more` : "");
}
