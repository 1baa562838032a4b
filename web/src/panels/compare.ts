/** Compare: runs that were kept beside the one that goes on. */

import { h } from "../dom";
import type { Store } from "../store";
import { calm } from "./calm";
import { curves, type Quantity } from "./curves";
import { differences } from "./differences";
import { figure, percent, signed } from "./figures";
import { paintPicture, runNow, type KeptRun } from "./kept_run";
import { withTheme } from "./seen_theme";
import { panelOf, together, type Stop } from "./while_shown";

export const compare = panelOf("compare", "Compare", (el, store) => {
  const comparison = new Comparison(el, store);
  return () => comparison.begin();
});

class Comparison {
  private kept: KeptRun[] = [];
  private count = 0;
  private isDark = false;
  private cards = h("ul", { class: "run-cards" });
  private chart = h("div", {});
  private tables = h("div", {});
  private current: { canvas: HTMLCanvasElement; text: HTMLElement } | null = null;
  private quantity = h(
    "select",
    { onchange: () => this.follow() },
    h("option", { value: "loss" }, "loss"),
    h("option", { value: "score" }, "accuracy or R²"),
  );
  private isLogarithmic = h("input", { type: "checkbox", onchange: () => this.follow() });

  constructor(
    private el: HTMLElement,
    private store: Store,
  ) {
    el.append(
      h("p", { class: "lead" }, "Keep a run, change something, train again: then look at both, side by side."),
      h(
        "div",
        { class: "toolbar" },
        h("button", { type: "button", class: "main", onclick: () => this.keep() }, "Keep this run"),
      ),
      this.cards,
      h(
        "div",
        { class: "panel-columns" },
        h(
          "section",
          {},
          h("h4", {}, "Curves"),
          h(
            "div",
            { class: "toolbar" },
            h("label", { class: "field" }, h("span", {}, "Show"), this.quantity),
            h("label", { class: "tick" }, this.isLogarithmic, "logarithmic loss"),
          ),
          this.chart,
        ),
        this.tables,
      ),
    );
  }

  begin(): Stop {
    return together(
      this.store.on(
        "frame",
        calm(() => this.follow(), 300),
      ),
      withTheme(this.el, (isDark) => {
        this.isDark = isDark;
        this.build();
      }),
    );
  }

  private keep(): void {
    const run = runNow(this.store, `Run ${this.count + 1}`);
    if (!run) return;
    this.count += 1;
    this.kept.push(run);
    this.build();
  }

  private remove(run: KeptRun): void {
    this.kept = this.kept.filter((other) => other !== run);
    this.build();
  }

  /** The cards anew; what they hold of the current run changes with every frame. */
  private build(): void {
    const canvas = h("canvas", {
      role: "img",
      class: "square",
      "aria-label": "What the network says now, over the plane",
    });
    const text = h("p", { class: "hint" });
    this.current = { canvas, text };
    this.cards.replaceChildren(
      ...this.kept.map((run) => this.card(run)),
      h("li", { class: "run-card" }, h("strong", {}, "Now"), canvas, text),
    );
    this.follow();
  }

  private card(run: KeptRun): HTMLElement {
    const canvas = h("canvas", {
      role: "img",
      class: "square",
      "aria-label": `What the network said in ${run.name}, over the plane`,
    });
    paintPicture(canvas, run.picture, this.isDark);
    const name = h("input", {
      type: "text",
      value: run.name,
      "aria-label": "Name of the run",
      onchange: () => {
        run.name = name.value.trim() || run.name;
        this.build();
      },
    });
    return h(
      "li",
      { class: "run-card" },
      h(
        "div",
        { class: "toolbar" },
        name,
        h(
          "button",
          { type: "button", "aria-label": `Remove ${run.name}`, title: "Remove", onclick: () => this.remove(run) },
          "×",
        ),
      ),
      canvas,
      h("p", { class: "hint" }, summary(run)),
    );
  }

  private follow(): void {
    const now = runNow(this.store, "Now");
    if (!now || !this.current) return;
    paintPicture(this.current.canvas, now.picture, this.isDark);
    this.current.text.textContent = summary(now);
    const runs = [...this.kept, now];
    this.chart.replaceChildren(
      curves(runs, this.quantity.value as Quantity, this.isLogarithmic.checked, this.chart.clientWidth),
    );
    this.tables.replaceChildren(scoreTable(runs), differenceTable(runs));
  }
}

function summary(run: KeptRun): string {
  return `${run.title}, epoch ${figure(run.epoch)}, test ${run.scoreName} ${scoreText(run, run.test.score)}`;
}

/** Accuracy in percent, R² as a number. */
function scoreText(run: KeptRun, score: number | null): string {
  return run.scoreName === "accuracy" ? percent(score, 1) : figure(score, 3);
}

/** A difference of accuracies in percentage points. */
function scoreGap(run: KeptRun, gap: number): string {
  return run.scoreName === "accuracy" ? `${signed(100 * gap)} points` : signed(gap);
}

interface Row {
  name: string;
  value: (run: KeptRun) => number | null;
  isScore: boolean;
}

const SCORES: Row[] = [
  { name: "test score", value: (run) => run.test.score, isScore: true },
  { name: "training score", value: (run) => run.train.score, isScore: true },
  { name: "test loss", value: (run) => run.test.loss, isScore: false },
  { name: "training loss", value: (run) => run.train.loss, isScore: false },
  { name: "epochs", value: (run) => run.epoch, isScore: false },
];

function scoreTable(runs: KeptRun[]): HTMLElement {
  const now = runs.at(-1)!;
  const cell = (run: KeptRun, { value, isScore }: Row): HTMLElement => {
    const [here, there] = [value(run), value(now)];
    const gap = here === null || there === null ? null : here - there;
    const text = isScore ? scoreText(run, here) : figure(here);
    return h(
      "td",
      { class: "figure" },
      text,
      run !== now && gap !== null && h("small", {}, `${isScore ? scoreGap(run, gap) : signed(gap)} against now`),
    );
  };
  const rows = SCORES.map((row) =>
    h("tr", {}, h("th", { scope: "row" }, row.name), ...runs.map((run) => cell(run, row))),
  );
  return tableOf("Scores", runs, rows);
}

function differenceTable(runs: KeptRun[]): HTMLElement {
  if (runs.length < 2)
    return h("p", { class: "hint" }, "Nothing is kept yet; the differences of settings will stand here.");
  const lines = differences(runs.map((run) => run.settings));
  if (!lines.length) return h("p", { class: "hint" }, "All settings are the same.");
  const rows = lines.map(([name, ...texts]) =>
    h("tr", {}, h("th", { scope: "row" }, name!), ...texts.map((text) => h("td", { class: "figure" }, text))),
  );
  const note =
    lines.some(([name]) => name === "loss") &&
    h("p", { class: "hint" }, "Values of different loss functions cannot be compared.");
  return h("div", {}, tableOf("Settings that differ", runs, rows), note);
}

function tableOf(caption: string, runs: KeptRun[], rows: HTMLElement[]): HTMLElement {
  const head = h("tr", {}, h("td"), ...runs.map((run) => h("th", { scope: "col", class: "figure" }, run.name)));
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "group", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...rows)),
  );
}
