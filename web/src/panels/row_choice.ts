/** Which row is looked at: by number, one further or back, or a test point at random. */

import { h } from "../dom";
import type { Store } from "../store";
import type { State } from "../types";

export interface RowChoice {
  element: HTMLElement;
  /** Show the row that is chosen; a row that the data do not have gives way to their first. */
  update(): void;
}

export function rowChoice(store: Store): RowChoice {
  const choose = (row: number): void => store.choose("row", row);
  const further = (by: number): void => {
    const rows = rowsOf(store.state);
    const place = rows.indexOf(store.row ?? -1);
    if (rows.length) choose(rows[(place + by + rows.length) % rows.length]!);
  };
  const number = h("input", {
    type: "number",
    min: "0",
    step: "1",
    class: "row-number",
    onchange: () => number.reportValidity() && number.value !== "" && choose(number.valueAsNumber),
  });
  const kind = h("span", { class: "row-kind" });
  const element = h(
    "div",
    { class: "row-choice", role: "group", "aria-label": "Row" },
    h("label", { class: "field" }, h("span", {}, "Row"), number),
    h("button", { type: "button", "aria-label": "Previous row", onclick: () => further(-1) }, "◂"),
    h("button", { type: "button", "aria-label": "Next row", onclick: () => further(1) }, "▸"),
    h("button", { type: "button", onclick: () => choose(randomTestRow(store.state)) }, "Random test point"),
    kind,
  );
  const update = (): void => {
    const state = store.state;
    if (!state) return;
    const rows = rowsOf(state);
    const last = Math.max(state.problem.n_train + state.problem.n_test - 1, rows.at(-1) ?? 0);
    number.max = String(last);
    if (store.row === null || store.row > last) return choose(rows[0] ?? 0);
    if (document.activeElement !== number) number.value = String(store.row);
    kind.textContent = kindOf(state, store.row);
  };
  return { element, update };
}

function rowsOf(state: State | null): number[] {
  return Array.from(state?.buffers.rows ?? []).sort((a, b) => a - b);
}

function randomTestRow(state: State | null): number {
  const rows = Array.from(state?.buffers.rows ?? []);
  const tests = rows.filter((_, i) => state!.buffers.is_test[i]);
  const among = tests.length ? tests : rows;
  return among[Math.floor(Math.random() * among.length)] ?? 0;
}

function kindOf(state: State, row: number): string {
  const i = state.buffers.rows.indexOf(row);
  if (i < 0) return "";
  const value = state.buffers.targets[i]!;
  const target = state.problem.classes?.[value] ?? String(Number(value.toPrecision(4)));
  return `${state.buffers.is_test[i] ? "test" : "training"} point, ${state.problem.target} = ${target}`;
}
