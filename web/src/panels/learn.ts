/** Tours: short guided ways through what the lecture teaches, each with a task at its end. */

import { h } from "../dom";
import type { Store } from "../store";
import type { Panel } from "./panel";
import { rootOf } from "./seen_theme";
import { tours } from "./tours";
import { DoneTasks } from "./tours/done";
import type { Tour } from "./tours/tour";
import { TourCard } from "./tours/tour_card";
import { TourRun } from "./tours/tour_run";

/** A tour goes on while other panels are open, so it ends with the page and not with the panel. */
export const learn: Panel = {
  name: "tours",
  title: "Tours",
  forGrids: true,
  mount(el, store) {
    const guide = new Guide(el, store);
    return () => guide.close();
  },
};

class Guide {
  private done = new DoneTasks();
  private run: TourRun | null = null;
  private root: HTMLElement;
  private card: TourCard;
  private list = h("ol", { class: "tours" });
  private stop: () => void;

  constructor(
    el: HTMLElement,
    private store: Store,
  ) {
    this.root = rootOf(el);
    this.card = new TourCard(
      this.root,
      () => this.end(),
      (run) => this.finish(run.tour),
    );
    el.append(
      h(
        "p",
        { class: "lead" },
        "Eight short tours, in the order of a lecture. Each ends with a task that the page checks.",
      ),
      h(
        "p",
        { class: "hint" },
        "A tour sets the controls and begins with fresh weights. What you have trained is lost, unless you save it first or keep it under “Compare”.",
      ),
      this.list,
      h("button", { type: "button", class: "plain", onclick: () => this.forget() }, "Forget which tasks are done"),
    );
    this.draw();
    this.stop = store.on("state", () => requestAnimationFrame(() => this.run && this.card.refresh()));
  }

  end(): void {
    this.run?.end();
    this.run = null;
    this.card.close();
    this.draw();
  }

  close(): void {
    this.end();
    this.stop();
  }

  private start(tour: Tour): void {
    this.run?.end();
    this.root.append(this.card.element);
    this.run = new TourRun(tour, this.store, () => this.run && this.card.show(this.run));
    this.card.show(this.run);
    this.draw();
  }

  private finish(tour: Tour): void {
    if (this.done.has(tour.name)) return;
    this.done.add(tour.name);
    this.draw();
  }

  private forget(): void {
    this.done.clear();
    this.draw();
  }

  private draw(): void {
    this.list.replaceChildren(...tours.map((tour) => this.item(tour)));
  }

  private item(tour: Tour): HTMLElement {
    const isDone = this.done.has(tour.name);
    const isRunning = this.run?.tour === tour;
    return h(
      "li",
      { class: isRunning ? "tour is-running" : "tour" },
      h("h3", {}, tour.title),
      h("p", {}, tour.text),
      h("p", { class: isDone ? "is-good" : "hint" }, isDone ? "✓ task done" : `${tour.steps.length} steps and a task`),
      h(
        "button",
        { type: "button", "aria-label": `Start the tour: ${tour.title}`, onclick: () => this.start(tour) },
        isRunning ? "Start again" : "Start",
      ),
    );
  }
}
