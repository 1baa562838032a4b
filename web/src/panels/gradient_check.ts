/** Whether backpropagation's derivatives are those that differences of the loss give. */

import { h } from "../dom";
import type { Store } from "../store";
import type { Answer, GradientRow } from "../types";
import { withSymbols } from "./document_view";
import { figure } from "./figures";

export interface GradientCheck {
  element: HTMLElement;
  /** Check the derivatives for this row. */
  check(row: number): Promise<void>;
  /** Say that what is shown is of an earlier step; while it plays, only a click checks anew. */
  age(isPlaying: boolean): void;
}

export function gradientCheck(store: Store): GradientCheck {
  const result = h("div", {});
  const button = h("button", { type: "button", hidden: true, onclick: () => void check(store.row ?? 0) }, "Check now");
  const age = (isPlaying: boolean): void => {
    element.classList.add("is-old");
    button.hidden = !isPlaying;
  };
  const check = async (row: number): Promise<void> => {
    try {
      result.replaceChildren(...found(await store.ask("gradient_check", { row })));
      element.classList.remove("is-old");
      button.hidden = true;
    } catch (error) {
      result.replaceChildren(h("p", { class: "trouble" }, (error as Error).message));
      button.hidden = false;
    }
  };
  const element = h(
    "section",
    { class: "gradient-check", "aria-labelledby": "gradient-check-title" },
    h("h4", { id: "gradient-check-title" }, "Is the gradient right?"),
    h(
      "p",
      { class: "hint" },
      "Backpropagation's derivatives, held against slopes that are measured: move a weight a little, see how the loss moves.",
    ),
    result,
    button,
  );
  return { element, check, age };
}

function found(answer: Answer): HTMLElement[] {
  const verdict = answer.ok ? "✓ " : "✗ ";
  return [
    h("p", { class: answer.ok ? "verdict is-good" : "verdict is-bad" }, verdict + (answer.summary ?? "")),
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "gradient check" },
      h(
        "table",
        {},
        h("caption", { class: "unseen" }, "Gradient check, one line per array of weights"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...["array", "shape", "checked", "difference", "verdict"].map((text) => h("th", { scope: "col" }, text)),
          ),
        ),
        h("tbody", {}, ...(answer.rows ?? []).map(line)),
      ),
    ),
  ];
}

function line(row: GradientRow): HTMLElement {
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, ...withSymbols(row.lecture || row.name)),
    h("td", {}, row.shape),
    h("td", {}, row.checked),
    h("td", { class: "figure" }, figure(row.difference, 2)),
    h("td", { class: row.ok ? "is-good" : "is-bad" }, row.ok ? "✓ agrees" : "✗ differs"),
  );
}
