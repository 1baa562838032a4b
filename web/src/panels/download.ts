/** Texts and bytes that leave the page: to a file, to the clipboard. */

import { h } from "../dom";

export function download(fileName: string, content: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: address, download: fileName }).click();
  // the browser reads the address after the click has returned
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A button that copies a text; where the clipboard is closed to pages, `shown` is selected instead. */
export function copyButton(label: string, text: () => string, shown: HTMLElement): HTMLButtonElement {
  const button = h("button", { type: "button", onclick: () => void copy() }, label);
  const say = (answer: string): void => {
    button.textContent = answer;
    setTimeout(() => (button.textContent = label), 2500);
  };
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      say("✓ Copied");
    } catch {
      select(shown);
      say("Selected: press Ctrl+C or ⌘C");
    }
  };
  return button;
}

function select(element: HTMLElement): void {
  element.focus();
  if (element instanceof HTMLInputElement) element.select();
  else getSelection()?.selectAllChildren(element);
}
