/** The card of a tour: text, what is asked for, the way on; it floats above the page, because tours lead all over it. */

import { h } from "../../dom";
import { formula, prose } from "../document_view";
import { Highlight } from "./highlight";
import type { TourRun } from "./tour_run";

export class TourCard {
  readonly element: HTMLElement;
  private run: TourRun | null = null;
  private shown = "";
  private hints = 0;
  private title = h("h3", { tabindex: "-1" });
  private place = h("span", { class: "hint" });
  private body = h("div", { class: "tour-body" });
  private live = h("div", { role: "status" });
  private back = h("button", { type: "button", onclick: () => this.run?.go(this.run.place - 1) }, "Back");
  private next = h("button", { type: "button", onclick: () => this.goOn() }, "Next");
  private fold = h(
    "button",
    { type: "button", class: "plain", "aria-expanded": "true", onclick: () => this.toggle() },
    "Fold",
  );
  private highlight: Highlight;

  /** `end` is called to leave the tour; `done` when its task is done. */
  constructor(
    root: HTMLElement,
    private end: () => void,
    private done: (run: TourRun) => void,
  ) {
    this.highlight = new Highlight(root);
    const head = h(
      "header",
      {},
      this.title,
      this.place,
      this.fold,
      h("button", { type: "button", class: "plain", onclick: end }, "End tour"),
    );
    this.element = h(
      "aside",
      {
        class: "tour-card",
        "aria-label": "Guided tour",
        onkeydown: (event: KeyboardEvent) => event.key === "Escape" && this.end(),
      },
      head,
      h("div", { class: "tour-fold" }, this.body, this.live, h("footer", {}, this.back, this.next)),
    );
  }

  /** Show where the run stands; a step that is new takes the focus. */
  show(run: TourRun): void {
    const key = `${run.tour.name} ${run.place}`;
    const isNew = key !== this.shown;
    this.run = run;
    this.shown = key;
    if (isNew) {
      this.hints = 0;
      this.write(run);
      this.title.focus({ preventScroll: true });
    }
    this.live.replaceChildren(...(run.isTask ? this.goals(run) : waiting(run)));
    this.back.disabled = run.place === 0;
    this.next.hidden = run.isTask && !run.isMet;
    this.next.textContent = run.isTask ? "Finish" : run.isMet ? "Next" : "Skip";
    this.next.classList.toggle("main", run.isMet);
    if (isNew) this.keepAway(this.highlight.show(run.control));
    if (run.isTask && run.isMet) this.done(run);
  }

  /** At the left, unless it would lie there, and only there, on what it speaks of. */
  private keepAway(target: DOMRect | null): void {
    const { width, height } = this.element.getBoundingClientRect();
    const isBeside = target !== null && target.bottom > innerHeight - height;
    const isRight = isBeside && target.left < width && target.right < innerWidth - width;
    this.element.classList.toggle("is-right", isRight);
  }

  /** Outline the control again after the page was rebuilt. */
  refresh(): void {
    this.highlight.refresh();
  }

  close(): void {
    this.highlight.show(undefined);
    this.element.remove();
    this.shown = "";
  }

  private goOn(): void {
    if (this.run?.isTask) this.end();
    else this.run?.go(this.run.place + 1);
  }

  private toggle(): void {
    const isFolded = this.element.classList.toggle("is-folded");
    this.fold.textContent = isFolded ? "Unfold" : "Fold";
    this.fold.setAttribute("aria-expanded", String(!isFolded));
  }

  private write(run: TourRun): void {
    const { title, steps, task } = run.tour;
    this.title.textContent = title;
    this.place.textContent = run.isTask ? "Task" : `${run.place + 1} of ${steps.length}`;
    const { text, formula: tex } = run.isTask ? { text: task.text, formula: undefined } : run.step;
    this.body.replaceChildren(
      h("p", {}, ...prose(text)),
      ...(tex ? [h("div", { class: "document-formula" }, formula(tex, true))] : []),
    );
  }

  private goals(run: TourRun): HTMLElement[] {
    const { hints, lesson } = run.tour.task;
    const items = run.goals.map((goal) =>
      h("li", { class: goal.isMet ? "is-good" : undefined }, `${goal.isMet ? "✓" : "○"} ${goal.text}`),
    );
    const list = h("ul", { class: "goals" }, ...items);
    if (run.isMet) return [list, h("p", { class: "verdict is-good" }, "✓ Done!"), h("p", {}, ...prose(lesson))];
    const given = hints.slice(0, this.hints).map((hint) => h("li", {}, ...prose(hint)));
    const more = h(
      "button",
      { type: "button", class: "plain", onclick: () => this.hint(run) },
      given.length ? "Another hint" : "A hint",
    );
    return [
      list,
      ...(given.length ? [h("ul", { class: "hints" }, ...given)] : []),
      ...(given.length < hints.length ? [more] : []),
    ];
  }

  private hint(run: TourRun): void {
    this.hints += 1;
    this.show(run);
    this.live.querySelector<HTMLElement>("button")?.focus();
  }
}

function waiting(run: TourRun): HTMLElement[] {
  const until = run.step.until;
  return until
    ? [h("p", { class: run.isMet ? "asked is-good" : "asked" }, `${run.isMet ? "✓" : "➜"} ${until.text}`)]
    : [];
}
