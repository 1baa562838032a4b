/** The columns of the network as elements: inputs, layers, outputs. */

import { h } from "../dom";
import type { Store } from "../store";
import { unitName } from "../theta";
import { titled } from "../titled";
import type { Catalog, State } from "../types";
import { inputRows } from "./inputs_column";
import { layerHead } from "./layer_head";

/** A picture of the network, and the place its lines come to or go from. */
export interface Node {
  layer: number;
  unit: number;
  el: HTMLElement;
  canvas: HTMLCanvasElement;
  /** the small square that shows the bias; inputs have none */
  bias: HTMLElement | null;
}

/** Height that the neurons of a layer share before they stand closer, and what each has at most and at least. */
const ROOM = 500;
const LARGEST_PITCH = 64;
const SMALLEST_PITCH = 13;

/** More inputs than these stand closer, and scroll. */
const MOST_AT_EASE = 12;

export interface Columns {
  els: HTMLElement[];
  /** inputs, hidden layers, outputs: in the order of the frame's pictures */
  nodes: Node[][];
  /** scrolls by itself where inputs are many */
  list: HTMLElement;
}

function unitNode(state: State, layer: number, unit: number): Node {
  const name = unitName(state.network, state.problem.classes, layer, unit);
  const canvas = h("canvas", { width: 1, height: 1, "aria-hidden": "true" });
  const bias = h("span", { class: "bias", "aria-hidden": "true", title: "Bias: click to change" });
  const el = h(
    "button",
    {
      class: "unit",
      "data-key": `${layer}:${unit}`,
      "aria-label": `${titled(name)}: its weights`,
    },
    canvas,
    bias,
  );
  return { layer, unit, el, canvas, bias };
}

function unitColumn(head: HTMLElement, nodes: Node[], label: string, labels: string[]): HTMLElement {
  const items = nodes.map((node, i) =>
    labels[i] ? h("div", { class: "labelled" }, node.el, h("span", { title: labels[i] }, labels[i])) : node.el,
  );
  const units = h("div", { class: "units" }, ...items);
  const pitch = Math.min(LARGEST_PITCH, Math.max(SMALLEST_PITCH, ROOM / nodes.length));
  const size = Math.round(0.8 * pitch);
  units.style.setProperty("--unit", `${size}px`);
  units.style.setProperty("--apart", `${Math.round(pitch - size)}px`);
  return h("div", { class: "layer", role: "group", "aria-label": label }, head, units);
}

export function networkColumns(store: Store, catalog: Catalog, state: State): Columns {
  const { network, problem } = state;
  const rows = inputRows(store, catalog, state);
  const list = h(
    "div",
    { class: "input-list", "data-control": "features", tabindex: -1 },
    ...rows.map((row) => row.el),
  );
  list.classList.toggle("compact", rows.length > MOST_AT_EASE);
  const inputs: Node[] = rows
    .filter((row) => row.canvas)
    .sort((a, b) => a.input - b.input)
    .map((row) => ({ layer: -1, unit: row.input, el: row.el, canvas: row.canvas!, bias: null }));
  const sizes = [...network.layers.map((layer) => layer.units), network.n_outputs];
  const layers = sizes.map((n, layer) => Array.from({ length: n }, (_, unit) => unitNode(state, layer, unit)));
  const heading = problem.is_drawable ? "Features" : `${network.inputs.length} inputs`;
  const els = [
    h("div", { class: "layer inputs" }, h("div", { class: "layer-head" }, h("h3", {}, heading)), list),
    ...network.layers.map((_, i) =>
      unitColumn(layerHead(store, catalog, state, i), layers[i]!, `Hidden layer ${i + 1}`, []),
    ),
    unitColumn(
      h("div", { class: "layer-head" }, h("h3", {}, "Output"), h("small", {}, network.output_activation)),
      layers.at(-1)!,
      "Output",
      network.n_outputs > 1 ? (problem.classes ?? []) : [],
    ),
  ];
  els.at(-1)!.classList.add("outputs");
  return { els, nodes: [inputs, ...layers], list };
}
