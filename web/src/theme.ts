/** Light or dark: as the system says, until somebody chooses. */

export class Theme {
  private system = matchMedia("(prefers-color-scheme: dark)");
  private listeners = new Set<() => void>();
  private tell = () => this.listeners.forEach((listener) => listener());

  constructor(private root: HTMLElement) {
    this.system.addEventListener("change", this.tell);
  }

  get isDark(): boolean {
    const chosen = this.root.dataset.theme;
    return chosen ? chosen === "dark" : this.system.matches;
  }

  choose(name: "light" | "dark"): void {
    this.root.dataset.theme = name;
    this.tell();
  }

  /** Called at every change; canvases do not follow style sheets by themselves. */
  on(listener: () => void): void {
    this.listeners.add(listener);
  }

  end(): void {
    this.system.removeEventListener("change", this.tell);
    this.listeners.clear();
  }
}
