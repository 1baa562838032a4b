/** The card beside a line or a neuron: its numbers, to read and to change. */

import { h } from "../dom";
import { icon } from "../icons";
import { calm } from "../panels/calm";
import { figure } from "../panels/figures";
import type { Store } from "../store";
import { blocks, unitName } from "../theta";
import { titled } from "../titled";
import type { Frame } from "../types";
import type { Link } from "./links";

const APART = 16;

type Place = { layer: number; to: number; from: number | null };

interface Line {
  index: number;
  show: (text: string) => void;
}

export class WeightCard {
  readonly el = h("div", { class: "weight-card", role: "dialog", hidden: true });
  isPinned = false;
  private lines: Line[] = [];
  private opener: HTMLElement | null = null;
  private shape = "";
  /** the focus goes back to what opened the card, which is no wish to see it again */
  private isReturning = false;

  constructor(private store: Store) {
    store.on(
      "frame",
      calm((frame: Frame) => this.write(frame), 100),
    );
    store.on("state", ({ network }) => {
      const shape = JSON.stringify(network);
      if (shape !== this.shape) this.close();
      this.shape = shape;
    });
    this.el.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
  }

  /** A line of the network: read only while the pointer rests on it, pinned by a click. */
  link(link: Link, x: number, y: number, isPinned: boolean): void {
    const { network, problem } = this.store.state!;
    const from = unitName(network, problem.classes, link.layer - 1, link.from);
    const to = unitName(network, problem.classes, link.layer, link.to);
    this.open(`Weight from ${from} to ${to}`, [[link, "weight"]], x, y, isPinned);
  }

  /** A neuron: its bias and the weights that come in. */
  unit(layer: number, unit: number, x: number, y: number, isPinned: boolean): void {
    if (this.isReturning) return;
    const { network, problem } = this.store.state!;
    const name = unitName(network, problem.classes, layer, unit);
    const block = blocks(network)[layer]!;
    const incoming: [Place, string][] = Array.from({ length: isPinned ? block.from : 0 }, (_, from) => [
      { layer, to: unit, from },
      `from ${unitName(network, problem.classes, layer - 1, from)}`,
    ]);
    const activation = network.layers[layer]?.activation ?? network.output_activation;
    const title = `${titled(name)} · ${activation}`;
    this.open(title, [[{ layer, to: unit, from: null }, "bias"], ...incoming], x, y, isPinned);
  }

  /** Remember what opened the card, and go to its first number. */
  enter(opener: HTMLElement): void {
    this.opener = opener;
    this.el.querySelector("input")?.focus();
  }

  close(): void {
    if (this.el.hidden) return;
    const hadFocus = this.el.contains(document.activeElement);
    this.el.hidden = true;
    this.isPinned = false;
    this.lines = [];
    this.isReturning = true;
    if (hadFocus) this.opener?.focus();
    this.isReturning = false;
  }

  private open(title: string, places: [Place, string][], x: number, y: number, isPinned: boolean): void {
    this.isPinned = isPinned;
    this.lines = [];
    const rows = places.map(([place, label]) => (isPinned ? this.field(place, label) : this.reading(place, label)));
    const close = h("button", { class: "small", "aria-label": "Close", onclick: () => this.close() }, icon("close"));
    this.el.setAttribute("aria-label", title);
    this.el.classList.toggle("pinned", isPinned);
    this.el.replaceChildren(
      h("header", {}, h("strong", {}, title), isPinned && close),
      h("div", { class: "weights" }, ...rows),
      isPinned ? "" : h("small", {}, "Click to change"),
    );
    this.el.hidden = false;
    this.place(x, y);
    if (this.store.frame) this.write(this.store.frame);
  }

  /** Right of a place, or left of it where there is no room; never over the lower edge if it fits. */
  private place(x: number, y: number): void {
    const parent = this.el.offsetParent as HTMLElement;
    const { offsetWidth: width, offsetHeight: height } = this.el;
    const isRight = x + APART + width <= parent.clientWidth;
    this.el.style.left = `${Math.max(0, isRight ? x + APART : x - width - 4 * APART)}px`;
    this.el.style.top = `${Math.max(0, Math.min(y, parent.clientHeight - height))}px`;
  }

  private reading(place: Place, label: string): HTMLElement {
    const value = h("output", {});
    this.lines.push({ index: this.indexOf(place), show: (text) => (value.textContent = text) });
    return h("div", { class: "weight" }, h("span", {}, label), value);
  }

  private field(place: Place, label: string): HTMLElement {
    const send = (): void => {
      if (input.value !== "" && input.reportValidity())
        this.store.send("edit", { ...place, value: input.valueAsNumber });
    };
    const input = h("input", { type: "number", step: "any", onchange: send });
    // the arrows step by 0.1, and yet every number is valid
    input.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      input.value = String(Number((input.valueAsNumber + by).toFixed(4)));
      send();
    });
    this.lines.push({
      index: this.indexOf(place),
      show: (text) => document.activeElement !== input && (input.value = text.replace("−", "-")),
    });
    return h("label", { class: "weight" }, h("span", {}, label), input);
  }

  private indexOf({ layer, to, from }: Place): number {
    const block = blocks(this.store.state!.network)[layer]!;
    return from === null ? block.biases + to : block.weights + to * block.from + from;
  }

  private write(frame: Frame): void {
    for (const { index, show } of this.lines) show(figure(frame.buffers.theta[index]));
  }
}
