/** A recurrence unrolled in time: a column per step, forward to the answer, backward as dL/dh. */

import { h, s } from "../dom";
import type { Frame, Inside, State } from "../types";
import { AnswersView } from "./answers_view";
import { CellMap, cellColors, largest, type Shape } from "./cell_map";
import { equations, type Chosen } from "./recurrence_work";
import type { WorkCard } from "./work";

/** Width and height of a cell, and the gap to the next step: many steps stand closer, so that they fit a screen. */
const FEW = { cell: [26, 18] as [number, number], gap: 16 };
const MANY = { cell: [20, 18] as [number, number], gap: 10 };
const MOST_FEW = 16;

export class RecurrenceView {
  readonly el: HTMLElement;
  private steps: number;
  private size: typeof FEW;
  private maps: Record<Chosen["what"], CellMap>;
  private norms: SVGTextElement[] = [];
  private answers: AnswersView;
  private chosen: Chosen | null = null;
  private frame: Frame | null = null;
  private colors: string[] = [];
  private isLstm: boolean;

  constructor(
    private state: State,
    private work: WorkCard,
  ) {
    this.steps = state.problem.grid![0]!;
    this.size = this.steps > MOST_FEW ? MANY : FEW;
    this.isLstm = state.settings.cell === "lstm";
    const units = state.settings.cell_units;
    const map = (what: Chosen["what"], label: string, rows: number, arrows?: Shape["arrows"]): CellMap =>
      new CellMap(label, { rows, columns: this.steps, ...this.size, arrows }, (row, column) =>
        this.choose({ what, unit: row, step: column }),
      );
    this.maps = {
      x: map("x", "Inputs x, step by step", 1),
      h: map("h", "States h, units by steps", units, "right"),
      c: map("c", "Memory c, units by steps", units, "right"),
      dh: map("dh", "Derivatives of the loss by h, units by steps", units, "left"),
    };
    this.answers = new AnswersView(state);
    this.el = h(
      "div",
      { class: "recurrence" },
      h("div", { class: "unrolled-scroll" }, this.unrolled()),
      h("figure", { class: "grid-answers" }, h("h3", {}, "Output, from the last h"), this.answers.el),
    );
  }

  recolor(isDark: boolean): void {
    this.colors = cellColors(isDark);
    if (this.frame) this.draw(this.frame);
  }

  draw(frame: Frame): void {
    this.frame = frame;
    const { x, h: states, c, dh } = frame.buffers as Inside;
    this.maps.x.draw(x, 0, 1, this.colors);
    this.maps.h.draw(states!, 0, 1, this.colors);
    if (c) this.maps.c.draw(c, 0, Math.max(largest(c), 1), this.colors);
    this.maps.dh.draw(dh!, 0, largest(dh!), this.colors);
    this.norms.forEach((text, t) => {
      let most = 0;
      for (let i = t; i < dh!.length; i += this.steps) most = Math.max(most, Math.abs(dh![i]!));
      text.textContent = most ? most.toExponential(0).replace("e+0", "e0").replaceAll("-", "−") : "0";
    });
    this.answers.draw(frame);
    this.explain();
  }

  /** From the inputs at the bottom up to the states, and below what flows back. */
  private unrolled(): HTMLElement {
    const { maps } = this;
    const line = (name: string, hint: string, el: Element): Element[] => [h("span", { title: hint }, name), el];
    const numbers = this.texts((t) => String(t + 1));
    const ups = this.texts(() => "↑");
    this.norms = Array.from(ups.cloneNode(true).childNodes) as SVGTextElement[];
    const norms = s("svg", { class: "cells", viewBox: ups.getAttribute("viewBox")! }, ...this.norms);
    const grid = h(
      "div",
      { class: "unrolled" },
      ...line("step", "", numbers),
      ...line("h", "The state that a step hands to the next", maps.h.el),
      ...(this.isLstm ? line("c", "The memory of the LSTM", maps.c.el) : []),
      ...line("", "", ups),
      ...line("x", "What the step reads", maps.x.el),
      h("p", { class: "unrolled-head" }, "Backward: dL/dh, each step's from the next one's"),
      ...line("dL/dh", "What the loss would change with the state", maps.dh.el),
      ...line("largest", "Largest |dL/dh| of the step", norms),
    );
    grid.style.setProperty("--steps-width", `${this.width}px`);
    return grid;
  }

  private get width(): number {
    return this.steps * (this.size.cell[0] + this.size.gap) - this.size.gap;
  }

  private texts(textOf: (t: number) => string): SVGSVGElement {
    const { cell, gap } = this.size;
    return s(
      "svg",
      { class: "cells", viewBox: `0 0 ${this.width} 14`, "aria-hidden": "true" },
      ...Array.from({ length: this.steps }, (_, t) =>
        s("text", { x: t * (cell[0] + gap) + cell[0] / 2, y: 11, "text-anchor": "middle" }, textOf(t)),
      ),
    );
  }

  private choose(chosen: Chosen): void {
    this.chosen = chosen;
    this.explain();
  }

  private explain(): void {
    const { chosen, frame } = this;
    if (!chosen || !frame) return;
    const { what, unit, step } = chosen;
    const units = this.state.settings.cell_units;
    const isForward = what === "h" || what === "c";
    this.maps.x.outline(what === "x" || isForward ? [0, step] : null);
    this.maps.h.outline(isForward && step > 0 ? [0, step - 1, units] : null);
    this.maps.c.outline(this.isLstm && isForward && step > 0 ? [unit, step - 1] : null);
    if (isForward) this.maps[what].outline([unit, step]);
    this.maps.dh.outline(what === "dh" ? [unit, step] : null);
    const { title, lines } = equations(chosen, frame.buffers as Inside, this.state);
    this.work.show(title, lines, frame.playing);
  }
}

