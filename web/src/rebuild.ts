/** New children where the focus stays: an element with the same `data-key` gets it back. */
export function rebuild(el: HTMLElement, ...children: (Node | string)[]): void {
  const active = document.activeElement;
  const key = active instanceof HTMLElement && el.contains(active) ? active.dataset.key : undefined;
  el.replaceChildren(...children);
  if (key !== undefined) el.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
