/** Scores: how well the network does on points that it learns from, and on points that it has never seen. */

import { h } from "../dom";
import type { Store } from "../store";
import type { Frame, Scores, State } from "../types";
import { calm } from "./calm";
import { confusionTable, type ConfusionTable } from "./confusion";
import { figure, percent, signed } from "./figures";
import { panelOf, together, type Stop } from "./while_shown";

type Line = [
  name: string,
  hint: string,
  value: (scores: Scores) => string,
  gap: (train: Scores, test: Scores) => string,
];

export const scores = { ...panelOf("scores", "Scores", fill), forGrids: true };

function fill(el: HTMLElement, store: Store): () => Stop {
  const board = h("div", { class: "panel-columns" });
  el.append(
    h("p", { class: "lead" }, "Training points teach the network; test points only judge it. What counts is the test."),
    board,
  );
  return () => {
    let show: (frame: Frame) => void = () => undefined;
    return together(
      store.on("state", (state) => {
        show = build(board, state, store);
        if (store.frame) show(store.frame);
      }),
      store.on(
        "frame",
        calm((frame: Frame) => show(frame)),
      ),
    );
  };
}

/** Build the tables of this state; the answer fills them. */
function build(board: HTMLElement, state: State, store: Store): (frame: Frame) => void {
  const lines = linesOf(state, store);
  const cells = lines.map(() => [0, 1, 2].map(() => h("td", { class: "figure" })));
  const total = h("p", { class: "hint" });
  const { classes, n_train: train, n_test: test } = state.problem;
  const tables = classes && [
    confusionTable(`Training points (${train.toLocaleString("en")})`, classes),
    confusionTable(`Test points (${test.toLocaleString("en")})`, classes),
  ];
  board.replaceChildren(scoreTable(lines, cells, total), ...(tables ? [confusions(tables)] : []));
  return (frame) => {
    lines.forEach(([, , value, gap], i) => {
      const texts = [value(frame.train), value(frame.test), gap(frame.train, frame.test)];
      texts.forEach((text, j) => (cells[i]![j]!.textContent = text));
    });
    total.textContent =
      frame.epoch_loss === null
        ? "No epoch is complete yet."
        : `Mean loss over the last full epoch, penalties included: ${figure(frame.epoch_loss)}.`;
    if (tables && frame.confusion) {
      tables[0]!.update(frame.confusion.train);
      tables[1]!.update(frame.confusion.test);
    }
  };
}

function linesOf(state: State, store: Store): Line[] {
  const loss = store.catalog?.losses.find((choice) => choice.name === state.settings.loss);
  const lossLine: Line = [
    "Loss",
    `${loss?.label ?? state.settings.loss}, mean per point; lower is better`,
    (scores) => figure(scores.loss),
    (train, test) => gapOf(train.loss, test.loss),
  ];
  if (state.problem.classes)
    return [
      [
        "Accuracy",
        "share of points whose class is predicted",
        (scores) => percent(scores.score, 1),
        (train, test) => gapOf(train.score, test.score, 100, " points"),
      ],
      lossLine,
    ];
  return [
    [
      "R²",
      "1: exact; 0: no better than always answering the mean",
      (scores) => figure(scores.score),
      (train, test) => gapOf(train.score, test.score),
    ],
    lossLine,
  ];
}

function gapOf(train: number | null, test: number | null, times = 1, unit = ""): string {
  return train === null || test === null ? "–" : signed(times * (test - train)) + unit;
}

function scoreTable(lines: Line[], cells: HTMLElement[][], total: HTMLElement): HTMLElement {
  const head = ["", "training", "test", "test − training"];
  return h(
    "section",
    {},
    h(
      "table",
      { class: "score-table" },
      h("caption", {}, "Scores"),
      h(
        "thead",
        {},
        h("tr", {}, ...head.map((text) => (text ? h("th", { scope: "col", class: "figure" }, text) : h("td")))),
      ),
      h(
        "tbody",
        {},
        ...lines.map(([name, hint], i) =>
          h("tr", {}, h("th", { scope: "row" }, name, h("span", { class: "hint" }, hint)), ...cells[i]!),
        ),
      ),
    ),
    total,
  );
}

function confusions(tables: ConfusionTable[]): HTMLElement {
  return h(
    "section",
    {},
    h("h4", {}, "Confusion matrix"),
    h(
      "p",
      { class: "hint" },
      "A row holds the points of one true class; a column is what the network says. Right answers stand on the diagonal. Shares are of the row; the stronger the color, the larger the share.",
    ),
    h("div", { class: "confusions" }, ...tables.map((table) => table.element)),
  );
}
