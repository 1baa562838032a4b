/** The network's inputs: features to switch on and off, or what became of a table's columns. */

import { h } from "../dom";
import type { Store } from "../store";
import type { Catalog, State } from "../types";

export interface InputRow {
  el: HTMLElement;
  /** the picture of an input that the network sees; null: it is switched off */
  canvas: HTMLCanvasElement | null;
  /** number of the input; -1: it is switched off */
  input: number;
}

function featureRows(store: Store, catalog: Catalog, state: State): InputRow[] {
  const chosen = state.settings.features;
  return catalog.features.map((feature) => {
    const input = chosen.indexOf(feature.name);
    const toggle = (): void => {
      const names = input < 0 ? [...chosen, feature.name] : chosen.filter((name) => name !== feature.name);
      store.set({ features: catalog.features.map((one) => one.name).filter((name) => names.includes(name)) });
    };
    const canvas = input < 0 ? null : h("canvas", { width: 1, height: 1, "aria-hidden": "true" });
    const el = h(
      "button",
      {
        class: "input-row",
        "data-key": `feature:${feature.name}`,
        "aria-pressed": String(input >= 0),
        title: feature.text ?? (input < 0 ? "Give it to the network" : "Take it from the network"),
        onclick: toggle,
      },
      h("span", {}, feature.label),
      canvas ?? h("span", { class: "no-picture", "aria-hidden": "true" }),
    );
    return { el, canvas, input };
  });
}

function tableRows(store: Store, state: State): InputRow[] {
  return state.network.inputs.map((name, input) => {
    const canvas = h("canvas", { width: 1, height: 1, "aria-hidden": "true" });
    const el = h(
      "button",
      {
        class: "input-row",
        "data-key": `input:${name}`,
        title: name,
        onclick: () => store.choose("neuron", [-1, input]),
      },
      h("span", {}, name),
      canvas,
    );
    return { el, canvas, input };
  });
}

/** One row per feature, or per input of a table's network. */
export function inputRows(store: Store, catalog: Catalog, state: State): InputRow[] {
  return state.problem.is_drawable ? featureRows(store, catalog, state) : tableRows(store, state);
}
