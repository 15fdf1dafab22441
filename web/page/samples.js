// @ts-check
/**
 * Pictures of contents: SimVAE's p(z given y), a row for each content y, or the prior of the other methods.
 *
 * @import { Trainer } from "./trainer.js"
 */
import { normal } from "./numbers.js";
import { paint } from "./pictures.js";
import { part } from "./words.js";

/** Rows, and pictures that are drawn for each. */
const [ROWS, DRAWN] = [4, 7];

/** Four rows of samples. Their noise stays until it is drawn anew, so that training shows in them. */
export class Samples {
  /** @type {Trainer | null} */ #trainer = null;
  /** @type {Float32Array} */ #noise = new Float32Array();
  /** @type {number[]} */ #images = [];
  /** Called when there is something else to draw. */ onChange = () => {};

  constructor() {
    part("draw", HTMLButtonElement).addEventListener("click", () => this.#again());
    part("content", HTMLSelectElement).addEventListener("change", () => this.#again());
  }

  /** @param {Trainer} trainer */
  begin(trainer) {
    this.#trainer = trainer;
    const around = trainer.entry.variance !== null;
    const content = part("content", HTMLSelectElement);
    const classes = trainer.dataset.classes.map((name, at) => new Option(`y: ${name}`, String(at)));
    content.replaceChildren(new Option(around ? "y: any image" : "the prior", ""), ...(around ? classes : []));
    content.disabled = content.options.length < 2;
    part("samples-about", HTMLElement).textContent = around
      ? "Each row: a test image, whose representation is the content y, and pictures of z drawn from p(z | y): the same content in other styles."
      : "Pictures of z drawn from the prior, N(0, 1). Only SimVAE has a p(z | y), whose samples share a content.";
    this.#draw();
  }

  #again() {
    this.#draw();
    this.onChange();
  }

  #draw() {
    const trainer = this.#trainer;
    if (!trainer) return;
    this.#noise = Float32Array.from({ length: ROWS * DRAWN * trainer.model.latent }, normal);
    const wanted = part("content", HTMLSelectElement).value;
    const known = Array.from({ length: trainer.lookedAt }, (_, image) => image);
    const some = known.filter((image) => wanted === "" || trainer.dataset.test.labels[image] === Number(wanted));
    const from = some.length ? some : known;
    this.#images = Array.from({ length: ROWS }, () => from.splice(Math.floor(Math.random() * from.length), 1)[0] ?? known[0]);
  }

  /** The latents to draw. @param {Float32Array} means of the test images @returns {Float32Array[]} */
  latents(means) {
    const trainer = this.#trainer;
    if (!trainer) return [];
    const { latent } = trainer.model;
    const { variance } = trainer.entry;
    return Array.from({ length: ROWS * DRAWN }, (_, at) => {
      const noise = this.#noise.subarray(at * latent, (at + 1) * latent);
      if (variance === null) return noise;
      const image = this.#images[Math.floor(at / DRAWN)];
      return noise.map((x, i) => means[image * latent + i] + Math.sqrt(variance) * x);
    });
  }

  /** @param {Float32Array[]} pictures */
  show(pictures) {
    const trainer = this.#trainer;
    if (!trainer) return;
    const { image: shape, stored } = trainer.model;
    const canvas = part("samples", HTMLCanvasElement);
    // Where images are kept larger than they are seen, there is no picture of y that fits the row.
    if (trainer.entry.variance === null || String(shape) !== String(stored)) return paint(canvas, pictures, shape, DRAWN);
    const rows = this.#images.flatMap((image, row) => [trainer.picture(image), ...pictures.slice(row * DRAWN, (row + 1) * DRAWN)]);
    paint(canvas, rows, shape, DRAWN + 1);
  }
}
