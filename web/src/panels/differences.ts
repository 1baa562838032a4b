/** What the settings of several runs differ in, in words. */

import type { Settings } from "../types";

/** Name of a setting for people, and what to say of it. */
const SETTINGS: [name: string, text: (settings: Settings) => string][] = [
  ["data", ({ data }) => data.kind],
  ["noise", ({ data }) => `${data.noise} %`],
  ["share for training", ({ data }) => `${data.share} %`],
  ["seed of the data", ({ data }) => String(data.seed)],
  ["features", ({ features }) => features.join(", ")],
  ["hidden layers", ({ layers }) => layers.map((layer) => `${layer.units} ${layer.activation}`).join(" → ") || "none"],
  ["dropout", ({ layers }) => layers.map((layer) => String(layer.dropout)).join(", ") || "–"],
  ["loss", ({ loss }) => loss],
  ["solver", ({ solver }) => solver],
  ["momentum", ({ momentum }) => String(momentum)],
  ["learning rate", (settings) => String(settings.learning_rate)],
  ["schedule", ({ schedule }) => schedule],
  ["planned epochs", (settings) => String(settings.planned_epochs)],
  ["regularization", ({ penalty }) => penalty],
  ["regularization rate", (settings) => String(settings.penalty_rate)],
  ["batch size", (settings) => String(settings.batch_size)],
  ["initial weights", ({ initializer }) => initializer],
  ["seed", ({ seed }) => String(seed)],
];

/** One line per setting that is not the same in all: its name, then what it is in each. */
export function differences(all: Settings[]): string[][] {
  return SETTINGS.map(([name, text]) => [name, ...all.map(text)]).filter(([, first, ...rest]) =>
    rest.some((other) => other !== first),
  );
}
