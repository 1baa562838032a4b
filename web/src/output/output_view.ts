/** The main picture: what the network answers, and the rows that it should answer so. */

import { classTable, divergingTable } from "../colors";
import { tick } from "../controls/control";
import { h, s } from "../dom";
import { paint } from "../pictures";
import type { Display, Store } from "../store";
import type { Theme } from "../theme";
import { unitName } from "../theta";
import { titled } from "../titled";
import type { Catalog, Frame, State } from "../types";
import { ABOVE, BELOW, drawAxes, LEFT } from "./axes";
import { Drawing } from "./drawing";
import { heldColumns } from "./held";
import { legend } from "./legend";
import { planeOf, type Plane } from "./plane";
import { drawPoints } from "./points";
import { PointTools } from "./point_tools";

/** Flat steps of a discretized picture: two for two classes, more for a number. */
const steps = (state: State): number => (state.problem.classes ? 2 : 8);

export class OutputView {
  readonly el: HTMLElement;
  private title = h("h2", {}, "Output");
  private picture = h("canvas", { class: "main-picture", width: 1, height: 1, role: "img", "aria-label": "Output" });
  private points = h("canvas", { class: "points", "aria-hidden": "true" });
  private axes = s("svg", { class: "axes", "aria-hidden": "true" });
  private figure = h("div", { class: "picture" }, this.picture, this.axes, this.points);
  private legend = h("div", { class: "legend", "data-control": "legend" });
  private tools: PointTools;
  private shown = { showTest: false, row: null as number | null, erased: new Set<number>(), moved: null };
  private plane: Plane | null = null;
  private table = divergingTable(false);
  private classes: Uint32Array[] = [];
  private resized = new ResizeObserver(() => this.place());
  private legendFor = "";

  constructor(
    private store: Store,
    catalog: Catalog,
    private theme: Theme,
  ) {
    this.tools = new PointTools(
      catalog,
      theme,
      () => this.pickTool(),
      () => this.eraseAll(),
    );
    const held = heldColumns(store);
    this.el = h(
      "section",
      { class: "card output", "aria-label": "Output", "data-control": "output" },
      h("header", {}, this.title, this.ticks()),
      this.tools.el,
      this.figure,
      this.legend,
      held.el,
    );
    new Drawing(
      this.points,
      store,
      this.tools,
      this.shown,
      () => this.plane!,
      () => this.redraw(),
    );
    theme.on(() => this.recolor());
    this.resized.observe(this.figure);
    store.on("state", (state) => {
      held.show(state);
      this.show(state);
    });
    store.on("frame", (frame) => this.draw(frame));
    store.on("row", (row) => {
      this.shown.row = row;
      this.redraw();
    });
    store.on("display", (display) => this.display(display));
    store.on("view", () => this.entitle());
  }

  end(): void {
    this.resized.disconnect();
  }

  /** What the picture shows, in words. */
  describe(text: string): void {
    this.picture.setAttribute("aria-label", text);
  }

  private ticks(): HTMLElement {
    const { store } = this;
    const boxes = h(
      "div",
      { class: "ticks" },
      tick("show-test", "Test data ◇", false, (show_test) => store.choose("display", { ...store.display, show_test })),
      tick("discretize", "Discretize", false, (discretize) =>
        store.choose("display", { ...store.display, discretize }),
      ),
    );
    const [test, flat] = [...boxes.querySelectorAll("input")];
    store.on("display", (display) => {
      test!.checked = display.show_test;
      flat!.checked = display.discretize;
    });
    return boxes;
  }

  private show(state: State): void {
    this.shown.erased.clear();
    this.shown.moved = null;
    this.tools.show(state);
    this.recolor();
    this.entitle();
    this.place();
  }

  private display(display: Display): void {
    this.shown.showTest = display.show_test;
    this.recolor();
  }

  private recolor(): void {
    const { state, display } = this.store;
    if (!state) return;
    const { isDark } = this.theme;
    this.table = divergingTable(isDark, display.discretize ? steps(state) : 0);
    this.classes = (state.problem.classes ?? []).map((_, k) => classTable(k, isDark, display.discretize));
    this.tools.show(state);
    this.legendFor = "";
    this.showLegend();
    this.redraw();
    if (this.store.frame) this.draw(this.store.frame);
  }

  private get neuron(): [number, number] | null {
    return this.store.view.main ?? null;
  }

  private entitle(): void {
    const { state } = this.store;
    if (!state) return;
    const name = this.neuron ? unitName(state.network, state.problem.classes, ...this.neuron) : "output";
    this.title.textContent = titled(name);
    this.showLegend();
  }

  private showLegend(): void {
    const { state } = this.store;
    if (!state) return;
    const key = JSON.stringify([
      this.neuron !== null,
      this.theme.isDark,
      state.problem.classes,
      state.problem.target_high,
    ]);
    if (key === this.legendFor) return;
    this.legendFor = key;
    this.legend.replaceChildren(...legend(state, this.neuron !== null, this.theme.isDark));
  }

  private place(): void {
    const { state } = this.store;
    const side = this.figure.clientWidth - LEFT - 8;
    if (!state || side <= 0) return;
    this.plane = planeOf(state, side, side);
    this.figure.style.height = `${side + ABOVE + BELOW}px`;
    for (const canvas of [this.picture, this.points]) {
      canvas.style.left = `${LEFT}px`;
      canvas.style.top = `${ABOVE}px`;
      canvas.style.width = canvas.style.height = `${side}px`;
    }
    drawAxes(this.axes, state, this.plane);
    this.redraw();
  }

  private redraw(): void {
    const { state } = this.store;
    if (state && this.plane) drawPoints(this.points, state, this.plane, this.shown, this.theme.isDark);
  }

  private draw(frame: Frame): void {
    const { main, sure } = frame.buffers;
    if (!main || frame.revision !== this.store.state?.revision) return;
    const side = frame.shapes.main![0]!;
    if (sure) paint(this.picture, side, (i) => this.classes[main[i]!]![sure[i]!]!);
    else paint(this.picture, side, (i) => this.table[main[i]!]!);
  }

  private pickTool(): void {
    if (this.tools) this.points.dataset.tool = this.tools.tool;
  }

  private eraseAll(): void {
    this.store.send("draw", { erase: [...this.store.state!.buffers.rows] });
    this.store.choose("row", null);
  }
}
