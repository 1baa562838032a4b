/** A convolution at work: the picture, each filter, what it finds where, and what pooling leaves of it. */

import { h } from "../dom";
import { figure } from "../panels/figures";
import type { Frame, Inside, State } from "../types";
import { AnswersView } from "./answers_view";
import { CellMap, cellColors, largest } from "./cell_map";
import { factor, type Line, numbers, products, type WorkCard } from "./work";

const KERNEL = 3;
const POOL = 2;

type Stage = "weights" | "sums" | "maps" | "pooled";

interface Chosen {
  stage: Stage;
  unit: number;
  row: number;
  column: number;
}

export class ConvolutionView {
  readonly el: HTMLElement;
  private height: number;
  private width: number;
  private picture: CellMap;
  private filters: Record<Stage, CellMap>[];
  private answers: AnswersView;
  private chosen: Chosen | null = null;
  private frame: Frame | null = null;
  private colors: string[] = [];

  constructor(
    state: State,
    private work: WorkCard,
  ) {
    [this.height = 1, this.width = 1] = state.problem.grid!;
    this.picture = new CellMap("The picture", { rows: this.height, columns: this.width });
    this.answers = new AnswersView(state);
    this.filters = Array.from({ length: state.settings.filters }, (_, unit) => this.filter(unit));
    const heads = ["Filter", "Sum", "ReLU", "Pooled"].map((name) => h("h3", {}, name));
    this.el = h(
      "div",
      { class: "convolution" },
      h("figure", { class: "grid-input" }, h("h3", {}, "Picture"), this.picture.el),
      h("div", { class: "filters" }, ...heads, ...this.filters.flatMap((maps) => Object.values(maps).map(({ el }) => el))),
      h("figure", { class: "grid-answers" }, h("h3", {}, "Output"), this.answers.el),
    );
  }

  recolor(isDark: boolean): void {
    this.colors = cellColors(isDark);
    if (this.frame) this.draw(this.frame);
  }

  draw(frame: Frame): void {
    this.frame = frame;
    const inside = frame.buffers as Inside;
    const { W, sums, pooled } = inside;
    const [strongest, heaviest] = [largest(sums!), largest(W)];
    const cells = this.height * this.width;
    this.picture.draw(inside.x, 0, 1, this.colors);
    this.filters.forEach((maps, unit) => {
      maps.weights.draw(W, unit * KERNEL * KERNEL, heaviest, this.colors);
      maps.sums.draw(sums!, unit * cells, strongest, this.colors);
      maps.maps.draw(inside.maps!, unit * cells, strongest, this.colors);
      maps.pooled.draw(pooled!, (unit * cells) / (POOL * POOL), strongest, this.colors);
    });
    this.answers.draw(frame);
    this.explain();
  }

  private filter(unit: number): Record<Stage, CellMap> {
    const { height: rows, width: columns } = this;
    const map = (stage: Stage, name: string, shape: { rows: number; columns: number }): CellMap =>
      new CellMap(`${name} ${unit + 1}`, shape, (row, column) => this.choose({ stage, unit, row, column }));
    return {
      weights: map("weights", "Weights of filter", { rows: KERNEL, columns: KERNEL }),
      sums: map("sums", "Weighted sums of filter", { rows, columns }),
      maps: map("maps", "Feature map of filter", { rows, columns }),
      pooled: map("pooled", "Pooled map of filter", { rows: rows / POOL, columns: columns / POOL }),
    };
  }

  private choose(chosen: Chosen): void {
    this.chosen = chosen;
    this.explain();
  }

