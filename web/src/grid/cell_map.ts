/** Values as colored cells, any of which can be looked at: by pointer, touch or arrow keys. */

import { pictureColor } from "../colors";
import { s } from "../dom";

const LEVELS = 256;

/** Colors of the values from −1 to 1. */
export function cellColors(isDark: boolean): string[] {
  return Array.from({ length: LEVELS }, (_, i) => pictureColor((2 * i) / (LEVELS - 1) - 1, isDark));
}

export interface Shape {
  rows: number;
  columns: number;
  /** width and height of a cell, and what is free between it and the next one to the right */
  cell?: [number, number];
  gap?: number;
  /** in the gaps: where something flows on to */
  arrows?: "right" | "left";
}

export class CellMap {
  readonly el: SVGSVGElement;
  private cells: SVGRectElement[] = [];
  private shown: Uint8Array;
  private colors: string[] = [];
  private frame = s("rect", { class: "cell-frame", visibility: "hidden" });
  private place = [0, 0];
  private size: [number, number];
  private gap: number;

  /** `pick` hears of the cell that is looked at; without it nothing can be picked. */
  constructor(
    label: string,
    private shape: Shape,
    private pick?: (row: number, column: number) => void,
  ) {
    const { rows, columns } = shape;
    this.size = shape.cell ?? [10, 10];
    this.gap = shape.gap ?? 0;
    this.shown = new Uint8Array(rows * columns);
    const [width, height] = [columns * (this.size[0] + this.gap) - this.gap, rows * this.size[1]];
    for (let i = 0; i < rows * columns; i++) this.cells.push(this.cell(i));
    this.el = s(
      "svg",
      { class: "cells", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, tabindex: pick && 0 },
      ...this.cells,
      ...(shape.arrows ? this.arrows(shape.arrows, height / 2) : []),
      this.frame,
    );
    if (pick) this.listen();
  }

  /** Color the cells by `values` from `first` on, row by row; ±`scale` are the strongest colors. */
  draw(values: ArrayLike<number>, first: number, scale: number, colors: string[]): void {
    const isNew = colors !== this.colors;
    this.colors = colors;
    this.cells.forEach((cell, i) => {
      const share = Math.min(Math.max(values[first + i]! / (scale || 1), -1), 1);
      const level = Math.round(((share + 1) / 2) * (LEVELS - 1));
      if (!isNew && level === this.shown[i]) return;
      this.shown[i] = level;
      cell.setAttribute("fill", colors[level] ?? "none");
    });
  }

  /** Frame so many cells from a place on; null: none. */
  outline(place: [row: number, column: number, rows?: number, columns?: number] | null): void {
    this.frame.setAttribute("visibility", place ? "visible" : "hidden");
    if (!place) return;
    const [row, column, rows = 1, columns = 1] = place;
    const [width, height] = this.size;
    this.frame.setAttribute("x", String(column * (width + this.gap)));
    this.frame.setAttribute("y", String(row * height));
    this.frame.setAttribute("width", String(columns * (width + this.gap) - this.gap));
    this.frame.setAttribute("height", String(rows * height));
  }

  private cell(i: number): SVGRectElement {
    const [width, height] = this.size;
    const [row, column] = [Math.floor(i / this.shape.columns), i % this.shape.columns];
    return s("rect", { x: column * (width + this.gap), y: row * height, width, height, "data-cell": i });
  }

  private arrows(to: "right" | "left", y: number): SVGElement[] {
    const [width] = this.size;
    return Array.from({ length: this.shape.columns - 1 }, (_, i) => {
      const [a, b] = [i * (width + this.gap) + width + 1.5, (i + 1) * (width + this.gap) - 1.5];
      const [start, tip, back] = to === "right" ? [a, b, -3] : [b, a, 3];
      return s("path", { class: "cell-arrow", d: `M${start} ${y}H${tip}m${back} -3l${-back} 3l${back} 3` });
    });
  }

  private listen(): void {
    const choose = (row: number, column: number): void => {
      this.place = [row, column];
      this.pick?.(row, column);
    };
    const under = (event: PointerEvent): void => {
      const cell = (event.target as SVGElement).dataset.cell;
      if (cell !== undefined) choose(Math.floor(Number(cell) / this.shape.columns), Number(cell) % this.shape.columns);
    };
    this.el.addEventListener("pointermove", under);
    this.el.addEventListener("pointerdown", under);
    this.el.addEventListener("focus", () => this.el.matches(":focus-visible") && choose(this.place[0]!, this.place[1]!));
    this.el.addEventListener("keydown", (event) => {
      const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      const within = (place: number, most: number): number => Math.min(Math.max(place, 0), most - 1);
      choose(within(this.place[0]! + by[0]!, this.shape.rows), within(this.place[1]! + by[1]!, this.shape.columns));
    });
  }
}

/** Largest absolute value: what the strongest color stands for. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}
