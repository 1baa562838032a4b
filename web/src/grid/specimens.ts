/** Some of the rows, small: the one that is clicked is looked at. */

import { h } from "../dom";
import { figure } from "../panels/figures";
import { rebuild } from "../rebuild";
import type { State } from "../types";
import { CellMap, cellColors } from "./cell_map";

export class Specimens {
  readonly el = h("div", { class: "specimens", role: "group", "aria-label": "Rows to look at", "data-control": "specimens" });

  /** `choose` hears of the number of the row. */
  constructor(private choose: (row: number) => void) {}

  show({ problem, buffers }: State, isDark: boolean): void {
    const { specimens, specimen_rows: rows, rows: all, targets } = buffers;
    const [height = 1, width = 1] = problem.grid!.length === 3 ? problem.grid! : [1, problem.grid![0]!];
    const colors = cellColors(isDark);
    const button = (row: number, i: number): HTMLElement => {
      const target = targets[all.indexOf(row)]!;
      const name = problem.classes?.[target] ?? figure(target, 2);
      const map = new CellMap(name, { rows: height, columns: width, cell: height > 1 ? [10, 10] : [5, 14] });
      map.draw(specimens!, i * height * width, 1, colors);
      return h(
        "button",
        { type: "button", "data-key": row, "data-row": row, title: `Row ${row}: ${name}`, onclick: () => this.choose(row) },
        map.el,
        h("span", {}, name),
      );
    };
    rebuild(this.el, ...[...rows!].map(button));
  }

  mark(row: number): void {
    for (const button of this.el.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.row === String(row)));
  }
}
