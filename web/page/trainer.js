// @ts-check
/**
 * A plan on the device with its images: trains, and looks at what was learnt while it does.
 *
 * @import { Model, Recording } from "../plan.js"
 * @import { Entry, List } from "./catalogue.js"
 * @import { Dataset } from "./dataset.js"
 */
import { ReplayError } from "../plan.js";
import { Replayer } from "../replay.js";
import { ADVICE, reader } from "./catalogue.js";
import { DATA, original, pack } from "./dataset.js";
import { rowsOf, sizeOf } from "./pictures.js";

/** Test images that the map shows, at most. */
const LOOKED_AT = 1024;
/** The file of weights. */
export const WEIGHTS = "model.safetensors";
/** Words of a clock before the seed. */
const SEED = 5;

/** A model in training. */
export class Trainer {
  /** @type {Replayer} */ replayer;
  /** @type {Entry} */ entry;
  /** @type {Model} */ model;
  /** @type {Dataset} */ dataset;
  /** @type {AbortController | null} */ #running = null;
  /** @type {Promise<unknown>} */ #turn = Promise.resolve();
  /** The step that training goes to. */ end;

  /**
   * Opens a plan on the device.
   * @param {Entry} entry @param {List} list @param {(model: Model) => Promise<Dataset> | null} own the user's images, if any
   */
  static async open(entry, list, own) {
    const read = reader(entry);
    const replayer = await Replayer.open(read, { files: false, advice: ADVICE });
    try {
      const { recording } = replayer;
      const { model } = recording;
      if (!model) throw new ReplayError("format", "plan.json: it does not say what is trained");
      const dataset = await (own(model) ?? original(entry, list, read, recording, model));
      const data = pack(dataset, recording, model, entry.clock);
      await replayer.begin((name) => (name === DATA ? Promise.resolve(data) : read(name)));
      return new Trainer(replayer, entry, model, dataset);
    } catch (error) {
      replayer.close();
      throw error;
    }
  }

  /**
   * Use {@link Trainer.open}.
   * @param {Replayer} replayer @param {Entry} entry @param {Model} model @param {Dataset} dataset
   */
  constructor(replayer, entry, model, dataset) {
    [this.replayer, this.entry, this.model, this.dataset] = [replayer, entry, model, dataset];
    this.end = model.total_steps;
  }

  close() {
    this.pause();
    this.replayer.close();
  }

  /** Steps that are left. */
  get left() {
    return Math.max(0, this.end - this.replayer.step);
  }

  /** As many steps again. */
  extend() {
    this.end = this.replayer.step + this.model.total_steps;
  }

  get training() {
    return this.#running !== null;
  }

  /** Trains until it is paused or done. @param {(step: number, losses: Float32Array) => void} onLosses */
  async train(onLosses) {
    const running = (this.#running = new AbortController());
    try {
      if (this.left > 0) await this.replayer.train({ steps: this.left, onLosses, signal: running.signal });
    } finally {
      if (this.#running === running) this.#running = null;
    }
  }

  pause() {
    this.#running?.abort();
  }

  /** Compiles what trains, and then what looks at the model. */
  async prepare() {
    for (const { name } of this.replayer.recording.plans) await this.replayer.load(name);
  }

  /** Trains faster from then on, where that is worth the time that it takes. */
  async specialise() {
    if (this.replayer.software) await this.replayer.specialise("train");
  }

  /** Looks share memory: one at a time. @template T @param {() => Promise<T>} look @returns {Promise<T>} */
  #inTurn(look) {
    const turn = this.#turn.then(look);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Test images that can be looked at. */
  get lookedAt() {
    return Math.min(LOOKED_AT, this.dataset.test.count, this.model.test_images);
  }

  /** The representations of test images, `[lookedAt, latent]`. */
  encode() {
    return this.#inTurn(async () => {
      const { replayer, model, lookedAt } = this;
      const { latent, encoded: columns } = model;
      const { plan } = await replayer.load("encode");
      const [rows] = plan.tensors["encoded"].shape;
      /** @type {Promise<Float32Array | Uint32Array>[]} */
      const copies = [];
      for (let from = 0; from < lookedAt; from += rows) {
        replayer.seek(from);
        await replayer.run("encode");
        const copy = replayer.read("encoded", "encode");
        // Nobody waits for it where a later run fails.
        copy.catch(() => {});
        copies.push(copy);
      }
      const means = new Float32Array(lookedAt * latent);
      (await Promise.all(copies)).forEach((copy, at) => {
        const from = at * rows;
        for (let row = 0; row < rows && from + row < lookedAt; row++) {
          means.set(/** @type {Float32Array} */ (copy).subarray(row * columns, row * columns + latent), (from + row) * latent);
        }
      });
      return means;
    });
  }

  /** The first test images, and what the model makes of them. */
  reconstruct() {
    return this.#inTurn(async () => {
      const { replayer, model } = this;
      replayer.seek(0);
      await replayer.run("reconstruct");
      const wanted = ["x", "pictures"].map((name) => replayer.read(name, "reconstruct"));
      const [x, pictures] = await Promise.all(wanted);
      const rows = x.length / sizeOf(model.image);
      const all = [x, pictures].map((values) => rowsOf(/** @type {Float32Array} */ (values), model.image, rows));
      return { inputs: all[0], pictures: all[1] };
    });
  }

  /** Pictures of latents, no more than the plan draws at a time. @param {ArrayLike<number>[]} latents */
  decode(latents) {
    return this.#inTurn(async () => {
      const { replayer, model } = this;
      const { plan } = await replayer.load("decode");
      const z = new Float32Array(plan.tensors["z"].len);
      latents.forEach((row, at) => z.set(row, at * model.latent));
      replayer.write("z", z, "decode");
      await replayer.run("decode");
      const pictures = await replayer.read("pictures", "decode");
      return rowsOf(/** @type {Float32Array} */ (pictures), model.image, latents.length);
    });
  }

  /** A test image in 0 to 1. @param {number} image */
  picture(image) {
    const size = sizeOf(this.model.stored);
    return Float32Array.from(this.dataset.test.pixels.subarray(image * size, (image + 1) * size), (byte) => byte / 255);
  }

  /** The weights as a file that the command line reads. */
  save() {
    return this.replayer.save(WEIGHTS);
  }

  /**
   * Takes weights from a file, and stands before the first step. Nothing trains meanwhile.
   * @param {string} name the user's name of the file @param {Uint8Array} bytes
   */
  load(name, bytes) {
    const { replayer, entry } = this;
    try {
      replayer.restore(WEIGHTS, bytes);
    } catch (error) {
      if (!(error instanceof ReplayError)) throw error;
      throw new ReplayError(error.kind, error.message.replace(WEIGHTS, name));
    }
    for (const moment of ["first moment", "second moment"]) {
      replayer.write(moment, new Float32Array(replayer.recording.tensors[moment].len));
    }
    // Before the first step, with the same seed.
    replayer.write("clock", Uint32Array.from(entry.clock, (word, at) => (at < SEED ? 0 : word)));
    replayer.step = 0;
    this.end = this.model.total_steps;
  }
}
