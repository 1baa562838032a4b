/** Where the rows come from: made points, tables, a file; and how they are split. */

import { h } from "../dom";
import { rebuild } from "../rebuild";
import type { Store } from "../store";
import { titled } from "../titled";
import type { Catalog, DataChoice, State } from "../types";
import { number, slider, type Control } from "./control";
import { tableColumns } from "./table_columns";
import { thumbnail } from "./thumbnails";

const BATCH_SIZES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 64, 100, 128, 200, 256, 500, 1000];

const steps = (low: number, high: number, step: number): number[] =>
  Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step);

const isMade = (catalog: Catalog, state: State): boolean =>
  catalog.data_sets.some((one) => one.kind !== "table" && one.name === state.settings.data.kind);

function sliders(store: Store, catalog: Catalog): Control[] {
  return [
    slider("noise", "Noise", {
      values: () => steps(0, 50, 5),
      value: (state) => state.settings.data.noise,
      text: (value) => `${value} %`,
      send: (noise) => store.set({ data: { noise } }),
      isShown: (state) => isMade(catalog, state),
    }),
    slider("steps", "Steps", {
      values: () => steps(2, catalog.limits.steps, 1),
      value: (state) => state.settings.data.steps,
      text: String,
      send: (value) => store.set({ data: { steps: value } }),
      isShown: (state) => state.problem.grid?.length === 2,
      help: "Length of the sequences; another one begins anew",
    }),
    slider("share", "Learn from", {
      values: () => steps(10, 90, 10),
      value: (state) => state.settings.data.share,
      text: (value) => `${value} %`,
      send: (share) => store.set({ data: { share } }),
      help: "Share of the rows that are learned from; the others test",
    }),
    slider("batch-size", "Batch size", {
      values: (state) => BATCH_SIZES.filter((size) => size < state.problem.n_train).concat(state.problem.n_train || 1),
      value: (state) => state.settings.batch_size,
      text: (value) => (value >= (store.state?.problem.n_train ?? Infinity) ? "all" : String(value)),
      send: (batch_size) => store.set({ batch_size }),
      help: "Rows whose gradients are averaged for one update",
    }),
  ];
}

/** Other points of the same kind, or another split of the same rows. */
function regenerate(store: Store): { el: HTMLElement; control: Control } {
  const seed = number("data-seed", "Data seed", {
    low: 0,
    high: 2 ** 31 - 1,
    step: 1,
    value: (state) => state.settings.data.seed,
    send: (value) => store.set({ data: { seed: value } }),
    help: "The same seed, the same points and the same split",
  });
  const again = h(
    "button",
    {
      "data-control": "regenerate",
      title: "New points of the same kind; for a table, another split",
      onclick: () => store.set({ data: { seed: store.state!.settings.data.seed + 1 } }),
    },
    "Regenerate",
  );
  return { el: h("div", { class: "pair" }, seed.el, again), control: seed };
}

function thumbnails(store: Store, catalog: Catalog): Control {
  const el = h("div", { class: "thumbnails", role: "group", "aria-label": "Data sets", "data-control": "data-sets" });
  const button = (one: DataChoice, isChosen: boolean): HTMLElement =>
    h(
      "button",
      {
        "data-key": one.name,
        "aria-pressed": String(isChosen),
        title: one.text,
        onclick: () => store.set({ data: { kind: one.name } }),
      },
      thumbnail(one.name),
      h("span", {}, one.label),
    );
  return {
    el,
    show({ problem, settings }) {
      const offered = catalog.data_sets.filter((one) => one.kind === "toy" && one.task === problem.task);
      rebuild(el, ...offered.map((one) => button(one, one.name === settings.data.kind)));
    },
  };
}

/** Tables that come with the library, and one's own. */
function tables(store: Store, catalog: Catalog): Control {
  const known = catalog.data_sets.filter((one) => one.kind === "table");
  const own = h("option", { value: "", disabled: true }, "Tables…");
  const list = h(
    "select",
    { "aria-label": "Tables that come along", onchange: () => store.set({ data: { kind: list.value } }) },
    own,
    ...known.map((one) => h("option", { value: one.name, title: one.text }, one.label)),
  );
  const file = h("input", {
    type: "file",
    accept: ".csv,.tsv,.txt,.parquet,text/csv",
    class: "file",
    onchange: () => void open(),
  });
  const open = async (): Promise<void> => {
    const chosen = file.files?.[0];
    if (chosen) await sendTable(store, catalog, chosen);
    file.value = "";
  };
  return {
    el: h(
      "div",
      { class: "tables", "data-control": "tables" },
      known.length > 0 && list,
      h("label", { class: "button" }, "Open a CSV file…", file),
    ),
    show({ settings, problem }) {
      const isKnown = known.some((one) => one.name === settings.data.kind);
      own.textContent = settings.data.kind === "table" ? problem.title : "Tables…";
      list.value = isKnown ? settings.data.kind : "";
    },
  };
}

/** Pictures and sequences: others networks read them. */
function grids(store: Store, catalog: Catalog): Control {
  const none = h("option", { value: "", disabled: true }, "Pictures, sequences…");
  const groups = (["pictures", "sequences"] as const).map((kind) =>
    h(
      "optgroup",
      { label: titled(kind) },
      ...catalog.data_sets
        .filter((one) => one.kind === kind)
        .map((one) => h("option", { value: one.name, title: one.text }, one.label)),
    ),
  );
  const list = h(
    "select",
    {
      "aria-label": "Pictures and sequences",
      "data-control": "grids",
      onchange: () => store.set({ data: { kind: list.value } }),
    },
    none,
    ...groups,
  );
  return {
    el: list,
    show: ({ settings, problem }) => void (list.value = problem.grid ? settings.data.kind : ""),
  };
}

/** Give the engine a file; one that is too large is said here, before it is sent. */
export async function sendTable(store: Store, catalog: Catalog, file: File): Promise<void> {
  const most = catalog.limits.table_bytes;
  if (file.size > most) {
    const sizes = [file.size, most].map((size) => `${(size / 1e6).toFixed(1)} MB`);
    store.say(`${file.name} has ${sizes[0]}; a table may have ${sizes[1]}. Open a part of it.`);
    return;
  }
  store.send("table", { name: file.name }, await file.arrayBuffer());
}

export function dataColumn(store: Store, catalog: Catalog): HTMLElement {
  const title = h("p", { class: "data-title" });
  const again = regenerate(store);
  const columns = tableColumns(store);
  const sets = thumbnails(store, catalog);
  const files = tables(store, catalog);
  const reads = grids(store, catalog);
  const slides = sliders(store, catalog);
  const controls = [sets, files, reads, columns, ...slides, again.control];
  store.on("state", (state) => {
    const { title: name, n_train, n_test } = state.problem;
    title.textContent = `${name}: learns from ${n_train.toLocaleString("en")}, tested on ${n_test.toLocaleString("en")}`;
    controls.forEach((control) => control.show(state));
  });
  return h(
    "section",
    { class: "card data", "aria-label": "Data", "data-control": "data" },
    h("h2", {}, "Data"),
    sets.el,
    files.el,
    reads.el,
    columns.el,
    title,
    ...slides.map((one) => one.el),
    again.el,
  );
}
