/** What the pointer does on the main picture, by the tool in hand. */

import type { Store } from "../store";
import type { Plane } from "./plane";
import { nearest, seenPoints, type Seen, type Shown } from "./points";
import type { PointTools } from "./point_tools";

const REACH = 11;
const APART = 12;

export class Drawing {
  private last: [number, number] | null = null;

  constructor(
    private surface: HTMLElement,
    private store: Store,
    private tools: PointTools,
    private shown: Shown & { erased: Set<number> },
    private plane: () => Plane,
    private redraw: () => void,
  ) {
    surface.addEventListener("pointerdown", (event) => this.begin(event));
    surface.addEventListener("pointermove", (event) => this.go(event));
    surface.addEventListener("pointerup", () => this.finish());
    surface.addEventListener("pointercancel", () => this.cancel());
  }

  private placeOf(event: PointerEvent): [number, number] {
    const box = this.surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private under(x: number, y: number): Seen | null {
    return nearest(seenPoints(this.store.state!, this.plane(), this.shown), x, y, REACH);
  }

  private begin(event: PointerEvent): void {
    if (event.button !== 0 || !this.store.state) return;
    const [x, y] = this.placeOf(event);
    this.last = [x, y];
    const point = this.under(x, y);
    if (this.tools.tool === "select") {
      if (point) this.store.choose("row", this.store.state.buffers.rows[point.i]!);
      return;
    }
    this.surface.setPointerCapture(event.pointerId);
    if (this.tools.tool === "add") this.add(x, y);
    else if (this.tools.tool === "move") this.shown.moved = point;
    else if (point) this.erase(point);
  }

  private go(event: PointerEvent): void {
    if (!this.last || !event.buttons) return;
    const [x, y] = this.placeOf(event);
    if (this.tools.tool === "add" && Math.hypot(x - this.last[0], y - this.last[1]) >= APART) {
      this.last = [x, y];
      this.add(x, y);
    } else if (this.tools.tool === "move" && this.shown.moved) {
      this.shown.moved = { ...this.shown.moved, x, y };
      this.redraw();
    } else if (this.tools.tool === "erase") {
      const point = this.under(x, y);
      if (point) this.erase(point);
    }
  }

  /** Numbers of points hold until the engine answers: so what is erased or moved is sent once, at the end. */
  private finish(): void {
    const { rows } = this.store.state?.buffers ?? { rows: [] };
    const { erased, moved } = this.shown;
    if (erased.size) this.erased([...erased].map((i) => rows[i]!));
    if (moved) this.store.send("draw", { move: [{ index: rows[moved.i], ...this.plane().at(moved.x, moved.y) }] });
    this.last = null;
  }

  /** The rows behind those that go move up: the chosen one stays the same point, or none is chosen. */
  private erased(gone: number[]): void {
    this.store.send("draw", { erase: gone });
    const { row } = this.store;
    if (row === null) return;
    this.store.choose("row", gone.includes(row) ? null : row - gone.filter((one) => one < row).length);
  }

  private cancel(): void {
    this.shown.erased.clear();
    this.shown.moved = null;
    this.last = null;
    this.redraw();
  }

  private add(x: number, y: number): void {
    this.store.send("draw", { add: [{ ...this.plane().at(x, y), target: this.tools.target }] });
  }

  private erase(point: Seen): void {
    this.shown.erased.add(point.i);
    this.redraw();
  }
}
