/** Loss or score of several runs over the epochs, as one chart. */

import { h, s } from "../dom";
import { figure } from "./figures";
import type { KeptRun } from "./kept_run";
import { linear, logarithmic, logarithmicTicks, ticks, type Scale } from "./scale";

const HEIGHT = 280;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 34;
const POINTS = 400;
const NARROWEST = 200;
const COLORS = 6;

export type Quantity = "loss" | "score";

interface Axes {
  width: number;
  x: Scale;
  y: Scale;
  xTicks: number[];
  yTicks: number[];
}

/** Solid: test points; dashed: training points. The last run is the one of now. */
export function curves(runs: KeptRun[], quantity: Quantity, isLogarithmic: boolean, room: number): HTMLElement {
  const width = Math.max(room, NARROWEST); // a panel that was just hidden has no width
  const name = quantity === "loss" ? "loss" : (runs[0]?.scoreName ?? "score");
  const column = quantity === "loss" ? 1 : 3;
  const axes = axesOf(runs, column, isLogarithmic && quantity === "loss", width);
  const lines = runs.flatMap((run, i) => [
    s("path", { class: `curve ${classOf(i, runs)} is-train`, d: pathOf(run.curve, column, axes) }),
    s("path", { class: `curve ${classOf(i, runs)}`, d: pathOf(run.curve, column + 1, axes) }),
  ]);
  const text = runs.map(
    (run) =>
      `${run.name}: test ${name} ${figure(quantity === "loss" ? run.test.loss : run.test.score)} at epoch ${figure(run.epoch)}`,
  );
  const picture = s(
    "svg",
    {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      role: "img",
      "aria-label": `${name} over epochs. ${text.join("; ")}`,
      class: "curves",
    },
    ...frameOf(axes, name),
    ...lines,
  );
  return h("div", {}, picture, legend(runs));
}

function classOf(i: number, runs: KeptRun[]): string {
  return i === runs.length - 1 ? "run-now" : `run-${i % COLORS}`;
}

function axesOf(runs: KeptRun[], column: number, isLogarithmic: boolean, width: number): Axes {
  let [last, low, high] = [0, Infinity, -Infinity];
  for (const { curve } of runs)
    for (let i = 0; i < curve.length; i += 5) {
      last = Math.max(last, curve[i]!);
      for (const value of [curve[i + column]!, curve[i + column + 1]!]) {
        if (!Number.isFinite(value) || (isLogarithmic && value <= 0)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  if (low > high) [low, high] = [0.1, 1];
  if (!isLogarithmic) low = Math.min(low, 0);
  if (low === high) high = low + 1;
  const place = isLogarithmic ? logarithmic : linear;
  return {
    width,
    x: linear(0, last || 1, LEFT, width - RIGHT),
    y: place(low, high, HEIGHT - BOTTOM, TOP),
    xTicks: ticks(0, last || 1, width / 90),
    yTicks: isLogarithmic ? logarithmicTicks(low, high) : ticks(low, high, 5),
  };
}

/** No more points than can be told apart. */
function pathOf(curve: Float32Array, column: number, { x, y }: Axes): string {
  const rows = curve.length / 5;
  const by = Math.max(1, Math.ceil(rows / POINTS));
  let path = "";
  for (let row = 0; row < rows; row += row + by >= rows && row < rows - 1 ? rows - 1 - row : by) {
    const value = y(curve[5 * row + column]!);
    if (Number.isFinite(value)) path += `${path ? "L" : "M"}${x(curve[5 * row]!).toFixed(1)} ${value.toFixed(1)}`;
  }
  return path;
}

function frameOf({ width, x, y, xTicks, yTicks }: Axes, name: string): SVGElement[] {
  const bottom = HEIGHT - BOTTOM;
  return [
    ...yTicks.map((tick) =>
      s(
        "g",
        { class: "axis", transform: `translate(0 ${y(tick).toFixed(1)})` },
        s("line", { class: "grid", x1: LEFT, x2: width - RIGHT }),
        s("text", { x: LEFT - 6, y: 4, "text-anchor": "end" }, figure(tick)),
      ),
    ),
    ...xTicks.map((tick) =>
      s(
        "g",
        { class: "axis", transform: `translate(${x(tick).toFixed(1)} ${bottom})` },
        s("line", { y2: 4 }),
        s("text", { y: 16, "text-anchor": "middle" }, figure(tick)),
      ),
    ),
    s("g", { class: "axis" }, s("line", { x1: LEFT, x2: width - RIGHT, y1: bottom, y2: bottom })),
    s("text", { class: "axis-name", x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 3, "text-anchor": "middle" }, "epoch"),
    s(
      "text",
      { class: "axis-name", transform: `translate(12 ${(TOP + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" },
      name,
    ),
  ];
}

function legend(runs: KeptRun[]): HTMLElement {
  const swatch = (kind: string): SVGElement =>
    s(
      "svg",
      { viewBox: "0 0 28 8", class: "swatch", "aria-hidden": "true" },
      s("path", { class: `curve ${kind}`, d: "M1 4H27" }),
    );
  return h(
    "ul",
    { class: "legend" },
    ...runs.map((run, i) => h("li", {}, swatch(classOf(i, runs)), run.name)),
    h("li", { class: "hint" }, swatch("is-plain"), "test"),
    h("li", { class: "hint" }, swatch("is-plain is-train"), "training"),
  );
}
