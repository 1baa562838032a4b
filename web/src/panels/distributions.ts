/** Distributions: how large the layers' outputs and gradients are, as histograms on a common scale. */

import { h, s } from "../dom";
import type { Frame, Histogram, LayerHistograms, State } from "../types";
import { calm } from "./calm";
import { figure, percent } from "./figures";
import { linear, ticks } from "./scale";
import { panelOf, together } from "./while_shown";

const WIDTH = 320;
const HEIGHT = 64;
const MARGIN = 10;

interface Chart {
  element: HTMLElement;
  update(histogram: Histogram, low: number, high: number): void;
}

export const distributions = panelOf("distributions", "Distributions", (el, store) => {
  const board = h("div", { class: "distributions" });
  el.append(
    h(
      "p",
      { class: "lead" },
      "What flows forward and what flows back, layer by layer. Outputs crowded at both ends of their range: the units are saturated. Gradients that are far narrower in the first layers than in the last: they vanish on the way back.",
    ),
    board,
    h(
      "p",
      { class: "hint" },
      "All histograms of a column share the horizontal axis; each is as high as its own tallest bar.",
    ),
  );
  return () => {
    let charts: [Chart, Chart][] = [];
    return together(
      store.on("state", (state) => {
        store.look({ histograms: true }); // other data make the engine forget what was wanted
        charts = namesOf(state).map((name) => [chart(name, "outputs"), chart(name, "gradients")]);
        board.replaceChildren(...headed(state, charts));
      }),
      store.on(
        "frame",
        calm((frame: Frame) => frame.histograms && show(frame.histograms, charts)),
      ),
      () => store.look({ histograms: false }),
    );
  };
});

function namesOf(state: State): string[] {
  const { layers, output_activation: output } = state.network;
  const last = output === "identity" ? "Output" : `Output, before ${output}`;
  return [...layers.map((layer, i) => `Layer ${i + 1}, ${layer.activation}`), last];
}

function headed(state: State, charts: [Chart, Chart][]): HTMLElement[] {
  const head = ["", "outputs z of the units", "gradients dL/dW of the weights"].map((text) =>
    h("div", { class: "distribution-head" }, text),
  );
  const rows = namesOf(state).flatMap((name, i) => [h("h4", {}, name), charts[i]![0].element, charts[i]![1].element]);
  return [...head, ...rows];
}

function show(histograms: LayerHistograms[], charts: [Chart, Chart][]): void {
  if (histograms.length !== charts.length) return; // of the state before
  (["activations", "gradients"] as const).forEach((kind, column) => {
    const all = histograms.map((layer) => layer[kind]);
    const low = Math.min(...all.map((one) => one.low));
    const high = Math.max(...all.map((one) => one.high));
    all.forEach((one, i) => charts[i]![column]!.update(one, low, high));
  });
}

function chart(layer: string, quantity: string): Chart {
  const bars = s("path", { class: "bars" });
  const axis = s("g", { class: "axis" });
  const picture = s(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT + 16}`, role: "img", "aria-label": `${layer}, ${quantity}` },
    bars,
    axis,
  );
  const note = h("p", { class: "hint" });
  const update = (histogram: Histogram, low: number, high: number): void => {
    const x = linear(low, high, MARGIN, WIDTH - MARGIN);
    bars.setAttribute("d", outline(histogram, x));
    axis.replaceChildren(...marks(low, high, x));
    const zeros = histogram.zeros > 0 ? `, ${percent(histogram.zeros)} exactly 0` : "";
    note.textContent = `${quantity} from ${figure(histogram.low, 3)} to ${figure(histogram.high, 3)}${zeros}`;
    picture.setAttribute("aria-label", `${layer}, ${note.textContent}`);
  };
  return { element: h("figure", {}, picture, h("figcaption", {}, note)), update };
}

function outline({ low, high, counts }: Histogram, x: (value: number) => number): string {
  const peak = Math.max(...counts, 1);
  const width = (high - low) / counts.length;
  const steps = counts.map((count, i) => {
    const y = HEIGHT - (count / peak) * (HEIGHT - 4);
    // values that are all the same are a line, which has to be seen
    const right = Math.max(x(low + (i + 1) * width), x(low + i * width) + 1);
    return `V${y.toFixed(1)}H${right.toFixed(1)}`;
  });
  return `M${x(low).toFixed(1)} ${HEIGHT}${steps.join("")}V${HEIGHT}Z`;
}

function marks(low: number, high: number, x: (value: number) => number): SVGElement[] {
  const base = s("line", { x1: MARGIN, x2: WIDTH - MARGIN, y1: HEIGHT, y2: HEIGHT });
  const labels = ticks(low, high, 4).map((value) =>
    s(
      "g",
      { transform: `translate(${x(value).toFixed(1)} ${HEIGHT})` },
      s("line", { y2: 3 }),
      s("text", { y: 14, "text-anchor": "middle" }, figure(value, 3)),
    ),
  );
  return [base, ...labels];
}