  /** Frame what is chosen and what it is made of, and show how. */
  private explain(): void {
    const { chosen, frame } = this;
    if (!chosen || !frame) return;
    const { stage, unit, row, column } = chosen;
    this.picture.outline(stage === "sums" || stage === "maps" ? this.patchAt(row, column) : null);
    this.filters.forEach((maps, k) => {
      const isHere = k === unit;
      const isSum = isHere && (stage === "sums" || stage === "maps");
      maps.weights.outline(isSum ? [0, 0, KERNEL, KERNEL] : isHere && stage === "weights" ? [row, column] : null);
      maps.sums.outline(isSum ? [row, column] : null);
      maps.maps.outline(
        isSum ? [row, column] : isHere && stage === "pooled" ? [POOL * row, POOL * column, POOL, POOL] : null,
      );
      maps.pooled.outline(isHere && stage === "pooled" ? [row, column] : null);
    });
    const { title, lines } = this.lines(chosen, frame.buffers as Inside);
    this.work.show(title, lines, frame.playing);
  }

  /** The part of a patch that lies in the picture. */
  private patchAt(row: number, column: number): [number, number, number, number] {
    const [top, left] = [Math.max(row - 1, 0), Math.max(column - 1, 0)];
    const [bottom, right] = [Math.min(row + 1, this.height - 1), Math.min(column + 1, this.width - 1)];
    return [top, left, bottom - top + 1, right - left + 1];
  }

  private lines({ stage, unit, row, column }: Chosen, inside: Inside): { title: string; lines: Line[] } {
    const at = `filter ${unit + 1}, row ${row + 1}, column ${column + 1}`;
    if (stage === "weights") return { title: `Weight: ${at}`, lines: weightLines(unit, row, column, inside) };
    if (stage === "pooled") return { title: `Pooled: ${at}`, lines: this.poolLines(unit, row, column, inside) };
    return { title: `Feature map: ${at}`, lines: this.sumLines(unit, row, column, inside) };
  }

  private sumLines(unit: number, row: number, column: number, { x, W, b, sums, maps }: Inside): Line[] {
    const patch = square(KERNEL, (i, j) => this.at(x, row + i - 1, column + j - 1));
    const weights = square(KERNEL, (i, j) => W[(unit * KERNEL + i) * KERNEL + j]!);
    const place = (unit * this.height + row) * this.width + column;
    const terms = patch.flat().flatMap((value, i) => (value ? [products([weights.flat()[i]!], [value])] : []));
    const sum = [...terms, factor(b[unit]!)].join(" + ");
    return [
      h("div", { class: "work-tables" }, numbers("patch", patch), h("span", {}, "·"), numbers("weights", weights)),
      `a = Σ patch · weights + b = ${sum} = ${figure(sums![place]!, 3)}`,
      `z = ReLU(a) = max(0, a) = ${figure(maps![place]!, 3)}`,
      "Zeros are left out of the sum; outside the picture all is 0.",
    ];
  }

  private poolLines(unit: number, row: number, column: number, { maps, pooled }: Inside): Line[] {
    const [height, width] = [this.height, this.width];
    const seen = square(POOL, (i, j) => maps![(unit * height + POOL * row + i) * width + POOL * column + j]!);
    const place = ((unit * height) / POOL + row) * (width / POOL) + column;
    return [
      h("div", { class: "work-tables" }, numbers("of the feature map", seen)),
      `the largest of them: ${figure(pooled![place]!, 3)}`,
      "Backward, the gradient goes to the largest alone.",
    ];
  }

  private at(x: Float32Array, row: number, column: number): number {
    const isInside = row >= 0 && column >= 0 && row < this.height && column < this.width;
    return isInside ? x[row * this.width + column]! : 0;
  }
}

function weightLines(unit: number, row: number, column: number, { W, dW }: Inside): Line[] {
  const place = (unit * KERNEL + row) * KERNEL + column;
  return [
    `w = ${figure(W[place]!, 3)}`,
    `dL/dw of this picture = Σ over all places of dL/da · (the pixel under w) = ${figure(dW![place]!, 3)}`,
    "The same weight is used at every place: so its gradient is a sum over all of them.",
  ];
}

function square(side: number, value: (i: number, j: number) => number): number[][] {
  return Array.from({ length: side }, (_, i) => Array.from({ length: side }, (_, j) => value(i, j)));
}
