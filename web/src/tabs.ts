/** The panels as tabs: each is filled when it is opened first. */

import { h } from "./dom";
import { panels } from "./panels";
import type { Panel } from "./panels/panel";
import type { Store } from "./store";

interface Tab {
  panel: Panel;
  tab: HTMLButtonElement;
  body: HTMLElement;
  end: (() => void) | null;
}

export class Tabs {
  readonly el = h("section", { class: "panels", "aria-label": "Panels", "data-control": "panels" });
  private tabs: Tab[];
  private open: Tab | null = null;
  /** called with the name of the panel that is opened */
  opened: (name: string) => void = () => undefined;

  constructor(private store: Store) {
    this.tabs = panels.map((panel) => this.make(panel));
    const list = h(
      "div",
      { class: "tab-list", role: "tablist", "aria-label": "Panels" },
      ...this.tabs.map(({ tab }) => tab),
    );
    list.addEventListener("keydown", (event) => this.walk(event));
    this.el.append(list, ...this.tabs.map(({ body }) => body));
    store.on("state", ({ problem }) => this.offer(problem.grid !== null));
  }

  get name(): string | null {
    return this.open?.panel.name ?? null;
  }

  get first(): string | undefined {
    return this.tabs[0]?.panel.name;
  }

  has(name: string): boolean {
    return this.tabs.some(({ panel }) => panel.name === name);
  }

  show(name: string): void {
    const next = this.tabs.find(({ panel }) => panel.name === name);
    if (!next || next === this.open) return;
    this.open?.panel.shown?.(false, this.store);
    this.open = next;
    for (const { tab, body } of this.tabs) {
      const isOpen = tab === next.tab;
      tab.setAttribute("aria-selected", String(isOpen));
      tab.tabIndex = isOpen ? 0 : -1;
      body.hidden = !isOpen;
    }
    next.end ??= next.panel.mount(next.body, this.store);
    next.panel.shown?.(true, this.store);
    this.opened(name);
  }

  end(): void {
    this.open?.panel.shown?.(false, this.store);
    this.tabs.forEach(({ end }) => end?.());
  }

  /** Only what says something of the network that there is. */
  private offer(isGrid: boolean): void {
    for (const { panel, tab } of this.tabs) tab.hidden = isGrid && !panel.forGrids;
    if (this.open?.tab.hidden) this.show(this.first!);
  }

  private make(panel: Panel): Tab {
    const ids = { tab: `tab-${panel.name}`, body: `panel-${panel.name}` };
    const tab = h(
      "button",
      {
        id: ids.tab,
        role: "tab",
        "aria-controls": ids.body,
        "aria-selected": "false",
        tabindex: -1,
        "data-control": `panel-${panel.name}`,
      },
      panel.title,
    );
    tab.addEventListener("click", () => this.show(panel.name));
    const body = h("div", {
      id: ids.body,
      role: "tabpanel",
      "aria-labelledby": ids.tab,
      tabindex: 0,
      class: "card panel",
      hidden: true,
    });
    return { panel, tab, body, end: null };
  }

  /** Arrows walk along the tabs. */
  private walk(event: KeyboardEvent): void {
    const tabs = this.tabs.filter(({ tab }) => !tab.hidden);
    const place = tabs.findIndex(({ tab }) => tab === event.target);
    const last = tabs.length - 1;
    const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: last }[event.key];
    if (next === undefined || place < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const { tab, panel } = tabs[(next + tabs.length) % tabs.length]!;
    tab.focus();
    this.show(panel.name);
  }
}
