// @ts-check
/** How much of a plan goes into a submission: some thirty milliseconds' worth, so that a page stays lively and no driver takes the
 * device for hung. */

/** Seconds that a submission is to take. */
const AIM = 0.03;
/** Multiply-adds and bytes a second that a device is taken for before it is measured. */
const FIRST_RATE = 1e10;
/** Steps of a submission at most. */
const MOST_STEPS = 128;

/** The pace of one plan on one device. */
export class Pace {
  /** What each dispatch costs, in multiply-adds and bytes. @type {number[]} */ #costs;
  #whole;
  #rate = FIRST_RATE;
  #measured = false;

  /** @param {number[]} costs */
  constructor(costs) {
    this.#costs = costs;
    this.#whole = costs.reduce((sum, cost) => sum + cost, 1);
  }

  /** Whole steps of a submission: a single one until it is known how long that takes. */
  steps() {
    if (!this.#measured) return 1;
    return Math.min(MOST_STEPS, Math.max(1, Math.floor((AIM * this.#rate) / this.#whole)));
  }

  /** A step in as many stretches of dispatches as it takes submissions. @returns {[number, number][]} */
  parts() {
    const most = 2 * AIM * this.#rate;
    /** @type {[number, number][]} */
    const parts = [];
    let [from, sum] = [0, 0];
    this.#costs.forEach((cost, at) => {
      if (sum + cost > most && at > from) {
        parts.push([from, at]);
        [from, sum] = [at, 0];
      }
      sum += cost;
    });
    return [...parts, [from, this.#costs.length]];
  }

  /** Takes note of how long a submission took. @param {number} from @param {number} to @param {number} times @param {number} seconds */
  took(from, to, times, seconds) {
    const cost = this.#costs.slice(from, to).reduce((sum, cost) => sum + cost, 0) * times;
    // Half of what is new: a single wait says little.
    this.#measured = true;
    if (cost > 0) this.#rate = (this.#rate + cost / Math.max(1e-3, seconds)) / 2;
  }
}
