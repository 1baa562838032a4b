/** The outline around the control that a tour speaks of. */

const CLASS = "tour-target";

export class Highlight {
  private name: string | undefined;

  constructor(private root: HTMLElement) {}

  /** Outline the control and bring it into view; undefined: none. Returns where it is then. */
  show(name: string | undefined): DOMRect | null {
    this.name = name;
    const target = this.refresh();
    target?.scrollIntoView({ block: "nearest", inline: "nearest" });
    return target?.getBoundingClientRect() ?? null;
  }

  /** The page may have built the control anew. */
  refresh(): HTMLElement | null {
    const target = this.name ? this.root.querySelector<HTMLElement>(`[data-control="${this.name}"]`) : null;
    for (const other of this.root.querySelectorAll(`.${CLASS}`)) if (other !== target) other.classList.remove(CLASS);
    target?.classList.add(CLASS);
    return target;
  }
}
