// @ts-check
/** Pictures on a canvas. */

/** Pixels between pictures of a grid. */
const GAP = 1;

/**
 * Paints a grid of pictures, one pixel to a number; the style sheet enlarges it.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>[]} pictures planar, `[channels, height, width]` each, in 0 to 1
 * @param {[number, number, number]} shape channels, height, width
 * @param {number} columns
 */
export function paint(canvas, pictures, [channels, height, width], columns) {
  const rows = Math.ceil(pictures.length / columns);
  const [w, h] = [columns * (width + GAP) - GAP, Math.max(1, rows * (height + GAP) - GAP)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.clearRect(0, 0, w, h);
  const image = context.createImageData(width, height);
  pictures.forEach((picture, at) => {
    const plane = height * width;
    for (let pixel = 0; pixel < plane; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        const value = picture[(channels === 3 ? channel * plane : 0) + pixel];
        image.data[pixel * 4 + channel] = Math.round(255 * value);
      }
      image.data[pixel * 4 + 3] = 255;
    }
    context.putImageData(image, (at % columns) * (width + GAP), Math.floor(at / columns) * (height + GAP));
  });
}

/** Numbers of a tensor. @param {number[]} shape */
export const sizeOf = (shape) => shape.reduce((product, n) => product * n, 1);

/**
 * The first rows of a tensor of pictures.
 * @param {Float32Array} all @param {[number, number, number]} shape @param {number} count
 */
export function rowsOf(all, shape, count) {
  const size = sizeOf(shape);
  return Array.from({ length: count }, (_, i) => all.subarray(i * size, (i + 1) * size));
}
