/** The page of `chainrule playground`: the token, the connection, the address. */

import { keepAddress, readAddress } from "./address";
import { h } from "./dom";
import { Hiding } from "./hide_dialog";
import { show, SocketModel } from "./playground";

const TOKEN = "chainrule-token";
const THEME = "chainrule-theme";

/** The token from the address, which then forgets it; a reload or another tab of this address finds it here. */
function takeToken(): string {
  const pairs = location.hash.replace(/^#/, "").split("&");
  const given = pairs.find((pair) => pair.startsWith("token="))?.slice("token=".length);
  if (given) {
    localStorage.setItem(TOKEN, given);
    const rest = pairs.filter((pair) => !pair.startsWith("token=")).join("&");
    history.replaceState(null, "", rest ? `#${rest}` : location.pathname + location.search);
  }
  return localStorage.getItem(TOKEN) ?? "";
}

/** What is shown where there is no engine (any more). */
function ending(title: string, ...lines: string[]): void {
  const again = h("button", { class: "main", onclick: () => location.reload() }, "Try again");
  const dialog = h(
    "dialog",
    { class: "sheet", "aria-label": title, oncancel: (event: Event) => event.preventDefault() },
    h("h2", {}, title),
    ...lines.map((line) => h("p", {}, line)),
    again,
  );
  document.body.append(dialog);
  dialog.showModal();
}

function begin(): void {
  const token = takeToken();
  document.body.classList.add("chainrule");
  if (!token) {
    ending(
      "This page needs its key",
      "Open the address that `chainrule playground` printed in the terminal, with all that stands behind the #.",
    );
    return;
  }
  const address = readAddress(location.hash);
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const model = new SocketModel(`${scheme}://${location.host}/session`, token);
  const { store, theme, tabs } = show(model, document.body);
  const known = localStorage.getItem(THEME);
  if (known === "light" || known === "dark") theme.choose(known);
  theme.on(() => document.body.dataset.theme && localStorage.setItem(THEME, document.body.dataset.theme));
  const hiding = new Hiding(address.hidden, () => write());
  const write = keepAddress(
    store,
    address,
    () => (tabs.name === tabs.first ? null : tabs.name),
    () => [...hiding.names],
  );
  if (address.panel && tabs.has(address.panel)) tabs.show(address.panel);
  tabs.opened = write;
  document.body.append(
    h(
      "footer",
      { class: "foot" },
      h("span", {}, "Every number comes from Python on this machine."),
      hiding.button(document.body),
    ),
  );
  addEventListener("hashchange", () => location.reload());
  store.on("closed", (reason) => ended(store.catalog !== null, reason));
}

function ended(wasOpen: boolean, reason: string): void {
  if (wasOpen) {
    ending(
      "The engine has stopped",
      reason || "Python closed the connection: the program was ended, or this page was idle for long.",
      "Start `chainrule playground` again and open the address that it prints.",
    );
  } else {
    ending(
      "There is no engine here",
      reason || "Python refused the connection: the key of this page is from an earlier start, or it has ended.",
      "Open the address that `chainrule playground` printed last.",
    );
  }
}

begin();
