/** How the network learns: rate, solver, loss, penalty, seed. */

import { h } from "../dom";
import type { Store } from "../store";
import type { Catalog, Settings, State } from "../types";
import { choice, number, type Control, type Named } from "./control";

const PENALTIES: Named[] = [
  { name: "none", label: "None" },
  { name: "l1", label: "L1" },
  { name: "l2", label: "L2" },
];

const TASKS: Named[] = [
  { name: "classification", label: "Classification" },
  { name: "regression", label: "Regression" },
];

const named = (values: number[]): Named[] => values.map((value) => ({ name: String(value), label: String(value) }));

/** The activation that all hidden layers have; "mixed" if they differ. */
function commonActivation(state: State): string {
  const names = new Set(state.settings.layers.map((layer) => layer.activation));
  return names.size === 1 ? [...names][0]! : "mixed";
}

/** Solvers that have a momentum of their own to choose. */
const hasMomentum = (state: State): boolean => ["momentum", "nesterov"].includes(state.settings.solver);

function learning(store: Store, catalog: Catalog): Control[] {
  return [
    choice("learning-rate", "Learning rate", {
      choices: () => named(catalog.learning_rates),
      value: (state) => String(state.settings.learning_rate),
      send: (value) => store.set({ learning_rate: Number(value) }),
    }),
    choice("solver", "Solver", {
      choices: () => catalog.solvers,
      value: (state) => state.settings.solver,
      send: (solver) => store.set({ solver }),
    }),
    number("momentum", "Momentum", {
      low: 0,
      high: 0.999,
      step: "any",
      value: (state) => state.settings.momentum,
      send: (momentum) => store.set({ momentum }),
      isShown: hasMomentum,
    }),
    choice("schedule", "Schedule", {
      choices: () => catalog.schedules,
      value: (state) => state.settings.schedule,
      send: (schedule) => store.set({ schedule }),
      help: "How the learning rate changes with the epochs",
    }),
    number("planned-epochs", "Planned epochs", {
      low: 1,
      high: 1_000_000,
      step: 1,
      value: (state) => state.settings.planned_epochs,
      send: (planned_epochs) => store.set({ planned_epochs }),
      isShown: (state) => state.settings.schedule !== "constant",
      help: "What the schedule is stretched over",
    }),
  ];
}

function shaping(store: Store, catalog: Catalog): Control[] {
  return [
    choice("activation", "Activation", {
      choices: () => catalog.activations,
      value: commonActivation,
      send: (activation) =>
        store.set({ layers: store.state!.settings.layers.map((layer) => ({ ...layer, activation })) }),
      isShown: (state) => !state.problem.grid && state.settings.layers.length > 0,
      help: "Of all hidden layers; each layer has its own choice above its neurons",
    }),
    choice("loss", "Loss", {
      choices: (state) => catalog.losses.filter((loss) => loss.task === state.problem.task),
      value: (state) => state.settings.loss,
      send: (loss) => store.set({ loss }),
    }),
    choice("penalty", "Regularization", {
      choices: () => PENALTIES,
      value: (state) => state.settings.penalty,
      send: (penalty) => store.set({ penalty: penalty as Settings["penalty"] }),
    }),
    choice("penalty-rate", "Regularization rate", {
      choices: () => named(catalog.penalty_rates),
      value: (state) => String(state.settings.penalty_rate),
      send: (value) => store.set({ penalty_rate: Number(value) }),
      isShown: (state) => state.settings.penalty !== "none",
    }),
    choice("problem", "Problem type", {
      choices: () => TASKS,
      value: (state) => state.problem.task,
      send: (task) => {
        const first = catalog.data_sets.find((one) => one.task === task && one.kind === "toy");
        if (first) store.set({ data: { kind: first.name } });
      },
    }),
  ];
}

/** What reads pictures or sequences. */
function reading(store: Store, catalog: Catalog): Control[] {
  const isSequence = (state: State): boolean => state.problem.grid?.length === 2;
  return [
    choice("cell", "Cell", {
      choices: () => catalog.cells,
      value: (state) => state.settings.cell,
      send: (cell) => store.set({ cell }),
      isShown: isSequence,
      help: "What carries the state from step to step; another one begins anew",
    }),
    number("cell-units", "Units", {
      low: 1,
      high: catalog.limits.cell_units,
      step: 1,
      value: (state) => state.settings.cell_units,
      send: (cell_units) => store.set({ cell_units }),
      isShown: isSequence,
      help: "Values of the state; another number begins anew",
    }),
    number("filters", "Filters", {
      low: 1,
      high: catalog.limits.filters,
      step: 1,
      value: (state) => state.settings.filters,
      send: (filters) => store.set({ filters }),
      isShown: (state) => state.problem.grid?.length === 3,
      help: "Of the convolution; another number begins anew",
    }),
  ];
}

function beginning(store: Store, catalog: Catalog): Control[] {
  return [
    choice("initializer", "Initial weights", {
      choices: () => catalog.initializers,
      value: (state) => state.settings.initializer,
      send: (initializer) => store.set({ initializer }),
    }),
    number("seed", "Seed", {
      low: 0,
      high: 2 ** 31 - 1,
      step: 1,
      value: (state) => state.settings.seed,
      send: (seed) => store.set({ seed }),
      help: "Of initial weights, the order of the rows and dropout: the same seed, the same training",
    }),
  ];
}

export function settingsBar(store: Store, catalog: Catalog): HTMLElement {
  const controls = [
    ...learning(store, catalog),
    ...reading(store, catalog),
    ...shaping(store, catalog),
    ...beginning(store, catalog),
  ];
  store.on("state", (state) => controls.forEach((control) => control.show(state)));
  return h("section", { class: "settings", "aria-label": "Settings" }, ...controls.map((one) => one.el));
}
