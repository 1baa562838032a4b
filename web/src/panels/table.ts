/** Your data: a table from a file or the clipboard, or one that comes with the library. */

import { sendTable } from "../controls/data_column";
import { h, select } from "../dom";
import type { Store } from "../store";
import type { State } from "../types";
import { columnTable } from "./columns";
import { panelOf, together } from "./while_shown";

export const table = panelOf("table", "Your data", (el, store) => {
  const said = h("p", { class: "hint", role: "status" });
  const limit = h("span", {});
  const own = ownTable(store, said, limit);
  const bundled = h("section", {});
  const current = h("section", {});
  el.append(
    h(
      "p",
      { class: "lead" },
      "Any table in a CSV file: a line per row, the names of the columns in the first line. Your data stay on the machine that runs chainrule: they go to the Python process behind this page and nowhere else.",
    ),
    h("div", { class: "panel-columns" }, h("div", {}, own, said, bundled), current),
  );
  return () =>
    together(
      store.on("catalog", ({ limits }) => {
        limit.textContent = `, up to ${(limits.table_bytes / 1e6).toFixed(0)} MB`;
        bundled.replaceChildren(...bundledTables(store));
      }),
      store.on("state", (state) => {
        said.textContent = "";
        current.replaceChildren(...inUse(store, state));
      }),
      store.on("refused", (message) => (said.textContent = message)),
    );
});

function ownTable(store: Store, said: HTMLElement, limit: HTMLElement): HTMLElement {
  const sendFile = async (file: File | undefined): Promise<void> => {
    if (file) await send(store, file, said);
  };
  const input = h("input", {
    type: "file",
    accept: ".csv,.tsv,.txt,.parquet,text/csv",
    class: "unseen",
    tabindex: "-1",
    "aria-label": "CSV file",
    onchange: () => void sendFile(input.files?.[0]).then(() => (input.value = "")),
  });
  const zone = h(
    "div",
    {
      class: "drop-zone",
      ondragover: (event: DragEvent) => (event.preventDefault(), zone.classList.add("is-over")),
      ondragleave: () => zone.classList.remove("is-over"),
      ondrop: (event: DragEvent) => {
        event.preventDefault();
        zone.classList.remove("is-over");
        void sendFile(event.dataTransfer?.files[0]);
      },
    },
    h("p", {}, "Drop a CSV file here", limit),
    h("button", { type: "button", onclick: () => input.click() }, "Choose a file …"),
    input,
  );
  return h("section", {}, h("h3", {}, "Your own table"), zone, pasteArea(store, said));
}

function pasteArea(store: Store, said: HTMLElement): HTMLElement {
  const text = h("textarea", {
    rows: "5",
    spellcheck: "false",
    placeholder: "age,height,smokes\n41,172,no\n…",
    "aria-label": "Table as text",
  });
  const use = (): void => {
    if (text.value.trim()) void send(store, new File([text.value], "pasted.csv"), said);
    else said.textContent = "Paste a table first: names of the columns, then a line per row.";
  };
  return h(
    "details",
    {},
    h("summary", {}, "Paste a table as text"),
    text,
    h("button", { type: "button", onclick: use }, "Use this table"),
  );
}

/** The engine answers with a state, or refuses in words. */
async function send(store: Store, file: File, said: HTMLElement): Promise<void> {
  said.textContent = `Reading ${file.name} …`;
  await sendTable(store, store.catalog!, file);
}

function bundledTables(store: Store): HTMLElement[] {
  const tables = store.catalog?.data_sets.filter((choice) => choice.kind === "table") ?? [];
  if (!tables.length) return [];
  const items = tables.map((choice) =>
    h(
      "li",
      {},
      h("button", { type: "button", onclick: () => store.set({ data: { kind: choice.name } }) }, choice.label),
      h("span", { class: "hint" }, [choice.task, choice.text].filter(Boolean).join(": ")),
    ),
  );
  return [h("h3", {}, "Tables to try"), h("ul", { class: "bundled" }, ...items)];
}

function inUse(store: Store, state: State): HTMLElement[] {
  const { problem } = state;
  const head = h("h3", {}, `In use: ${problem.title}`);
  const size = h(
    "p",
    { class: "hint" },
    `${problem.task}, ${problem.n_train.toLocaleString("en")} training rows, ${problem.n_test.toLocaleString("en")} test rows.`,
  );
  const isOwn = state.settings.data.kind === "table";
  const isBundled = store.catalog?.data_sets.some(
    (choice) => choice.kind === "table" && choice.name === state.settings.data.kind,
  );
  if (!isOwn && !isBundled)
    return [
      head,
      size,
      h("p", { class: "hint" }, "These are points of the plane. Take a table, and its columns are chosen here."),
    ];
  const target = isOwn ? targetChoice(store, state) : h("p", {}, `Target: ${problem.target}`);
  return [head, size, target, columnTable(problem, (columns) => store.send("table", { name: problem.title, columns }))];
}

function targetChoice(store: Store, { problem }: State): HTMLElement {
  const names = new Set([...problem.columns.map((column) => column.name), problem.target]);
  const choices = [...names].map((name) => ({ name, label: name }));
  return select("Target: what is predicted", choices, problem.target, (target) =>
    store.send("table", { name: problem.title, target }),
  );
}
