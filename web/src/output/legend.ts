/** What the colors of the main picture mean. */

import { classColor, pictureColor } from "../colors";
import { h } from "../dom";
import { figure } from "../panels/figures";
import type { State } from "../types";

const STEPS = 32;

function scale(isDark: boolean): HTMLCanvasElement {
  const canvas = h("canvas", { width: STEPS, height: 1, class: "color-scale", "aria-hidden": "true" });
  const context = canvas.getContext("2d")!;
  for (let i = 0; i < STEPS; i++) {
    context.fillStyle = pictureColor((2 * i) / (STEPS - 1) - 1, isDark);
    context.fillRect(i, 0, 1, 1);
  }
  return canvas;
}

function classSigns(classes: string[], isDark: boolean): HTMLElement[] {
  return classes.map((label, k) => {
    const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = classColor(k, classes.length, isDark);
    return h("span", { class: "class-sign" }, swatch, label);
  });
}

/** Texts at the two ends and the middle of the color scale. */
function ends({ problem }: State, isNeuron: boolean): [string, string, string] {
  if (isNeuron) return ["−", "0", "+"];
  if (problem.classes) return [`class ${problem.classes[0]}`, "undecided", `class ${problem.classes[1]}`];
  const { target_low: low, target_high: high } = problem;
  return [figure(low, 3), figure((low + high) / 2, 3), figure(high, 3)];
}

/** `isNeuron`: the picture shows a neuron, not the network's answer. */
export function legend(state: State, isNeuron: boolean, isDark: boolean): HTMLElement[] {
  const { classes } = state.problem;
  if (classes && classes.length > 2 && !isNeuron) return classSigns(classes, isDark);
  return [
    scale(isDark),
    h("div", { class: "scale-ends" }, ...ends(state, isNeuron).map((text) => h("span", {}, text))),
  ];
}
