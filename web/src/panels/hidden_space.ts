/** Hidden space: where a layer puts the points, and where each of its units says "neither". */

import { h } from "../dom";
import type { Store } from "../store";
import type { Frame, State } from "../types";
import { calm } from "./calm";
import { zeroLine } from "./contours";
import { drawPoints, extentOf, plane, type Plane } from "./plane";
import { withTheme } from "./seen_theme";
import { panelOf, together, type Stop } from "./while_shown";

export const hiddenSpace = panelOf("hidden-space", "Hidden space", (el, store) => {
  const space = new HiddenSpace(el, store);
  return () => space.begin();
});

class HiddenSpace {
  private layer = Infinity;
  private isDark = false;
  private choice = h("select", { onchange: () => this.look(Number(this.choice.value)) });
  private bent = h("canvas", { role: "img", class: "square" });
  private cut = h("canvas", { role: "img", class: "square" });
  private bentText = h("p", { class: "hint" });
  private cutText = h("p", { class: "hint" });
  private none = h(
    "p",
    { class: "verdict" },
    "This network has no hidden layer. Add one, and its space is drawn here.",
  );
  private pictures: HTMLElement;

  constructor(
    private el: HTMLElement,
    private store: Store,
  ) {
    this.pictures = h(
      "div",
      { class: "stack" },
      h("div", { class: "toolbar" }, h("label", { class: "field" }, h("span", {}, "Layer"), this.choice)),
      h(
        "div",
        { class: "panel-columns is-narrow" },
        h("figure", {}, h("h4", {}, "The plane, bent by the layer"), this.bent, h("figcaption", {}, this.bentText)),
        h("figure", {}, h("h4", {}, "Each unit's line"), this.cut, h("figcaption", {}, this.cutText)),
      ),
    );
    el.append(
      h(
        "p",
        { class: "lead" },
        "A layer moves every point. The layer behind it sees only where the points have gone, so a hidden layer has done its work when the classes can be parted there by something straight.",
      ),
      this.none,
      this.pictures,
    );
  }

  begin(): Stop {
    return together(
      this.store.on("state", (state) => this.follow(state)),
      this.store.on(
        "frame",
        calm(() => this.draw(), 60),
      ),
      this.store.on("display", () => this.draw()),
      withTheme(this.el, (isDark) => {
        this.isDark = isDark;
        this.draw();
      }),
      () => this.store.look({ hidden_space: null, lines: null }),
    );
  }

  private follow(state: State): void {
    const layers = state.network.layers;
    this.none.hidden = layers.length > 0;
    this.pictures.hidden = layers.length === 0;
    this.choice.replaceChildren(
      ...layers.map((layer, i) => h("option", { value: i }, `Layer ${i + 1}: ${layer.units} × ${layer.activation}`)),
    );
    const layer = Math.min(this.layer, layers.length - 1);
    this.choice.value = String(layer);
    if (layer >= 0) this.look(layer); // at every state: other data make the engine forget what was wanted
  }

  private look(layer: number): void {
    this.layer = layer;
    this.store.look({ hidden_space: layer, lines: layer });
  }

  private draw(): void {
    const { state, frame } = this.store;
    if (!state || !frame || frame.revision !== state.revision) return;
    if (frame.hidden_space?.layer === this.layer) this.drawBent(state, frame, frame.hidden_space.names);
    if (frame.buffers.lines && state.network.layers[this.layer]) this.drawCut(state, frame, frame.buffers.lines);
  }

  private drawBent(state: State, frame: Frame, names: [string, string]): void {
    const { hidden_points: points, hidden_grid: grid } = frame.buffers;
    if (!points || !grid) return;
    const drawing = plane(this.bent, extentOf(points, grid), names);
    drawGrid(drawing, grid);
    drawPoints(drawing, state, points, this.store.display.show_test, this.isDark);
    const { units } = state.network.layers[this.layer]!;
    const seen =
      units > 2
        ? `Of its ${units} dimensions, the two are drawn in which the points lie furthest apart.`
        : "Its units are the axes.";
    this.bentText.textContent = `Every point where layer ${this.layer + 1} puts it, with what has become of a square grid of the plane. ${seen}`;
    this.bent.setAttribute(
      "aria-label",
      `Space of layer ${this.layer + 1}: ${points.length / 2} points and a bent grid, ${names[1]} over ${names[0]}`,
    );
  }

  private drawCut(state: State, frame: Frame, lines: Float32Array): void {
    const [units = 0, side = 0] = frame.shapes.lines ?? [];
    const { extent, axes } = state.problem;
    const drawing = plane(this.cut, extent, axes);
    drawing.context.globalAlpha = 0.45;
    drawPoints(drawing, state, state.buffers.points, this.store.display.show_test, this.isDark);
    drawing.context.globalAlpha = 1;
    const drawn = Array.from({ length: units }, (_, unit) => drawLine(drawing, extent, lines, side, unit)).filter(
      Boolean,
    ).length;
    this.cutText.textContent = `Where the weighted sum a of a unit is 0: on one side of its line the unit is above, on the other below. ${drawn} of ${units} lines cross the picture; numbers are the units'.`;
    this.cut.setAttribute(
      "aria-label",
      `Lines a = 0 of layer ${this.layer + 1}: ${drawn} of ${units} units have one within the picture`,
    );
  }
}

function drawGrid({ context, x, y, muted }: Plane, grid: Float32Array): void {
  context.strokeStyle = muted;
  context.lineWidth = 0.7;
  context.beginPath();
  let isOpen = false;
  for (let i = 0; i < grid.length; i += 2) {
    const [u, v] = [grid[i]!, grid[i + 1]!];
    if (!Number.isFinite(u) || !Number.isFinite(v)) isOpen = false;
    else if (isOpen) context.lineTo(x(u), y(v));
    else {
      context.moveTo(x(u), y(v));
      isOpen = true;
    }
  }
  context.stroke();
  context.lineWidth = 1;
}

/** Returns whether the line crosses the picture. */
function drawLine(
  { context, x, y, ink }: Plane,
  [xLow, xHigh, yLow, yHigh]: State["problem"]["extent"],
  lines: Float32Array,
  side: number,
  unit: number,
): boolean {
  const segments = zeroLine(lines, side, unit * side * side);
  const u = (share: number): number => x(xLow + share * (xHigh - xLow));
  const v = (share: number): number => y(yLow + share * (yHigh - yLow));
  context.strokeStyle = context.fillStyle = ink;
  context.lineWidth = 1.6;
  context.beginPath();
  for (const [x1, y1, x2, y2] of segments) {
    context.moveTo(u(x1), v(y1));
    context.lineTo(u(x2), v(y2));
  }
  context.stroke();
  context.lineWidth = 1;
  const middle = segments[Math.floor(segments.length / 2)];
  if (!middle) return false;
  context.textAlign = "left";
  context.fillText(String(unit + 1), u(middle[0]) + 5, v(middle[1]) - 5);
  return true;
}
