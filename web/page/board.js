// @ts-check
/**
 * Sliders of a latent, and the picture that the decoder draws of it. Until a slider is moved they follow a test image, whose latent
 * moves as the encoder learns.
 *
 * @import { Trainer } from "./trainer.js"
 */
import { paint } from "./pictures.js";
import { part } from "./words.js";

/** Sliders, at most; further latents keep the values of the image. */
const MOST = 16;
/** How far sliders reach, at least. */
const REACH = 3;

/** The board of sliders. */
export class Board {
  /** @type {Trainer | null} */ #trainer = null;
  /** @type {HTMLInputElement[]} */ #sliders = [];
  /** The image that is followed or was left. */ #image = 0;
  #follows = true;
  /** The latent. @type {Float32Array} */ z = new Float32Array();
  /** Called when the picture is to be drawn anew. */ onMove = () => {};
  /** Called when an image is chosen. @type {(image: number) => void} */ onChoose = () => {};

  constructor() {
    part("another", HTMLButtonElement).addEventListener("click", () => {
      if (this.#trainer) this.choose((this.#image + 1) % this.#trainer.lookedAt);
    });
  }

  /** @param {Trainer} trainer */
  begin(trainer) {
    const { latent } = trainer.model;
    [this.#trainer, this.#image, this.#follows, this.z] = [trainer, 0, true, new Float32Array(latent)];
    const wanted = trainer.model.generative ? Math.min(MOST, latent) : 0;
    this.#sliders = Array.from({ length: wanted }, (_, at) => {
      const slider = document.createElement("input");
      Object.assign(slider, { type: "range", min: -REACH, max: REACH, step: 0.01, value: 0, id: `z${at + 1}` });
      slider.addEventListener("input", () => {
        this.#follows = false;
        this.z[at] = slider.valueAsNumber;
        this.#label(at);
        this.onMove();
      });
      return slider;
    });
    part("sliders", HTMLElement).replaceChildren(
      ...this.#sliders.map((slider, at) => {
        const [label, value] = [document.createElement("label"), document.createElement("output")];
        const name = document.createElement("span");
        [name.textContent, value.htmlFor.value, value.textContent] = [`z${at + 1}`, slider.id, "0.00"];
        label.append(name, slider, value);
        return label;
      }),
    );
    this.#paintImage();
  }

  /** Follows a test image. @param {number} image */
  choose(image) {
    [this.#image, this.#follows] = [image, true];
    this.#paintImage();
    this.onChoose(image);
  }

  /** Takes note of where the images lie now. @param {Float32Array} means `[images, latent]` */
  update(means) {
    const latent = this.z.length;
    const far = means.reduce((most, x) => Math.max(most, Math.abs(x)), REACH);
    this.#sliders.forEach((slider) => {
      [slider.min, slider.max] = [String(-Math.ceil(far)), String(Math.ceil(far))];
    });
    if (!this.#follows) return;
    this.z = means.slice(this.#image * latent, (this.#image + 1) * latent);
    this.#sliders.forEach((slider, at) => {
      slider.value = String(this.z[at]);
      this.#label(at);
    });
  }

  /** @param {Float32Array} picture */
  show(picture) {
    if (this.#trainer) paint(part("decoded", HTMLCanvasElement), [picture], this.#trainer.model.image, 1);
  }

  #paintImage() {
    const trainer = this.#trainer;
    if (trainer) paint(part("chosen", HTMLCanvasElement), [trainer.picture(this.#image)], trainer.model.stored, 1);
    part("chosen-name", HTMLElement).textContent = `Test image ${this.#image}`;
  }

  /** @param {number} at */
  #label(at) {
    const label = this.#sliders[at].parentElement?.querySelector("output");
    if (label) label.textContent = this.z[at].toFixed(2);
  }
}
