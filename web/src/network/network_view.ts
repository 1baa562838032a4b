/** The network: pictures of what every neuron answers, and the weights between them. */

import { divergingTable, valueColor } from "../colors";
import { h } from "../dom";
import { paint } from "../pictures";
import { rebuild } from "../rebuild";
import type { Store } from "../store";
import type { Theme } from "../theme";
import { blocks } from "../theta";
import type { Catalog, Frame, State } from "../types";
import { networkColumns, type Columns, type Node } from "./columns";
import { layerCount } from "./layer_head";
import { Links, type Gap, type Link } from "./links";
import { WeightCard } from "./weight_card";

const DRIFT_PER_SECOND = 18;

export class NetworkView {
  readonly el: HTMLElement;
  private counts = h("div", { class: "layer-count" });
  private stage = h("div", { class: "stage" });
  private links = new Links(h("canvas", { class: "links", "aria-hidden": "true" }));
  private card: WeightCard;
  private columns: Columns = { els: [], nodes: [], list: h("div") };
  private known = "";
  private table = divergingTable(false);
  private colors: [string, string] = ["", ""];
  private lit: Node | null = null;
  private litLink: Link | null = null;
  private moves = matchMedia("(prefers-reduced-motion: reduce)");
  private resized = new ResizeObserver(() => this.place());

  constructor(
    private store: Store,
    private catalog: Catalog,
    private theme: Theme,
  ) {
    this.card = new WeightCard(store);
    const scroller = h("div", { class: "stage-scroll" }, this.stage);
    this.el = h(
      "section",
      { class: "card network", "aria-label": "Network", "data-control": "network" },
      h("header", {}, h("h2", {}, "Network"), this.counts),
      h("div", { class: "stage-frame" }, scroller, this.card.el),
    );
    this.recolor();
    this.hear();
    theme.on(() => this.recolor());
    this.resized.observe(this.stage);
    store.on("state", (state) => this.build(state));
    store.on("frame", (frame) => this.draw(frame));
  }

  end(): void {
    this.resized.disconnect();
  }

  private recolor(): void {
    this.table = divergingTable(this.theme.isDark);
    this.colors = [valueColor(-0.8, this.theme.isDark), valueColor(0.8, this.theme.isDark)];
    if (this.store.frame) this.draw(this.store.frame);
  }

  private build(state: State): void {
    const { settings, network, problem } = state;
    if (problem.grid) return;
    const key = JSON.stringify([network, settings.layers, settings.features, problem.classes, problem.is_drawable]);
    if (key === this.known) return;
    this.known = key;
    const scrolled = this.columns.list.scrollTop;
    this.columns = networkColumns(this.store, this.catalog, state);
    rebuild(this.counts, layerCount(this.store, this.catalog, state));
    rebuild(this.stage, this.links.canvas, ...this.columns.els);
    this.columns.list.scrollTop = scrolled;
    this.columns.list.addEventListener("scroll", () => this.place());
    this.columns.nodes.flat().forEach((node) => this.follow(node));
    // what is taken away from under the pointer never hears that it has left
    if (this.store.view.main) this.store.look({ main: null });
    this.lit = null;
    this.place();
  }

  /** Where the lines go, measured: the style sheet decides the places. */
  private place(): void {
    const state = this.store.state;
    if (!state || state.problem.grid) return;
    const origin = this.stage.getBoundingClientRect();
    const seen = this.columns.list.getBoundingClientRect();
    const ends = this.columns.nodes.map((nodes) =>
      nodes.map(({ layer, el }) => {
        const box = el.getBoundingClientRect();
        const y = (box.top + box.bottom) / 2;
        const isHidden = layer < 0 && (y < seen.top || y > seen.bottom);
        return { left: box.left - origin.left, right: box.right - origin.left, y: isHidden ? NaN : y - origin.top };
      }),
    );
    const gaps: Gap[] = ends.slice(1).map((to, i) => ({
      from: ends[i]!.map((end) => [end.right, end.y]),
      to: to.map((end) => [end.left, end.y]),
    }));
    this.links.place(blocks(state.network), gaps, origin.width, origin.height);
    if (this.store.frame) this.draw(this.store.frame);
  }

