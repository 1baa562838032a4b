/** Light or dark, as the page has it now. */

import { Theme } from "../theme";
import type { Stop } from "./while_shown";

/** Calls `draw` at once and at every change of the theme, because canvases do not follow style sheets. */
export function withTheme(el: HTMLElement, draw: (isDark: boolean) => void): Stop {
  const root = rootOf(el);
  const theme = new Theme(root);
  const tell = (): void => draw(theme.isDark);
  const chosen = new MutationObserver(tell);
  chosen.observe(root, { attributeFilter: ["data-theme"] });
  theme.on(tell);
  tell();
  return () => {
    chosen.disconnect();
    theme.end();
  };
}

/** The element that holds the whole page. */
export function rootOf(el: HTMLElement): HTMLElement {
  return el.closest<HTMLElement>(".chainrule") ?? el;
}
