/** The numbers beside the picture: loss and score, of training and of test rows. */

import { h } from "../dom";
import { figure, percent } from "../panels/figures";
import type { Store } from "../store";

/** Writes the frame's numbers into a small table. */
export function scoresTable(store: Store): HTMLElement {
  const cell = (): HTMLTableCellElement => h("td", { class: "figure" }, "–");
  const [trainLoss, testLoss, trainScore, testScore] = [cell(), cell(), cell(), cell()];
  const score = h("th", { scope: "col" }, "score");
  store.on("state", ({ problem }) => (score.textContent = problem.classes ? "accuracy" : "R²"));
  store.on("frame", ({ train, test }) => {
    const written = store.state?.problem.classes
      ? (value: number | null) => percent(value, 1)
      : (value: number | null) => figure(value, 3);
    trainLoss.textContent = figure(train.loss, 3);
    testLoss.textContent = figure(test.loss, 3);
    trainScore.textContent = written(train.score);
    testScore.textContent = written(test.score);
  });
  return h(
    "table",
    { class: "scores", "data-control": "scores" },
    h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, "loss"), score)),
    h(
      "tbody",
      {},
      h("tr", {}, h("th", { scope: "row", class: "train" }, "train"), trainLoss, trainScore),
      h("tr", {}, h("th", { scope: "row", class: "test" }, "test"), testLoss, testScore),
    ),
  );
}
