/** Numbers as they are read: four digits that count, as in the library's own pages. */

export function figure(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return String(Number(value.toPrecision(digits))).replaceAll("-", "−");
}

export function percent(share: number | null | undefined, digits = 0): string {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  return `${(100 * share).toFixed(digits)} %`;
}

/** With its sign, for differences. */
export function signed(value: number, digits = 3): string {
  const text = figure(Math.abs(value), digits);
  if (text === "0") return "±0";
  return (value > 0 ? "+" : "−") + text;
}
