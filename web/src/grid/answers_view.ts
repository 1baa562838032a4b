/** What the network answers to the row that is looked at: a bar per class, or a number. */

import { h } from "../dom";
import { figure, percent } from "../panels/figures";
import type { Frame, Inside, State } from "../types";

export class AnswersView {
  readonly el = h("div", { class: "answers" });
  private bars: { line: HTMLElement; bar: HTMLElement; text: HTMLElement }[] = [];

  constructor(private state: State) {
    const { classes } = state.problem;
    for (const name of classes ?? ["answer", "target"]) {
      const bar = h("span", { class: "answer-bar" });
      const text = h("span", { class: "figure" });
      const line = h("div", { class: "answer" }, h("span", {}, name), h("span", { class: "answer-track" }, bar), text);
      this.bars.push({ line, bar, text });
    }
    this.el.append(...this.bars.map(({ line }) => line));
  }

  draw(frame: Frame): void {
    const { answers, target } = frame.buffers as Inside;
    const isClass = this.state.problem.classes !== null;
    const values = isClass ? [...answers] : [answers[0]!, target[0]!];
    const best = values.indexOf(Math.max(...values));
    this.bars.forEach(({ line, bar, text }, k) => {
      const value = values[k]!;
      bar.style.width = `${100 * Math.min(Math.max(isClass ? value : (value + 1) / 2, 0), 1)}%`;
      text.textContent = isClass ? percent(value, 1) : figure(value, 3);
      if (!isClass) return;
      line.classList.toggle("is-true", k === target[0]);
      line.classList.toggle("is-wrong", k === best && k !== target[0]);
      line.title = k === target[0] ? "the right class" : "";
    });
  }
}
