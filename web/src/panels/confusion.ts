/** How often which class is taken for which. */

import { h } from "../dom";
import { percent } from "./figures";

export interface ConfusionTable {
  element: HTMLElement;
  /** counts[true][predicted] */
  update(counts: number[][]): void;
}

export function confusionTable(caption: string, classes: string[]): ConfusionTable {
  const cells = classes.map((_, i) => classes.map((_, j) => h("td", { class: i === j ? "is-right" : undefined })));
  const element = h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "group", "aria-label": `Confusion matrix, ${caption}` },
    h(
      "table",
      { class: "confusion" },
      h("caption", {}, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", { class: "hint" }, "true ↓ predicted →"),
          ...classes.map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h("tbody", {}, ...classes.map((name, i) => h("tr", {}, h("th", { scope: "row" }, name), ...cells[i]!))),
    ),
  );
  const update = (counts: number[][]): void =>
    counts.forEach((row, i) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      row.forEach((count, j) => {
        const cell = cells[i]?.[j];
        if (!cell) return;
        cell.style.setProperty("--share", String(total ? count / total : 0));
        cell.replaceChildren(count.toLocaleString("en"), h("small", {}, total ? percent(count / total) : "–"));
      });
    });
  return { element, update };
}