  private draw(frame: Frame): void {
    const { units, theta } = frame.buffers;
    if (!units || frame.revision !== this.store.state?.revision) return;
    const [, side = 1] = frame.shapes.units ?? [];
    this.columns.nodes.flat().forEach(({ canvas }, k) => {
      const first = k * side * side;
      paint(canvas, side, (i) => this.table[units[first + i]!]!);
    });
    blocks(this.store.state.network).forEach((block, layer) =>
      this.columns.nodes[layer + 1]?.forEach(({ bias }, unit) => this.showBias(bias!, theta[block.biases + unit]!)),
    );
    if (this.links.isDue || !frame.playing) this.drawLinks(frame);
  }

  private drawLinks(frame: Frame): void {
    const isMoving = frame.playing && !this.moves.matches;
    const drift = isMoving ? (performance.now() / 1000) * DRIFT_PER_SECOND : null;
    const { lit, litLink } = this;
    this.links.draw(frame.buffers.theta, this.colors, drift, ({ layer, to, from }) => {
      if (litLink) return litLink.layer === layer && litLink.to === to && litLink.from === from;
      if (lit) return (lit.layer === layer && lit.unit === to) || (lit.layer === layer - 1 && lit.unit === from);
      return true;
    });
  }

  private showBias(el: HTMLElement, value: number): void {
    el.style.background = this.colors[value < 0 ? 0 : 1];
    el.style.opacity = String(Math.min(0.25 + Math.abs(value), 1));
  }

  /** A neuron that is looked at is the large picture, its lines stand out. */
  private follow(node: Node): void {
    const { layer, unit, el } = node;
    const isSingleOutput =
      layer === this.store.state!.network.layers.length && this.store.state!.network.n_outputs === 1;
    const look = (isLooked: boolean): void => {
      this.lit = isLooked ? node : null;
      if (!isSingleOutput) this.store.look({ main: isLooked ? [layer, unit] : null });
      if (layer >= 0 && !this.card.isPinned) this.hover(node, isLooked);
      if (this.store.frame) this.drawLinks(this.store.frame);
    };
    el.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && look(true));
    el.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && look(false));
    el.addEventListener("focus", () => el.matches(":focus-visible") && look(true));
    el.addEventListener("blur", () => this.lit === node && look(false));
    if (layer < 0) return;
    el.addEventListener("click", (event) => {
      this.store.choose("neuron", [layer, unit]);
      this.card.unit(layer, unit, ...this.beside(el), true);
      if (event.detail === 0 || (event.target as Element).closest(".bias")) this.card.enter(el);
    });
  }

  private hover({ layer, unit, el }: Node, isLooked: boolean): void {
    if (isLooked) this.card.unit(layer, unit, ...this.beside(el), false);
    else this.card.close();
  }

  /** The upper right corner of an element, as the card takes it. */
  private beside(el: HTMLElement): [number, number] {
    const frame = this.card.el.parentElement!.getBoundingClientRect();
    const box = el.getBoundingClientRect();
    return [box.right - frame.left - 6, box.top - frame.top];
  }

  /** Lines are hovered and clicked on the canvas beneath the neurons. */
  private hear(): void {
    const find = (event: PointerEvent | MouseEvent): Link | null => {
      if (event.target !== this.stage && !(event.target as Element).matches(".links, .units, .layer")) return null;
      const origin = this.stage.getBoundingClientRect();
      return this.links.at(event.clientX - origin.left, event.clientY - origin.top);
    };
    const show = (link: Link, event: MouseEvent, isPinned: boolean): void => {
      const frame = this.card.el.parentElement!.getBoundingClientRect();
      this.card.link(link, event.clientX - frame.left, event.clientY - frame.top, isPinned);
    };
    const light = (link: Link | null): void => {
      this.litLink = link;
      this.stage.classList.toggle("on-link", link !== null);
      if (this.store.frame) this.drawLinks(this.store.frame);
    };
    this.stage.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "mouse" || this.card.isPinned || this.lit) return;
      const link = find(event);
      light(link);
      if (link) show(link, event, false);
      else this.card.close();
    });
    this.stage.addEventListener("pointerleave", () => {
      light(null);
      if (!this.card.isPinned) this.card.close();
    });
    this.stage.addEventListener("click", (event) => {
      if ((event.target as Element).closest("button, select")) return;
      const link = find(event);
      if (link) show(link, event, true);
      else this.card.close();
    });
  }
}
