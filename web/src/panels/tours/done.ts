/** Which tasks are done, remembered between visits where the browser allows it. */

const KEY = "chainrule.tours";

export class DoneTasks {
  private names = new Set(read());

  has(name: string): boolean {
    return this.names.has(name);
  }

  add(name: string): void {
    this.names.add(name);
    this.write();
  }

  clear(): void {
    this.names.clear();
    this.write();
  }

  /** A browser that stores nothing still knows it until the page is closed. */
  private write(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify([...this.names]));
    } catch {
      return;
    }
  }
}

function read(): string[] {
  try {
    const names: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
