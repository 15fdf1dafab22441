// @ts-check
/** How fast training is now: over the last seconds. */

/** Milliseconds that count. */
const WINDOW = 3000;

/** Steps and when they were done. */
export class Speed {
  /** @type {[number, number][]} */ #done = [];

  clear() {
    this.#done = [];
  }

  /** @param {number} step */
  add(step) {
    const now = performance.now();
    this.#done.push([now, step]);
    while (this.#done[0][0] < now - WINDOW) this.#done.shift();
  }

  /** Steps a second; 0 where it is not known yet. */
  steps() {
    const [first, last] = [this.#done[0], this.#done.at(-1)];
    return first && last && last[0] > first[0] ? ((last[1] - first[1]) / (last[0] - first[0])) * 1000 : 0;
  }
}
