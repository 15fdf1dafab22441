// @ts-check
/** Rows of numbers: where they spread most, who is near whom, and normal noise. */

/** A normal number. */
export function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/**
 * The share of rows most of whose `k` nearest others have their label, in 0 to 1.
 * @param {Float32Array} rows `[count, width]` @param {number} width @param {ArrayLike<number>} labels @param {number} k
 */
export function neighbours(rows, width, labels, k) {
  const count = Math.floor(rows.length / width);
  const near = new Float64Array(k);
  const who = new Int32Array(k);
  let right = 0;
  for (let i = 0; i < count; i++) {
    near.fill(Infinity);
    for (let j = 0; j < count; j++) {
      if (i === j) continue;
      let distance = 0;
      for (let c = 0; c < width; c++) distance += (rows[i * width + c] - rows[j * width + c]) ** 2;
      if (distance >= near[k - 1]) continue;
      let at = k - 1;
      for (; at > 0 && near[at - 1] > distance; at--) [near[at], who[at]] = [near[at - 1], who[at - 1]];
      [near[at], who[at]] = [distance, j];
    }
    // The label that most have; of equals, the one that is nearest.
    const votes = new Map();
    for (const j of who) votes.set(labels[j], (votes.get(labels[j]) ?? 0) + 1);
    const most = Math.max(...votes.values());
    const vote = [...who].find((j) => votes.get(labels[j]) === most) ?? 0;
    if (labels[vote] === labels[i]) right++;
  }
  return count ? right / count : 0;
}

/** The two directions in which rows spread most. They turn smoothly while the rows change. */
export class Plane {
  /** @type {Float64Array[]} */ #axes = [];

  /**
   * Rows seen along the two directions, `[count, 2]`.
   * @param {Float32Array} rows @param {number} width
   */
  project(rows, width) {
    const count = Math.floor(rows.length / width);
    const mean = new Float64Array(width);
    rows.forEach((x, i) => (mean[i % width] += x / count));
    const spread = new Float64Array(width * width);
    for (let i = 0; i < count; i++) {
      for (let a = 0; a < width; a++) {
        const x = rows[i * width + a] - mean[a];
        for (let b = a; b < width; b++) spread[a * width + b] += x * (rows[i * width + b] - mean[b]);
      }
    }
    for (let a = 0; a < width; a++) for (let b = 0; b < a; b++) spread[a * width + b] = spread[b * width + a];
    const [first, second] = this.#turn(spread, width);
    const seen = new Float32Array(count * 2);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < width; c++) {
        const x = rows[i * width + c] - mean[c];
        seen[2 * i] += x * first[c];
        seen[2 * i + 1] += x * second[c];
      }
    }
    return seen;
  }

  /** Powers of the covariance, from where the axes were before. @param {Float64Array} spread @param {number} width */
  #turn(spread, width) {
    if (this.#axes[0]?.length !== width) {
      this.#axes = [0, 1].map((axis) => Float64Array.from({ length: width }, (_, c) => (c === axis ? 1 : 0.01)));
    }
    for (let round = 0; round < 24; round++) {
      /** @type {Float64Array[]} */
      const found = [];
      for (const axis of this.#axes) {
        const next = new Float64Array(width);
        for (let a = 0; a < width; a++) for (let b = 0; b < width; b++) next[a] += spread[a * width + b] * axis[b];
        for (const before of found) {
          const along = next.reduce((sum, x, c) => sum + x * before[c], 0);
          next.forEach((_, c) => (next[c] -= along * before[c]));
        }
        const length = Math.hypot(...next);
        found.push(length > 1e-30 ? next.map((x) => x / length) : axis);
      }
      this.#axes = found;
    }
    return this.#axes;
  }
}
