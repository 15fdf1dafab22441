// @ts-check
/** Test images over what the model makes of them. */
import { paint } from "./pictures.js";

/** Where the page is narrow, as in the style sheet. */
const NARROW = matchMedia("(max-width: 640px)");

/** Pairs of rows: images, and below each its reconstruction. */
export class Gallery {
  #canvas;
  /** @type {[Float32Array[], Float32Array[], [number, number, number]] | null} */ #shown = null;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    NARROW.addEventListener("change", () => this.#paint());
  }

  clear() {
    this.#shown = null;
    this.#canvas.width = this.#canvas.width;
  }

  /** @param {Float32Array[]} inputs @param {Float32Array[]} pictures @param {[number, number, number]} shape */
  show(inputs, pictures, shape) {
    this.#shown = [inputs, pictures, shape];
    this.#paint();
  }

  #paint() {
    if (!this.#shown) return;
    const [inputs, pictures, shape] = this.#shown;
    const columns = Math.min(NARROW.matches ? 8 : 16, inputs.length);
    const all = [];
    for (let from = 0; from < inputs.length; from += columns) {
      all.push(...inputs.slice(from, from + columns), ...pictures.slice(from, from + columns));
    }
    paint(this.#canvas, all, shape, columns);
  }
}
