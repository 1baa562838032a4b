/** Tools that choose, add, move and erase points, by mouse and by touch. */

import { h } from "../dom";
import type { Theme } from "../theme";
import type { Catalog, State } from "../types";
import { targetColor } from "./points";

const TOOLS = [
  { name: "select", label: "Choose", help: "Click a point to see its row in the panels below" },
  { name: "add", label: "Add", help: "Click or drag to add points" },
  { name: "move", label: "Move", help: "Drag a point" },
  { name: "erase", label: "Erase", help: "Click or drag over points" },
] as const;

export type Tool = (typeof TOOLS)[number]["name"];

export class PointTools {
  readonly el = h("div", { class: "point-tools", "data-control": "draw", role: "group", "aria-label": "Points" });
  tool: Tool = "select";
  /** class number or target of a point that is added */
  target = 0;
  private buttons: HTMLButtonElement[];
  private targets = h("div", { class: "targets", role: "group", "aria-label": "New points are" });
  private clear: HTMLButtonElement;
  private known = "";

  constructor(
    private catalog: Catalog,
    private theme: Theme,
    private changed: () => void,
    eraseAll: () => void,
  ) {
    this.buttons = TOOLS.map(({ name, label, help }) =>
      h("button", { title: help, onclick: () => this.take(name) }, label),
    );
    this.clear = h("button", { title: "Erase all points", onclick: eraseAll }, "Clear");
    this.el.append(h("div", { class: "segments" }, ...this.buttons), this.clear, this.targets);
    this.take("select");
  }

  show(state: State): void {
    this.el.hidden = !state.problem.is_drawable;
    if (this.el.hidden) this.take("select");
    const key = JSON.stringify([state.problem.classes, this.theme.isDark]);
    if (key === this.known) return;
    this.known = key;
    // a class that was just added stays the one in hand
    if (this.target >= (state.problem.classes?.length ?? 0) || this.target % 1) this.target = 0;
    this.targets.replaceChildren(...(state.problem.classes ? this.classes(state) : [this.value(state)]));
  }

  private take(tool: Tool): void {
    this.tool = tool;
    TOOLS.forEach(({ name }, i) => this.buttons[i]!.setAttribute("aria-pressed", String(name === tool)));
    this.targets.hidden = tool !== "add";
    this.clear.hidden = tool === "select";
    this.changed();
  }

  /** One button per class, and one for a class more. */
  private classes(state: State): HTMLElement[] {
    const labels = state.problem.classes!;
    const more = labels.length < this.catalog.limits.classes ? [...labels, "+"] : labels;
    const buttons = more.map((label, k) => {
      const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.background = targetColor(
        { ...state, problem: { ...state.problem, classes: more } },
        k,
        this.theme.isDark,
      );
      const choose = (): void => {
        this.target = k;
        buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === k)));
      };
      const name = label === "+" ? "A new class" : `Class ${label}`;
      return h(
        "button",
        { "aria-label": name, title: name, "aria-pressed": String(k === this.target), onclick: choose },
        swatch,
        label,
      );
    });
    return buttons;
  }

  private value(state: State): HTMLElement {
    const { target_low: low, target_high: high, target } = state.problem;
    const input = h("input", {
      type: "range",
      min: low,
      max: high,
      step: "any",
      value: (low + high) / 2,
      "aria-label": `${target} of new points`,
      oninput: () => (this.target = input.valueAsNumber),
    });
    this.target = (low + high) / 2;
    return input;
  }
}
