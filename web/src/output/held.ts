/** Two columns of a table on the axes, and where the others are held. */

import { choice, slider, type Control } from "../controls/control";
import { h } from "../dom";
import { figure } from "../panels/figures";
import { rebuild } from "../rebuild";
import type { Store } from "../store";
import type { Column, State } from "../types";

const STEPS = 60;

const usedColumns = (state: State): Column[] => state.problem.columns.filter((column) => column.used);

function axis(store: Store, place: 0 | 1, name: string, label: string): Control {
  return choice(name, label, {
    choices: (state) => usedColumns(state).map((column) => ({ name: column.name, label: column.name })),
    value: (state) => state.problem.axes[place],
    send: (chosen) => {
      const [across, up] = store.state!.problem.axes;
      const other = place === 0 ? up : across;
      // the same column twice: the two change places
      if (chosen === other) store.look({ axes: [up, across] });
      else store.look({ axes: place === 0 ? [chosen, up] : [across, chosen] });
    },
  });
}

function holder(store: Store, column: Column): Control {
  const send = (value: number | string): void => store.look({ held: { [column.name]: value } });
  const valueOf = (state: State): number | string => state.problem.held[column.name] ?? column.middle;
  if (column.levels) {
    return choice("held", column.name, {
      choices: () => column.levels!.map((level) => ({ name: level, label: level })),
      value: (state) => String(valueOf(state)),
      send,
    });
  }
  const { low, high } = column;
  return slider("held", column.name, {
    values: () => Array.from({ length: STEPS + 1 }, (_, i) => low + ((high - low) * i) / STEPS),
    value: (state) => Number(valueOf(state)),
    text: (value) => figure(value),
    send,
  });
}

export function heldColumns(store: Store): Control {
  const axes = [axis(store, 0, "axis-x", "Across"), axis(store, 1, "axis-y", "Up")];
  const list = h("div", { class: "held-list" });
  const summary = h("summary", {});
  const others = h("details", { "data-control": "held-columns" }, summary, list);
  const el = h("div", { class: "held" }, h("div", { class: "pair" }, ...axes.map((one) => one.el)), others);
  let holders: Control[] = [];
  let known = "";
  return {
    el,
    show(state) {
      const columns = usedColumns(state);
      el.hidden = state.problem.is_drawable || columns.length < 2;
      if (el.hidden) return;
      const held = columns.filter((column) => !state.problem.axes.includes(column.name));
      const key = JSON.stringify(held);
      if (key !== known) {
        known = key;
        holders = held.map((column) => holder(store, column));
        rebuild(list, ...holders.map((one) => one.el));
      }
      others.hidden = held.length === 0;
      summary.textContent = `Held: ${held.length} ${held.length === 1 ? "column" : "columns"}`;
      [...axes, ...holders].forEach((control) => control.show(state));
    },
  };
}
