/** Where a picture or a sequence is read: which one, what becomes of it in the network, and how. */

import { h } from "../dom";
import type { Store } from "../store";
import type { Theme } from "../theme";
import type { Frame, State } from "../types";
import { ConvolutionView } from "./convolution_view";
import { RecurrenceView } from "./recurrence_view";
import { Specimens } from "./specimens";
import { WorkCard } from "./work";

export class GridView {
  readonly el: HTMLElement;
  private title = h("h2", {});
  private stage = h("div", {});
  private specimens: Specimens;
  private view: ConvolutionView | RecurrenceView | null = null;
  private known = "";

  constructor(
    private store: Store,
    private theme: Theme,
  ) {
    this.specimens = new Specimens((row) => store.look({ row }));
    this.el = h(
      "section",
      { class: "card network grid-network", "aria-label": "Network", "data-control": "grid-network" },
      h("header", {}, this.title),
      this.specimens.el,
      this.stage,
    );
    theme.on(() => this.recolor());
    store.on("state", (state) => this.build(state));
    store.on("frame", (frame) => this.draw(frame));
  }

  private build(state: State): void {
    const { grid, classes } = state.problem;
    if (!grid) return;
    const { filters, cell, cell_units: units } = state.settings;
    this.specimens.show(state, this.theme.isDark);
    const key = JSON.stringify([grid, classes, filters, cell, units]);
    if (key === this.known) return;
    this.known = key;
    const isPicture = grid.length === 3;
    const what = isPicture ? "filter, sum or map" : "state, input or derivative";
    const work = new WorkCard(`Point at a cell of a ${what}, or walk there with Tab and the arrow keys: its numbers stand here.`);
    this.title.textContent = isPicture
      ? `Convolution: ${filters} filters 3 × 3, ReLU, largest of 2 × 2, dense`
      : `${cell.toUpperCase()} of ${units} units, unrolled in time`;
    this.view = isPicture ? new ConvolutionView(state, work) : new RecurrenceView(state, work);
    this.stage.replaceChildren(this.view.el, work.el);
    this.view.recolor(this.theme.isDark);
  }

  private recolor(): void {
    const { isDark } = this.theme;
    this.view?.recolor(isDark);
    if (this.store.state?.problem.grid) this.specimens.show(this.store.state, isDark);
  }

  private draw(frame: Frame): void {
    const { state } = this.store;
    if (!state?.problem.grid || !frame.buffers.x || frame.revision !== state.revision) return;
    this.specimens.mark(frame.row!);
    this.view!.draw(frame);
  }
}
