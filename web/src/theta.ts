/** Where a weight stands in the vector of all parameters: layer by layer W[to][from], then b. */

import type { NetworkState } from "./types";

export interface Block {
  from: number;
  to: number;
  /** place of W[0][0], and of b[0] */
  weights: number;
  biases: number;
}

/** One block per dense layer; the last is the output layer. */
export function blocks(network: NetworkState): Block[] {
  const sizes = [network.inputs.length, ...network.layers.map((layer) => layer.units), network.n_outputs];
  let place = 0;
  return sizes.slice(1).map((to, i) => {
    const from = sizes[i]!;
    const block = { from, to, weights: place, biases: place + from * to };
    place += (from + 1) * to;
    return block;
  });
}

/** Name of a unit for people: "x₁", "layer 2, neuron 3", "output" or "output “cat”". */
export function unitName(network: NetworkState, classes: string[] | null, layer: number, unit: number): string {
  if (layer < 0) return network.inputs[unit] ?? "input";
  if (layer < network.layers.length) return `layer ${layer + 1}, neuron ${unit + 1}`;
  return network.n_outputs > 1 ? `output “${classes?.[unit] ?? unit + 1}”` : "output";
}
