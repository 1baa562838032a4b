/** A tour under way: where it stands, and whether what it waits for has come. */

import type { Store } from "../../store";
import type { Settings, State } from "../../types";
import { BASE, type Goal, type Now, type SetUp, type Step, type Tour } from "./tour";

export class TourRun {
  /** from 0; the number of steps stands for the task */
  place = 0;
  /** whether what this step asks for is done */
  isMet = false;
  /** of the task */
  goals: Goal[] = [];

  private began: Now | null = null;
  private wanted: Settings | null = null;
  private oldRevision = -1;
  private stops: (() => void)[];

  /** `changed` is called when there is something new to show. */
  constructor(
    readonly tour: Tour,
    private store: Store,
    private changed: () => void,
  ) {
    this.go(0);
    this.stops = [
      store.on("state", (state) => this.arrive(state)),
      store.on("frame", () => this.look()),
      store.on("row", () => this.look()),
    ];
  }

  end(): void {
    this.stops.forEach((stop) => stop());
  }

  get isTask(): boolean {
    return this.place === this.tour.steps.length;
  }

  get step(): Step {
    return this.tour.steps[this.place]!;
  }

  get control(): string | undefined {
    return this.isTask ? this.tour.task.control : this.step.control;
  }

  go(place: number): void {
    this.place = place;
    this.isMet = !this.isTask && !this.step.until;
    this.goals = [];
    this.began = null;
    const setUp = this.isTask ? this.tour.task.setUp : this.step.setUp;
    if (setUp) this.prepare(setUp);
    else this.wanted = null;
    this.look();
    this.changed();
  }

  /** A fresh run. Reset comes first: settings that change before the first step begin with weights of their own seed. */
  private prepare({ settings, edits = [], isPlaying }: SetUp): void {
    this.wanted = { ...BASE, ...settings, data: { ...BASE.data, ...settings.data } } as Settings;
    this.oldRevision = this.store.state?.revision ?? -1;
    this.store.send("reset");
    this.store.set(this.wanted);
    for (const [layer, to, from, value] of edits) this.store.send("edit", { layer, to, from, value });
    if (isPlaying) this.store.send("play");
  }

  /** The set-up has come: what a person changes afterwards belongs to the step. */
  private arrive(state: State): void {
    if (this.wanted && state.revision > this.oldRevision && agrees(state, this.wanted)) this.wanted = null;
  }

  private look(): void {
    const now = this.now();
    if (!now) return;
    this.began ??= now;
    if (this.isTask) this.judge(now);
    else if (!this.isMet && this.step.until!.isMet(now, this.began)) {
      this.isMet = true;
      this.changed();
    }
  }

  private judge(now: Now): void {
    if (this.isMet) return;
    const goals = this.tour.task.goals(now);
    if (JSON.stringify(goals) === JSON.stringify(this.goals)) return;
    this.goals = goals;
    this.isMet = goals.every((goal) => goal.isMet);
    this.changed();
  }

  /** Null while what is known is still from before the set-up. */
  private now(): Now | null {
    const { state, frame, row } = this.store;
    if (!state || !frame || frame.revision !== state.revision || this.wanted) return null;
    return { state, frame, row };
  }
}

function agrees(state: State, wanted: Settings): boolean {
  return Object.entries(wanted).every(([name, value]) => isSame(state.settings[name as keyof Settings], value));
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const names = Object.keys(b);
  return (
    names.length === Object.keys(a).length &&
    names.every((name) => isSame((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]))
  );
}
