/** Glass box: one row forward, its loss, and back, with every number of the step. */

import { h } from "../dom";
import type { Store } from "../store";
import type { DocumentData, Frame, State } from "../types";
import { sectionView, withSymbols } from "./document_view";
import { gradientCheck, type GradientCheck } from "./gradient_check";
import { matrixEquations } from "./matrix_equations";
import { Repeated } from "./repeated";
import { rowChoice, type RowChoice } from "./row_choice";
import { walk } from "./walk";
import { panelOf, together, type Stop } from "./while_shown";

export const glassBox = panelOf("glass-box", "Glass box", (el, store) => {
  const box = new GlassBox(store);
  el.append(box.element);
  return () => box.begin();
});

/** While it plays, numbers change twice a second: as fast as one can follow. */
const REST = 500;

class GlassBox {
  readonly element: HTMLElement;
  private rows: RowChoice;
  private gradient: GradientCheck;
  private walk = walk((stop) => this.go(stop));
  private pages = h("div", { class: "glass-pages" });
  private neuron = h("div", { class: "glass-neuron", hidden: true });
  private moment = h("p", { class: "hint", role: "status" }, "Asking the engine …");
  private previous = h("button", { type: "button", onclick: () => this.go(this.stop - 1) }, "◂ Back");
  private next = h("button", { type: "button", onclick: () => this.go(this.stop + 1) }, "Next ▸");
  private whole = h("input", { type: "checkbox", onchange: () => this.draw() });
  private document: DocumentData | null = null;
  private stop = 0;
  private asked = "";
  private questions: Repeated | null = null;

  constructor(private store: Store) {
    this.rows = rowChoice(store);
    this.gradient = gradientCheck(store);
    this.element = h(
      "div",
      { class: "stack" },
      h(
        "p",
        { class: "lead" },
        "One row on its way through the network: forward to the loss, backward to the gradients, and the update that this row alone would cause.",
      ),
      h(
        "div",
        { class: "toolbar" },
        this.rows.element,
        h("label", { class: "tick" }, this.whole, "all stages at once"),
      ),
      this.walk.element,
      h("div", { class: "toolbar" }, this.previous, this.next, this.moment),
      h("div", { class: "glass-columns" }, h("div", {}, this.neuron, this.pages), this.gradient.element),
    );
  }

  begin(): Stop {
    this.asked = "";
    this.questions = new Repeated(
      () => this.ask(),
      () => (this.store.frame?.playing ? REST : 0),
    );
    return together(
      this.store.on("state", () => this.follow()),
      this.store.on("row", () => this.follow()),
      this.store.on("neuron", () => this.follow()),
      this.store.on("frame", () => this.follow()),
      () => this.questions?.end(),
    );
  }

  /** Ask anew if the row, the neuron or the weights are others than those that are shown. */
  private follow(): void {
    const { frame, neuron } = this.store;
    this.rows.update();
    const row = this.store.row;
    if (!frame || row === null) return;
    const wanted = JSON.stringify([row, neuron, frame.revision, frame.step, frame.playing]);
    if (wanted === this.asked) return;
    this.asked = wanted;
    this.gradient.age(frame.playing);
    this.questions?.want();
  }

  private async ask(): Promise<void> {
    const { frame, row } = this.store;
    if (!frame || row === null) return;
    try {
      this.document = (await this.store.ask("trace", { row })).document ?? null;
      this.moment.textContent = momentOf(frame, row);
      this.draw();
      await this.askNeuron(row);
      if (!this.store.frame?.playing) await this.gradient.check(row);
    } catch (error) {
      this.pages.replaceChildren(h("p", { class: "trouble" }, (error as Error).message));
    }
  }

  private async askNeuron(row: number): Promise<void> {
    const chosen = this.store.neuron;
    this.neuron.hidden = !chosen || !isComputed(chosen, this.store.state!);
    if (!chosen || this.neuron.hidden) return;
    const [layer, unit] = chosen;
    const page = (await this.store.ask("neuron", { row, layer, unit })).document;
    const close = h("button", { type: "button", onclick: () => this.store.choose("neuron", null) }, "Close");
    this.neuron.replaceChildren(
      h("div", { class: "toolbar" }, h("h3", {}, ...withSymbols(page?.title ?? "")), close),
      ...(page?.sections ?? []).map((section) => sectionView(section)),
    );
  }

  private go(stop: number): void {
    const last = (this.document?.sections.length ?? 1) - 1;
    this.stop = Math.min(Math.max(stop, 0), last);
    this.whole.checked = false;
    this.draw();
  }

  private draw(): void {
    const sections = this.document?.sections ?? [];
    this.stop = Math.min(this.stop, Math.max(sections.length - 1, 0));
    const isWhole = this.whole.checked;
    this.walk.update(sections, isWhole ? null : this.stop);
    this.previous.disabled = isWhole || this.stop === 0;
    this.next.disabled = isWhole || this.stop >= sections.length - 1;
    const shown = isWhole ? [...sections.keys()] : [this.stop];
    this.pages.replaceChildren(
      ...shown.flatMap((i) => (sections[i] ? [sectionView(sections[i], matrixEquations(sections, i))] : [])),
    );
  }
}

/** Inputs are not computed, and a neuron that was chosen may be gone since. */
function isComputed([layer, unit]: [number, number], { network }: State): boolean {
  const units = [...network.layers.map((one) => one.units), network.n_outputs];
  return unit < (units[layer] ?? 0);
}

function momentOf(frame: Frame, row: number): string {
  const moving = frame.playing ? ", while it trains; pause to read in peace" : "";
  return `Row ${row} at step ${frame.step.toLocaleString("en")}${moving}.`;
}
