// @ts-check
/** The loss curve: every step, and a running mean over it. */
import { redraws } from "./redraw.js";
import { classColour, colour, digits, sharp } from "./words.js";

/** Steps that the running mean remembers. */
const MEMORY = 25;
/** Room for numbers at the left and below, in pixels. */
const [LEFT, BELOW, ABOVE] = [52, 22, 8];

/** Losses over steps. What is added waits for {@link Chart.show}: a frame for every step would cost a slow machine more than it tells. */
export class Chart {
  #canvas;
  /** @type {number[]} */ #steps = [];
  /** @type {number[]} */ #losses = [];
  /** @type {number[]} */ #means = [];
  #soon;
  /** Losses that the canvas shows. */ #drawn = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#soon = redraws(canvas, () => this.#draw());
  }

  clear() {
    [this.#steps, this.#losses, this.#means] = [[], [], []];
    this.#soon();
  }

  /** @param {number} step @param {number} loss */
  add(step, loss) {
    const before = this.#means.at(-1) ?? loss;
    this.#steps.push(step);
    this.#losses.push(loss);
    this.#means.push(before + (loss - before) / Math.min(MEMORY, this.#losses.length));
  }

  /** Draws what was added. */
  show() {
    if (this.#drawn !== this.#losses.length) this.#soon();
  }

  /** The running mean, and none before the first step. */
  get mean() {
    return this.#means.at(-1);
  }

  #draw() {
    const { context, width, height } = sharp(this.#canvas);
    this.#drawn = this.#losses.length;
    const [right, bottom] = [width - 6, height - BELOW];
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = colour("--quiet");
    context.strokeStyle = colour("--line");
    context.lineWidth = 1;
    const steps = this.#steps.length;
    // Nearly all of the curve: the first steps would press the rest flat.
    const sorted = this.#losses.slice(Math.floor(steps / 50)).sort((a, b) => a - b);
    const [low, top] = steps ? [0.005, 0.995].map((part) => sorted[Math.floor(sorted.length * part)]) : [0, 1];
    const high = top > low ? top : low + 1;
    const first = this.#steps[0] ?? 0;
    const last = Math.max(first + 50, this.#steps.at(-1) ?? 0);
    const x = (/** @type {number} */ step) => LEFT + ((right - LEFT) * (step - first)) / (last - first);
    const y = (/** @type {number} */ loss) => ABOVE + (bottom - ABOVE) * (0.04 + (0.92 * (high - loss)) / (high - low));
    context.textBaseline = "middle";
    for (let line = 0; line <= 4; line++) {
      const loss = low + ((high - low) * line) / 4;
      context.beginPath();
      context.moveTo(LEFT, y(loss));
      context.lineTo(right, y(loss));
      context.stroke();
      context.textAlign = "right";
      if (steps) context.fillText(digits(loss), LEFT - 6, y(loss));
    }
    context.textAlign = "left";
    context.fillText(String(first), LEFT, height - 8);
    context.textAlign = "right";
    context.fillText(`step ${last}`, right, height - 8);
    if (!steps) return;
    context.save();
    context.beginPath();
    context.rect(LEFT, 0, right - LEFT, bottom + 2);
    context.clip();
    this.#line(context, this.#losses, x, y, colour("--line-strong"), 1);
    this.#line(context, this.#means, x, y, classColour(8, 12), 2);
    context.restore();
    this.#canvas.setAttribute("aria-label", `Loss over ${steps} steps, now ${digits(this.#means[steps - 1])}`);
  }

  /**
   * No more points than pixels.
   * @param {CanvasRenderingContext2D} context @param {number[]} values @param {(x: number) => number} x
   * @param {(y: number) => number} y @param {string} style @param {number} lineWidth
   */
  #line(context, values, x, y, style, lineWidth) {
    const stride = Math.max(1, Math.floor(values.length / 800));
    context.beginPath();
    for (let i = 0; i < values.length; i += stride) context.lineTo(x(this.#steps[i]), y(values[i]));
    [context.strokeStyle, context.lineWidth, context.lineJoin] = [style, lineWidth, "round"];
    context.stroke();
  }
}
