// @ts-check
/** The map of latents: a point for each image, coloured by its class; points drift to where training takes them. */
import { Plane } from "./numbers.js";
import { redraws } from "./redraw.js";
import { classColour, colour, sharp } from "./words.js";

/** Milliseconds that points take from where they were to where they are. */
const DRIFT = 350;
const MARGIN = 14;

/** Where images lie in the latent space. */
export class LatentMap {
  /** @type {HTMLCanvasElement} */ #canvas;
  /** @type {HTMLElement} */ #legend;
  #plane = new Plane();
  /** @type {Float32Array} */ #from = new Float32Array();
  /** @type {Float32Array} */ #to = new Float32Array();
  #began = 0;
  #soon;
  /** @type {ArrayLike<number>} */ #labels = [];
  #classes = 1;
  #chosen = -1;
  #drifts = true;
  /** Called with an image that is pointed at. @type {(image: number) => void} */ onChoose = () => {};

  /** @param {HTMLCanvasElement} canvas @param {HTMLElement} legend */
  constructor(canvas, legend) {
    [this.#canvas, this.#legend] = [canvas, legend];
    canvas.addEventListener("click", (event) => {
      const image = this.#nearest(event.offsetX, event.offsetY);
      if (image >= 0) this.onChoose(image);
    });
    const draw = () => {
      this.#draw();
      return performance.now() - this.#began < DRIFT;
    };
    this.#soon = redraws(canvas, draw, () => this.#paintLegend());
  }

  /**
   * Begins with other images.
   * @param {ArrayLike<number>} labels @param {string[]} classes none where images have no class
   * @param {boolean} drifts whether points are seen on their way: where the processor trains, each frame would be taken from it
   */
  begin(labels, classes, drifts) {
    this.#drifts = drifts;
    [this.#labels, this.#classes, this.#chosen] = [labels, classes.length, -1];
    [this.#from, this.#to] = [new Float32Array(), new Float32Array()];
    this.#legend.replaceChildren(
      ...classes.map((name) => {
        const entry = document.createElement("li");
        entry.append(document.createElement("i"), name);
        return entry;
      }),
    );
    this.#paintLegend();
    this.#soon();
  }

  #paintLegend() {
    this.#legend.querySelectorAll("i").forEach((dot, at) => (dot.style.background = classColour(at, this.#classes)));
  }

  /**
   * Moves the points.
   * @param {Float32Array} rows `[images, width]` @param {number} width @param {boolean} principal seen along the principal
   *   components, not the first two dimensions
   */
  show(rows, width, principal) {
    const next = width > 1 && principal ? this.#plane.project(rows, width) : firstTwo(rows, width);
    centre(next);
    const drifts = this.#drifts && !matchMedia("(prefers-reduced-motion: reduce)").matches && this.#to.length === next.length;
    this.#from = drifts ? this.#now() : next;
    [this.#to, this.#began] = [next, drifts ? performance.now() : -DRIFT];
    this.#soon();
  }

  /** Rings the point of an image. @param {number} image */
  choose(image) {
    this.#chosen = image;
    this.#soon();
  }

  /** Where the points are now, on their way. */
  #now() {
    const t = Math.min(1, (performance.now() - this.#began) / DRIFT);
    const eased = t * (2 - t);
    return this.#to.map((x, i) => this.#from[i] + (x - this.#from[i]) * eased);
  }

  /** @param {number} width @param {number} height */
  #place(width, height) {
    const scale = Math.min(width, height) / 2 - MARGIN;
    return (/** @type {number} */ x, /** @type {number} */ y) => [width / 2 + x * scale, height / 2 - y * scale];
  }

  /** The image whose point is nearest, -1 where none is near. @param {number} x @param {number} y */
  #nearest(x, y) {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const place = this.#place(width, height);
    let [best, image] = [20 ** 2, -1];
    for (let i = 0; i * 2 < this.#to.length; i++) {
      const [px, py] = place(this.#to[2 * i], this.#to[2 * i + 1]);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < best) [best, image] = [distance, i];
    }
    return image;
  }

  #draw() {
    const { context, width, height } = sharp(this.#canvas);
    const place = this.#place(width, height);
    const points = this.#now();
    const radius = Math.max(1.6, Math.min(width, height) / 150);
    const colours = Array.from({ length: Math.max(1, this.#classes) }, (_, at) => classColour(at, this.#classes));
    context.globalAlpha = 0.8;
    for (let i = 0; i * 2 < points.length; i++) {
      const [x, y] = place(points[2 * i], points[2 * i + 1]);
      context.fillStyle = colours[this.#labels[i] % colours.length] ?? colours[0];
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    if (this.#chosen >= 0 && this.#chosen * 2 < points.length) {
      const [x, y] = place(points[2 * this.#chosen], points[2 * this.#chosen + 1]);
      [context.strokeStyle, context.lineWidth] = [colour("--text"), 2];
      context.beginPath();
      context.arc(x, y, radius + 5, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

/** @param {Float32Array} rows @param {number} width */
function firstTwo(rows, width) {
  const seen = new Float32Array((rows.length / width) * 2);
  for (let i = 0; i * width < rows.length; i++) {
    seen[2 * i] = rows[i * width];
    seen[2 * i + 1] = width > 1 ? rows[i * width + 1] : 0;
  }
  return seen;
}

/** How much wider than high the map is. */
const WIDE = 1.4;

/** Brings points into the map, all but the farthest of them, which stay at its edge. @param {Float32Array} points */
function centre(points) {
  const count = points.length / 2;
  if (!count) return;
  const mean = [0, 0];
  points.forEach((x, i) => (mean[i % 2] += x / count));
  points.forEach((x, i) => (points[i] = x - mean[i % 2]));
  const far = points.map((x, i) => Math.abs(i % 2 ? x : x / WIDE)).sort();
  const scale = far[Math.floor(far.length * 0.993)] || 1;
  points.forEach((x, i) => {
    const most = i % 2 ? 1 : WIDE;
    points[i] = Math.max(-most, Math.min(most, x / scale));
  });
}
