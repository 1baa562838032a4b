/** What runs the training: for buttons and keys alike. */

import type { Store } from "./store";

export type StepUnit = "sample" | "batch" | "epoch";

export class Run {
  /** what a step is */
  unit: StepUnit = "epoch";

  constructor(private store: Store) {}

  toggle(): void {
    this.store.send(this.store.frame?.playing ? "pause" : "play");
  }

  step(): void {
    this.store.send("step", { unit: this.unit });
  }

  back(): void {
    this.store.send("back", { unit: this.unit });
  }

  reset(): void {
    this.store.send("reset");
  }
}
