/** The card that shows its work: an equation, then the same with the numbers of the engine. */

import { h } from "../dom";
import { figure } from "../panels/figures";

export type Line = string | HTMLElement;

export class WorkCard {
  readonly el: HTMLElement;
  private body = h("div", { class: "work-body" });

  constructor(hint: string) {
    this.el = h("section", { class: "work", "aria-label": "How it is computed" }, this.body);
    this.body.append(h("p", { class: "hint" }, hint));
  }

  /** While it plays, nothing is read aloud: it would never end. */
  show(title: string, lines: Line[], isPlaying: boolean): void {
    this.el.setAttribute("aria-live", isPlaying ? "off" : "polite");
    this.body.replaceChildren(
      h("h3", {}, title),
      ...lines.map((line) => (typeof line === "string" ? h("p", { class: "equation" }, line) : line)),
    );
  }
}

/** A number as a factor: with parentheses where it begins with a sign. */
export function factor(value: number): string {
  const text = figure(value, 3);
  return text.startsWith("−") ? `(${text})` : text;
}

/** w₁·x₁ + w₂·x₂ + …, with the numbers. */
export function products(weights: number[], values: number[]): string {
  return weights.map((weight, i) => `${factor(weight)}·${factor(values[i]!)}`).join(" + ");
}

/** A small table of numbers with a caption. */
export function numbers(caption: string, rows: number[][]): HTMLElement {
  return h(
    "table",
    { class: "work-numbers" },
    h("caption", {}, caption),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((value) => h("td", {}, figure(value, 2)))))),
  );
}
