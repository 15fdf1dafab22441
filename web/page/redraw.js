// @ts-check
/** Canvases that are drawn anew, once a frame, when what they show, their size or the colours change. */

/**
 * Draws a canvas in time, and hands out how to ask for it.
 * @param {HTMLCanvasElement} canvas
 * @param {() => boolean | void} draw whether the next frame is to be another
 * @param {() => void} [recoloured] what else changes with the colours
 */
export function redraws(canvas, draw, recoloured = () => {}) {
  let asked = 0;
  const soon = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      if (draw()) soon();
    });
  };
  new ResizeObserver(soon).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    recoloured();
    soon();
  });
  return soon;
}
