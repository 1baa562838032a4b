/** What a guided tour consists of. */

import type { DeepPartial } from "../../store";
import type { Frame, Settings, State } from "../../types";

/** What the page knows at a moment. */
export interface Now {
  state: State;
  frame: Frame;
  row: number | null;
}

/** Begins a fresh run: settings beside `BASE`, weights set by hand, training or not. */
export interface SetUp {
  settings: DeepPartial<Settings>;
  /** layer, to, from (null: bias), value; all count from 0 */
  edits?: [layer: number, to: number, from: number | null, value: number][];
  isPlaying?: boolean;
}

export interface Step {
  /** $…$ are formulas */
  text: string;
  formula?: string;
  /** `data-control` of what it is about */
  control?: string;
  setUp?: SetUp;
  /** what the person is asked to do, and whether it is done since the step began */
  until?: { text: string; isMet: (now: Now, began: Now) => boolean };
}

/** One condition of a task, as it stands now. */
export interface Goal {
  text: string;
  isMet: boolean;
}

export interface Task {
  text: string;
  control?: string;
  setUp: SetUp;
  /** done when all are met at once */
  goals: (now: Now) => Goal[];
  hints: string[];
  /** what there is to see in it, once it is done */
  lesson: string;
}

export interface Tour {
  name: string;
  title: string;
  text: string;
  steps: Step[];
  task: Task;
}

/** Where all tours start from, so that they look the same for everybody. */
export const BASE: Settings = {
  data: { kind: "circle", noise: 0, seed: 0, share: 50, steps: 8 },
  features: ["x1", "x2"],
  layers: [],
  loss: "log_loss",
  solver: "sgd",
  momentum: 0.9,
  learning_rate: 0.1,
  schedule: "constant",
  planned_epochs: 200,
  penalty: "none",
  penalty_rate: 0,
  batch_size: 10,
  initializer: "glorot_uniform",
  seed: 0,
  filters: 4,
  cell: "rnn",
  cell_units: 4,
};

/** `units` neurons in each of the hidden layers. */
export function hidden(activation: string, ...units: number[]): Settings["layers"] {
  return units.map((n) => ({ units: n, activation, dropout: 0 }));
}

export function hasTrained(epochs: number): NonNullable<Step["until"]> {
  return { text: `Let it train for ${epochs} epochs.`, isMet: ({ frame }) => frame.epoch >= epochs };
}
