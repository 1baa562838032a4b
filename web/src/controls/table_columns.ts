/** Which column of a table is predicted, and from which others. */

import { h } from "../dom";
import { rebuild } from "../rebuild";
import type { Store } from "../store";
import type { Column, State } from "../types";
import { choice, type Control } from "./control";

function checklist(store: Store, state: State): HTMLElement[] {
  const { columns, target } = state.problem;
  const used = columns.filter((one) => one.used && one.name !== target).map((one) => one.name);
  const send = (name: string, isUsed: boolean): void => {
    const names = isUsed ? [...used, name] : used.filter((one) => one !== name);
    const ordered = columns.map((one) => one.name).filter((one) => names.includes(one));
    store.send("table", { name: state.problem.title, columns: ordered });
  };
  const line = (column: Column): HTMLElement => {
    const box = h("input", {
      type: "checkbox",
      checked: column.used,
      "data-key": column.name,
      onchange: () => send(column.name, box.checked),
    });
    return h("label", { class: "tick", title: column.name }, box, h("span", {}, column.name));
  };
  return columns.filter((one) => one.name !== target).map(line);
}

export function tableColumns(store: Store): Control {
  const target = choice("target", "Predict", {
    choices: (state) => {
      const names = state.problem.columns.map((column) => column.name);
      return [...new Set([...names, state.problem.target])].map((name) => ({ name, label: name }));
    },
    value: (state) => state.problem.target,
    // of the tables that come along it is known
    isShown: (state) => state.settings.data.kind === "table",
    send: (name) => store.send("table", { name: store.state!.problem.title, target: name }),
  });
  const list = h("div", { class: "checklist" });
  const count = h("summary", {});
  const el = h("div", { class: "columns" }, target.el, h("details", { "data-control": "columns" }, count, list));
  return {
    el,
    show(state) {
      el.hidden = state.problem.is_drawable || state.problem.grid !== null;
      if (el.hidden) return;
      target.show(state);
      rebuild(list, ...checklist(store, state));
      const { columns, target: name } = state.problem;
      const others = columns.filter((column) => column.name !== name);
      count.textContent = `Columns: ${others.filter((column) => column.used).length} of ${others.length}`;
    },
  };
}
