/** What stands above a layer: how many neurons, their activation, their dropout. */

import { h } from "../dom";
import { icon } from "../icons";
import type { Store } from "../store";
import type { Catalog, Layer, State } from "../types";

const DROPOUTS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];

/** Replace one hidden layer. */
function setLayer(store: Store, index: number, change: Partial<Layer>): void {
  const layers = store.state!.settings.layers;
  store.set({ layers: layers.map((layer, i) => (i === index ? { ...layer, ...change } : layer)) });
}

function smallButton(
  sign: "plus" | "minus",
  label: string,
  key: string,
  isOff: boolean,
  act: () => void,
): HTMLElement {
  return h(
    "button",
    { class: "small", "aria-label": label, title: label, "data-key": key, disabled: isOff, onclick: act },
    icon(sign),
  );
}

function smallChoice(
  name: string,
  label: string,
  key: string,
  value: string,
  choices: { name: string; label: string }[],
  send: (value: string) => void,
): HTMLElement {
  const list = h(
    "select",
    { "aria-label": label, title: label, "data-key": key, "data-control": name, onchange: () => send(list.value) },
    ...choices.map((one) => h("option", { value: one.name, selected: one.name === value }, one.label)),
  );
  return list;
}

export function layerHead(store: Store, catalog: Catalog, state: State, index: number): HTMLElement {
  const layer = state.settings.layers[index]!;
  const name = `layer ${index + 1}`;
  const dropouts = [...new Set([...DROPOUTS, layer.dropout])].sort((a, b) => a - b);
  return h(
    "div",
    { class: "layer-head" },
    h(
      "div",
      { class: "count", "data-control": "neurons", role: "group", "aria-label": `Neurons of ${name}` },
      smallButton("minus", `One neuron less in ${name}`, `less:${index}`, layer.units <= 1, () =>
        setLayer(store, index, { units: layer.units - 1 }),
      ),
      h("span", {}, String(layer.units)),
      smallButton("plus", `One neuron more in ${name}`, `more:${index}`, layer.units >= catalog.limits.units, () =>
        setLayer(store, index, { units: layer.units + 1 }),
      ),
    ),
    smallChoice(
      "layer-activation",
      `Activation of ${name}`,
      `act:${index}`,
      layer.activation,
      catalog.activations,
      (value) => setLayer(store, index, { activation: value }),
    ),
    smallChoice(
      "dropout",
      `Dropout of ${name}`,
      `drop:${index}`,
      String(layer.dropout),
      dropouts.map((one) => ({ name: String(one), label: `drop ${Math.round(100 * one)} %` })),
      (value) => setLayer(store, index, { dropout: Number(value) }),
    ),
  );
}

/** The number of hidden layers, with buttons that change it. */
export function layerCount(store: Store, catalog: Catalog, state: State): HTMLElement {
  const layers = state.settings.layers;
  const last: Layer = layers.at(-1) ?? { units: 2, activation: catalog.activations[0]!.name, dropout: 0 };
  return h(
    "div",
    { class: "count", "data-control": "layers", role: "group", "aria-label": "Hidden layers" },
    smallButton("minus", "One layer less", "layers-less", layers.length === 0, () =>
      store.set({ layers: layers.slice(0, -1) }),
    ),
    h("span", {}, `${layers.length} hidden ${layers.length === 1 ? "layer" : "layers"}`),
    smallButton("plus", "One layer more", "layers-more", layers.length >= catalog.limits.layers, () =>
      store.set({ layers: [...layers, { ...last, units: Math.min(last.units, 2), dropout: 0 }] }),
    ),
  );
}
