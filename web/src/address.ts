/** Settings in the address: a copied link restores all of them. Tables and drawn points are not in it. */

import type { DeepPartial, Display, Store } from "./store";
import type { Layer, Settings, State, View } from "./types";

/** What an address says. */
export interface Address {
  settings: DeepPartial<Settings>;
  view: View;
  display: Partial<Display>;
  panel: string | null;
  hidden: string[];
}

type Plain = Exclude<keyof Settings, "data" | "features" | "layers">;

const PLAIN: Plain[] = [
  "loss",
  "solver",
  "momentum",
  "learning_rate",
  "schedule",
  "planned_epochs",
  "penalty",
  "penalty_rate",
  "batch_size",
  "initializer",
  "seed",
  "filters",
  "cell",
  "cell_units",
];

const DATA = { data: "kind", noise: "noise", data_seed: "seed", share: "share", steps: "steps" } as const;

const isNumeric = (text: string): boolean => text.trim() !== "" && Number.isFinite(Number(text));
const typed = (text: string): string | number => (isNumeric(text) ? Number(text) : text);

/** A level that looks like a number stands in quotes. */
const heldText = (value: number | string): string =>
  typeof value === "string" && isNumeric(value) ? `"${value}"` : String(value);
const heldOf = (text: string): string | number => (text.startsWith('"') ? text.slice(1, -1) : typed(text));

/** What is left of a link that was cut in the middle of an escape is taken as it stands. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Escaped as little as an address allows, so that people can read it. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/%(3A|2C|2F|20|40|5E)/g, (code) =>
    code === "%20" ? "+" : decodeURIComponent(code),
  );
}

const layersText = (layers: Layer[]): string =>
  layers
    .map(({ units, activation, dropout }) => [units, activation, ...(dropout ? [dropout] : [])].join(":"))
    .join(",");

function layersOf(text: string): Layer[] {
  return text
    .split(",")
    .filter(Boolean)
    .map((one) => {
      const [units, activation = "tanh", dropout = "0"] = one.split(":");
      return { units: Number(units), activation, dropout: Number(dropout) };
    });
}

/** Pairs of the settings that differ from the defaults; of one's own data only what others can have too. */
function settingsPairs(settings: Settings, defaults: Settings): [string, string][] {
  const pairs: [string, string][] = [];
  const isOwn = ["drawn", "table"].includes(settings.data.kind);
  for (const [key, name] of Object.entries(DATA) as [string, keyof Settings["data"]][]) {
    if (settings.data[name] !== defaults.data[name] && !(isOwn && name === "kind"))
      pairs.push([key, String(settings.data[name])]);
  }
  if (String(settings.features) !== String(defaults.features)) pairs.push(["features", settings.features.join(",")]);
  if (layersText(settings.layers) !== layersText(defaults.layers)) pairs.push(["layers", layersText(settings.layers)]);
  for (const name of PLAIN) if (settings[name] !== defaults[name]) pairs.push([name, String(settings[name])]);
  return pairs;
}

function settingsOf(pairs: URLSearchParams): DeepPartial<Settings> {
  const settings: Record<string, unknown> = {};
  const data: Record<string, unknown> = {};
  for (const [key, name] of Object.entries(DATA)) if (pairs.has(key)) data[name] = typed(pairs.get(key)!);
  if (Object.keys(data).length) settings.data = data;
  if (pairs.has("features")) settings.features = pairs.get("features")!.split(",").filter(Boolean);
  if (pairs.has("layers")) settings.layers = layersOf(pairs.get("layers")!);
  for (const name of PLAIN) if (pairs.has(name)) settings[name] = typed(pairs.get(name)!);
  return settings;
}

export function readAddress(hash: string): Address {
  const pairs = new URLSearchParams(hash.replace(/^#/, ""));
  const view: View = {};
  const axes = pairs.get("axes")?.split(",").map(unescaped);
  if (axes?.length === 2) view.axes = [axes[0]!, axes[1]!];
  const held = [...pairs].filter(([key]) => key.startsWith("held."));
  if (held.length) view.held = Object.fromEntries(held.map(([key, value]) => [key.slice(5), heldOf(value)]));
  const display: Partial<Display> = {};
  if (pairs.has("show_test")) display.show_test = true;
  if (pairs.has("discretize")) display.discretize = true;
  const hidden = pairs.get("hide")?.split(",").filter(Boolean) ?? [];
  return { settings: settingsOf(pairs), view, display, panel: pairs.get("panel"), hidden };
}

/** The address of what is chosen now, without its "#". */
function writeAddress(state: State, defaults: Settings, more: Omit<Address, "settings">): string {
  const pairs = settingsPairs(state.settings, defaults);
  const { axes, held } = state.problem;
  // what was looked at in other data is of no use here
  if (String(more.view.axes) === String(axes)) pairs.push(["axes", axes.map(encodeURIComponent).join(",")]);
  for (const [name, value] of Object.entries(more.view.held ?? {}))
    if (held[name] === value) pairs.push([`held.${name}`, heldText(value)]);
  if (more.display.show_test) pairs.push(["show_test", "1"]);
  if (more.display.discretize) pairs.push(["discretize", "1"]);
  if (more.panel) pairs.push(["panel", more.panel]);
  if (more.hidden.length) pairs.push(["hide", more.hidden.join(",")]);
  return pairs.map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join("&");
}

/** Restore what the address says once the engine is there, then keep the address up to date. */
export function keepAddress(
  store: Store,
  address: Address,
  panel: () => string | null,
  hidden: () => string[],
): () => void {
  let isRestored = false;
  const write = (): void => {
    const { state, catalog } = store;
    if (!isRestored || !state || !catalog) return;
    const { axes, held } = store.view;
    const text = writeAddress(state, catalog.defaults, {
      view: { axes, held },
      display: store.display,
      panel: panel(),
      hidden: hidden(),
    });
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  };
  store.on("catalog", () => {
    if (isRestored) return;
    if (Object.keys(address.settings).length) store.set(address.settings);
    if (Object.keys(address.view).length) store.look(address.view);
    store.choose("display", { ...store.display, ...address.display });
    isRestored = true;
  });
  store.on("state", write);
  store.on("view", write);
  store.on("display", write);
  return write;
}
