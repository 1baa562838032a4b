/** Grids of values as canvas pictures. */

const images = new WeakMap<HTMLCanvasElement, ImageData>();

function imageOf(canvas: HTMLCanvasElement, side: number): ImageData {
  const known = images.get(canvas);
  if (known?.width === side) return known;
  canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  images.set(canvas, image);
  return image;
}

/** Paint `side`² cells, each with its pixel from `pixelOf(cell number)`. */
export function paint(canvas: HTMLCanvasElement, side: number, pixelOf: (i: number) => number): void {
  const image = imageOf(canvas, side);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = pixelOf(i);
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

/** A canvas as sharp as the screen, cleared, in CSS pixels. */
export function sharpContext(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
