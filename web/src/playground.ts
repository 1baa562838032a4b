/** The playground as one function: for the page, and for notebooks as an anywidget. */

import "./style.css";
import { announcer } from "./announce";
import { dataColumn } from "./controls/data_column";
import { settingsBar } from "./controls/settings_bar";
import { h } from "./dom";
import { GridView } from "./grid/grid_view";
import { header } from "./header";
import { keyList, listenToKeys } from "./keyboard";
import type { Model } from "./model";
import { NetworkView } from "./network/network_view";
import { messages } from "./notices";
import { LossChart } from "./output/loss_chart";
import { OutputView } from "./output/output_view";
import { scoresTable } from "./output/scores";
import { Run } from "./run";
import { Store } from "./store";
import { Tabs } from "./tabs";
import { Theme } from "./theme";
import type { Catalog } from "./types";

export { SocketModel } from "./model";

/** What the page adds to: see page.ts. */
export interface Shown {
  store: Store;
  theme: Theme;
  tabs: Tabs;
  end: () => void;
}

/** Fill `el` as soon as the engine has said what there is, and ask for the first frame. */
export function show(model: Model, el: HTMLElement): Shown {
  const store = new Store(model);
  const theme = new Theme(el);
  const tabs = new Tabs(store);
  const ends = [() => store.dispose(), () => theme.end(), () => tabs.end()];
  el.classList.add("chainrule");
  let isFilled = false;
  store.on("catalog", (catalog) => {
    if (isFilled) return;
    isFilled = true;
    ends.push(fill(el, { store, theme, tabs }, catalog));
  });
  store.send("next");
  return { store, theme, tabs, end: () => ends.reverse().forEach((end) => end()) };
}

function fill(el: HTMLElement, { store, theme, tabs }: Omit<Shown, "end">, catalog: Catalog): () => void {
  const run = new Run(store);
  const keys = keyList();
  const network = new NetworkView(store, catalog, theme);
  const grid = new GridView(store, theme);
  const output = new OutputView(store, catalog, theme);
  const loss = new LossChart(store);
  const numbers = scoresTable(store);
  el.prepend(
    header(store, run, tabs, theme, keys),
    settingsBar(store, catalog),
    messages(store),
    h(
      "main",
      { class: "bench" },
      dataColumn(store, catalog),
      network.el,
      grid.el,
      h("div", { class: "results" }, output.el, h("div", { class: "card loss" }, numbers, loss.el)),
    ),
    tabs.el,
    announcer(store, (text) => output.describe(text)),
    keys,
  );
  store.on("state", ({ problem }) => {
    grid.el.hidden = !problem.grid;
    network.el.hidden = output.el.hidden = problem.grid !== null;
  });
  if (tabs.first && tabs.name === null) tabs.show(tabs.first);
  const deaf = listenToKeys(el, run, keys);
  return () => {
    deaf();
    [network, output, loss].forEach((part) => part.end());
  };
}

/** anywidget's entry. */
export function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const { store, end } = show(model, el);
  store.send("hello"); // what the engine said before this view opened has not reached it
  return end;
}

export default { render };
