/** How the loss fell: of training and of test rows, by epochs. */

import { h, s } from "../dom";
import { figure } from "../panels/figures";
import { linear, logarithmic, logarithmicTicks, ticks, type Scale } from "../panels/scale";
import type { Store } from "../store";
import type { Frame } from "../types";

const HEIGHT = 140;
const MARGIN = { left: 44, right: 10, top: 8, bottom: 30 };
const COLUMNS = 5;
const LINES = [
  { name: "train", column: 1 },
  { name: "test", column: 2 },
] as const;

interface Scales {
  x: Scale;
  y: Scale;
  yTicks: number[];
  xTicks: number[];
}

export class LossChart {
  readonly el: HTMLElement;
  private svg = s("svg", { class: "chart", role: "img", "aria-label": "Loss by epochs" });
  private grid = s("g", { class: "grid" });
  private paths = LINES.map(({ name }) => s("path", { class: `line ${name}` }));
  private cursor = s("line", { class: "cursor", y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom, visibility: "hidden" });
  private reading = h("output", { class: "reading" });
  private isLog = false;
  private width = 300;
  private curve: Float32Array = new Float32Array();
  private scales: Scales | null = null;
  private gridKey = "";
  private resized = new ResizeObserver(() => this.resize());

  constructor(store: Store) {
    const log = h("input", { type: "checkbox", onchange: () => this.setLog(log.checked) });
    this.svg.append(this.grid, ...this.paths, this.cursor);
    this.svg.addEventListener("pointermove", (event) => this.read(event));
    this.svg.addEventListener("pointerleave", () => this.forget());
    this.el = h(
      "section",
      { class: "loss-chart", "aria-label": "Loss", "data-control": "loss-chart" },
      h(
        "header",
        {},
        h("h3", {}, "Loss"),
        this.reading,
        h(
          "label",
          { class: "tick", "data-control": "log-scale", title: "Logarithmic scale" },
          log,
          h("span", {}, "log"),
        ),
      ),
      this.svg,
    );
    this.resized.observe(this.svg);
    store.on("frame", (frame) => this.draw(frame));
  }

  end(): void {
    this.resized.disconnect();
  }

  private setLog(isLog: boolean): void {
    this.isLog = isLog;
    this.redraw();
  }

  private resize(): void {
    this.width = this.svg.clientWidth || this.width;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    this.redraw();
  }

  private draw(frame: Frame): void {
    this.curve = frame.buffers.curve;
    this.redraw();
  }

  private redraw(): void {
    const { curve } = this;
    const count = curve.length / COLUMNS;
    if (!count) {
      this.paths.forEach((path) => path.setAttribute("d", ""));
      return;
    }
    this.scales = this.scaled(count);
    this.drawGrid(this.scales);
    const { x, y } = this.scales;
    LINES.forEach(({ column }, k) => {
      let d = "";
      let isDown = false;
      for (let i = 0; i < count; i++) {
        const value = curve[COLUMNS * i + column]!;
        const isSeen = Number.isFinite(value) && (!this.isLog || value > 0);
        if (isSeen) d += `${isDown ? "L" : "M"}${x(curve[COLUMNS * i]!).toFixed(1)} ${y(value).toFixed(1)}`;
        isDown = isSeen;
      }
      this.paths[k]!.setAttribute("d", d);
    });
  }

  private scaled(count: number): Scales {
    const { curve } = this;
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < count; i++)
      for (const { column } of LINES) {
        const value = curve[COLUMNS * i + column]!;
        if (!Number.isFinite(value) || (this.isLog && value <= 0)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    if (!Number.isFinite(low)) [low, high] = [this.isLog ? 0.1 : 0, 1];
    const last = Math.max(curve[COLUMNS * (count - 1)]!, 1);
    const [bottom, top] = [HEIGHT - MARGIN.bottom, MARGIN.top];
    const isFlat = high <= low * 1.0001;
    const span: [number, number] = this.isLog ? [isFlat ? low / 2 : low, isFlat ? high * 2 : high] : [0, high || 1];
    return {
      x: linear(0, last, MARGIN.left, this.width - MARGIN.right),
      y: this.isLog ? logarithmic(...span, bottom, top) : linear(...span, bottom, top),
      xTicks: ticks(0, last, Math.max(3, Math.floor(this.width / 80))),
      yTicks: this.isLog ? logarithmicTicks(...span) : ticks(...span, 4),
    };
  }

  private drawGrid({ x, y, xTicks, yTicks }: Scales): void {
    const [left, right, bottom] = [MARGIN.left, this.width - MARGIN.right, HEIGHT - MARGIN.bottom];
    const key = [...xTicks.map(x), ...yTicks.map(y)].map(Math.round).join();
    if (key === this.gridKey) return;
    this.gridKey = key;
    this.grid.replaceChildren(
      ...yTicks.flatMap((value) => [
        s("line", { x1: left, x2: right, y1: y(value), y2: y(value) }),
        s("text", { x: left - 6, y: y(value) + 3.5, "text-anchor": "end" }, figure(value, 3)),
      ]),
      ...xTicks.map((value) =>
        s("text", { x: x(value), y: bottom + 14, "text-anchor": "middle" }, value.toLocaleString("en")),
      ),
      s("text", { x: (left + right) / 2, y: HEIGHT - 3, "text-anchor": "middle", class: "axis-name" }, "epoch"),
    );
  }

  /** The values of the epoch that the pointer is at. */
  private read(event: PointerEvent): void {
    const { curve, scales } = this;
    const count = curve.length / COLUMNS;
    if (!count || !scales) return;
    const at = event.clientX - this.svg.getBoundingClientRect().left;
    let best = 0;
    for (let i = 1; i < count; i++)
      if (Math.abs(scales.x(curve[COLUMNS * i]!) - at) < Math.abs(scales.x(curve[COLUMNS * best]!) - at)) best = i;
    const [epoch, train, test] = curve.subarray(COLUMNS * best, COLUMNS * best + 3);
    const x = String(scales.x(epoch!));
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.cursor.setAttribute("visibility", "visible");
    this.reading.textContent = `epoch ${figure(epoch, 6)}: ${figure(train, 3)} / ${figure(test, 3)}`;
  }

  private forget(): void {
    this.cursor.setAttribute("visibility", "hidden");
    this.reading.textContent = "";
  }
}
