// @ts-check
/**
 * Replays recorded plans on the browser's own WebGPU. No dependency, no build step.
 *
 *     const replayer = await Replayer.open(under(new URL("plans/simvae/", location.href)));
 *     await replayer.train({ steps: 500, onLosses: (step, losses) => draw(step, losses) });
 *     const pictures = await replayer.read("pictures", "reconstruct");
 *
 * @import { Step } from "./bind.js"
 * @import { Advice, Dispatch, File, Named, Place, Plan, Read, Recording } from "./plan.js"
 * @typedef {{ plan: Plan, slots: GPUBuffer[], steps: Step[], pace: Pace }} Loaded
 */
import { bind } from "./bind.js";
import { openDevice } from "./device.js";
import { Pace } from "./pace.js";
import { Pipelines } from "./pipelines.js";
import { BY_COMMAND, ReplayError, byteLength, readFile, readRecording, writeFile } from "./plan.js";
import { Staging } from "./staging.js";

export { ReplayError, under } from "./plan.js";

/** Submissions under way before the next one waits. */
const MOST_IN_FLIGHT = 3;
/** Copies on their way to the host before the next one waits. */
const MOST_COPIES = 3;
/** A dispatch that takes at least this share of a plan's time is worth a shader of its own. */
const LEAST_SHARE = 0.01;

/** Plans on a device, and their memory. */
export class Replayer {
  /** @type {Recording} */ recording;
  /** The adapter's name. @type {string} */ adapter;
  /** Which loop computes products. @type {string} */ loop;
  /** Whether the adapter computes on the processor. */ software = false;
  /** Steps done, as the clock of the plan has it. */ step = 0;
  /** @type {GPUDevice} */ #device;
  /** @type {GPUBuffer[]} */ #regions = [];
  /** @type {Map<string, Loaded>} */ #plans = new Map();
  /** @type {Pipelines} */ #pipelines;
  /** @type {Promise<unknown>[]} */ #flight = [];
  /** @type {Staging} */ #staging;
  /** When the device was done with what it was given last, in milliseconds. */ #idle = 0;
  /** @type {ReplayError | null} */ #problem = null;
  /** Fails when the device does, unless this was closed. @type {Promise<never>} */ #failure;
  /** @type {Advice} */ #advice;
  /** @type {(problem: ReplayError) => void} */ #fail;
  #closed = false;

  /**
   * Reads a plan with its files, opens the device and fills its memory.
   *
   * `loop` chooses how products are computed, one of the recording's; unless told, `strip` on software adapters and `tile`
   * elsewhere. `files: false` leaves all memory zero. `advice` is what the user can do here about what goes wrong.
   * @param {Read} read
   * @param {{ loop?: string, adapter?: GPUAdapter, files?: boolean, advice?: Advice }} [options]
   */
  static async open(read, options = {}) {
    const advice = options.advice ?? BY_COMMAND;
    const recording = await readRecording(read, advice.anew);
    const { device, name, software } = await openDevice(recording, options.adapter, advice.smaller);
    const wanted = options.loop ?? (software ? "strip" : "tile");
    if (!recording.loops.includes(wanted)) {
      device.destroy();
      throw new ReplayError("use", `\`${wanted}\` is no loop of this plan, which has ${recording.loops.join(", ")}`);
    }
    const replayer = new Replayer(recording, device, name, wanted, advice);
    replayer.software = software;
    try {
      await replayer.#allocate(() => {
        replayer.#regions = recording.regions.map(({ name, len }) => replayer.#buffer(name, len));
      });
      if (options.files !== false) await replayer.begin(read);
    } catch (error) {
      replayer.close();
      throw error;
    }
    return replayer;
  }

  /**
   * Brings all memory that files fill to what they say: begins anew.
   * @param {Read} read
   */
  async begin(read) {
    for (const file of this.recording.files) {
      const bytes = await read(file.name);
      if (bytes) this.restore(file.name, bytes);
      else if (file.optional) this.#clear(file);
      else throw new ReplayError("contents", `${file.name}: there is none beside the plan; ${this.#advice.anew}`);
    }
    this.step = this.recording.model?.step ?? 0;
  }

  /**
   * Use {@link Replayer.open}.
   * @param {Recording} recording @param {GPUDevice} device @param {string} adapter @param {string} loop @param {Advice} advice
   */
  constructor(recording, device, adapter, loop, advice) {
    [this.recording, this.adapter, this.loop, this.#device] = [recording, adapter, loop, device];
    this.#advice = advice;
    [this.#pipelines, this.#staging] = [new Pipelines(device, recording), new Staging(device)];
    /** @type {(problem: ReplayError) => void} */
    let reject = () => {};
    this.#failure = new Promise((_, refuse) => (reject = refuse));
    this.#failure.catch(() => {});
    this.#fail = (problem) => {
      if (this.#closed) return;
      this.#problem ??= problem;
      reject(this.#problem);
    };
    device.lost.then(({ message, reason }) => {
      const problem = `the graphics device was lost (${message || reason}); what was saved is safe: load the page again`;
      this.#fail(new ReplayError("lost", problem));
    });
    device.onuncapturederror = ({ error }) =>
      this.#fail(new ReplayError("lost", `the graphics device refused: ${error.message}`));
  }

  /** The device, for those who look closer. */
  get device() {
    return this.#device;
  }

  /** Fails in words when the device does, whatever is done then; never where this was closed before. */
  get failure() {
    return this.#failure;
  }

  /** Frees everything. */
  close() {
    this.#closed = true;
    this.#device.destroy();
  }

  /**
   * Compiles a plan and binds its memory, before its first replay would.
   * @param {string} name
   */
  async load(name) {
    const loaded = this.#plans.get(name);
    if (loaded) return loaded;
    const plan = this.recording.plans.find((plan) => plan.name === name);
    if (!plan) {
      const names = this.recording.plans.map((plan) => plan.name);
      throw new ReplayError("use", `there is no plan \`${name}\`, but ${names.join(", ")}`);
    }
    const starts = plan.dispatches.map((dispatch) => this.#start(dispatch));
    const compiled = await this.#guard(Promise.all(starts.map(({ shader }) => this.#pipelines.get(shader))));
    const again = this.#plans.get(name);
    if (again) return again;
    return this.#allocate(() => {
      const slots = plan.slots.map(({ len }, slot) => this.#buffer(`${name}, slot ${slot}`, len));
      const steps = bind(this.#device, plan, starts, compiled, (place) => this.#bound(slots, place));
      const loaded = { plan, slots, steps, pace: new Pace(steps.map((step) => step.cost)) };
      this.#plans.set(name, loaded);
      return loaded;
    });
  }

  /**
   * Compiles what takes most of a plan's time again, for its own sizes: a software adapter runs it a fifth faster.
   * @param {string} name
   * @returns {Promise<number>} how many of its dispatches that are
   */
  async specialise(name) {
    const { plan, steps } = await this.load(name);
    const least = LEAST_SHARE * steps.reduce((sum, { cost }) => sum + cost, 0);
    const chosen = plan.dispatches.filter((_, at) => steps[at].cost >= least);
    const compiled = chosen.map(async (dispatch) => {
      const sizes = dispatch.bindings.map(({ len }) => len);
      const { pipeline } = await this.#pipelines.get(this.#start(dispatch).shader, sizes);
      // Its bindings stay: both shaders have the same layout.
      steps[plan.dispatches.indexOf(dispatch)].pipeline = pipeline;
    });
    await this.#guard(Promise.all(compiled));
    return chosen.length;
  }

  /**
   * Replays a plan. Comes back when all work is queued, and the device has little left of it.
   * @param {string} name @param {number} [times]
   */
  async run(name, times = 1) {
    const loaded = await this.load(name);
    for (let left = times; left > 0; ) {
      const steps = Math.min(left, loaded.pace.steps());
      for (const [from, to] of loaded.pace.parts()) await this.#submit(loaded, from, to, steps);
      left -= steps;
    }
  }

  /**
   * Trains: replays the plan `train`, and hands out the losses of each step, in order.
   * @param {{ steps: number, onLosses?: (step: number, losses: Float32Array) => void, signal?: AbortSignal }} options
   * @returns {Promise<number>} the steps done in all
   */
  async train({ steps, onLosses = () => {}, signal }) {
    const loaded = await this.load("train");
    const until = this.step + steps;
    const names = this.recording.model?.losses ?? [];
    const [capacity, columns] = this.recording.tensors["losses"].shape;
    /** @type {Promise<void>[]} */
    const copies = [];
    while (this.step < until && !signal?.aborted) {
      const now = Math.min(until - this.step, loaded.pace.steps(), capacity / 2);
      await this.run("train", now);
      const from = this.step;
      this.step += now;
      const copy = this.read("losses").then((log) => {
        for (let step = from + 1; step <= from + now; step++) {
          const row = log.subarray((step % capacity) * columns, (step % capacity) * columns + columns);
          const bad = row.findIndex((loss) => !Number.isFinite(loss));
          if (bad >= 0) {
            const what = `the loss term \`${names[bad]}\` is ${row[bad]} at step ${step}`;
            throw new ReplayError("diverged", `${what}: ${this.#advice.slower}`);
          }
          onLosses(step, /** @type {Float32Array} */ (row));
        }
      });
      copy.catch(() => {});
      copies.push(copy);
      if (copies.length > MOST_COPIES) await copies.shift();
    }
    await Promise.all(copies);
    return this.step;
  }

  /**
   * Writes a tensor of the recording, or of a plan that is loaded.
   * @param {string} name @param {Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>} values @param {string} [plan]
   */
  write(name, values, plan) {
    const { buffer, offset, size, type } = this.#locate(name, plan);
    if (values.byteLength !== size || (type === "f32") !== values instanceof Float32Array) {
      throw new ReplayError("use", `\`${name}\` has ${size / 4} elements of ${type}, and ${values.length} were given`);
    }
    if (size) this.#device.queue.writeBuffer(buffer, offset, values);
  }

  /**
   * Reads a tensor as it is after all work queued before.
   * @param {string} name @param {string} [plan]
   */
  async read(name, plan) {
    const { buffer, offset, size, type } = this.#locate(name, plan);
    const bytes = await this.#bytes(buffer, offset, size);
    return type === "f32" ? new Float32Array(bytes) : new Uint32Array(bytes);
  }

  /** Points the plans that read images in order at an image. @param {number} first */
  seek(first) {
    this.write("reading clock", Uint32Array.of(1, 0, first, 0, 0, 0, 0, 0));
  }

  /**
   * Takes weights or data from the bytes of one of the plan's files. Nothing is changed where they do not fit.
   * @param {string} name @param {Uint8Array} bytes
   */
  restore(name, bytes) {
    const file = this.#file(name);
    readFile(file, bytes).forEach((part, at) => {
      const { region, offset } = file.tensors[at];
      // Whole words: four bytes at a time are written.
      const padded = new Uint8Array(Math.ceil(part.length / 4) * 4);
      padded.set(part);
      if (padded.length) this.#device.queue.writeBuffer(this.#regions[region], offset * 4, padded);
    });
  }

  /**
   * One of the plan's files as it is now: what the command line imports.
   * @param {string} name
   */
  async save(name) {
    const file = this.#file(name);
    const numbers = [...new Set(file.tensors.map(({ region }) => region))];
    const copies = numbers.map((region) => this.#bytes(this.#regions[region], 0, this.#regions[region].size));
    const bytes = await Promise.all(copies);
    const parts = file.tensors.map((stored) => {
      const whole = bytes[numbers.indexOf(stored.region)];
      return new Uint8Array(whole, stored.offset * 4, byteLength(stored));
    });
    return writeFile(file, parts);
  }

  /** What a file that is missing leaves: zeros. @param {File} file */
  #clear(file) {
    const encoder = this.#device.createCommandEncoder();
    for (const stored of file.tensors) {
      const size = Math.ceil(byteLength(stored) / 4) * 4;
      if (size) encoder.clearBuffer(this.#regions[stored.region], stored.offset * 4, size);
    }
    this.#device.queue.submit([encoder.finish()]);
  }

  /** @param {string} name */
  #file(name) {
    const file = this.recording.files.find((file) => file.name === name);
    if (!file) throw new ReplayError("use", `the plan has no file \`${name}\``);
    return file;
  }

  /** @param {string} name @param {string} [plan] */
  #locate(name, plan) {
    const loaded = plan === undefined ? undefined : this.#plans.get(plan);
    if (plan !== undefined && !loaded) throw new ReplayError("use", `plan \`${plan}\` is not loaded`);
    const named = (loaded ? loaded.plan : this.recording).tensors[name];
    if (!named) throw new ReplayError("use", `there is no tensor \`${name}\`${plan === undefined ? "" : ` in plan \`${plan}\``}`);
    const { buffer, offset = 0 } = this.#bound(loaded?.slots ?? [], named);
    return { buffer, offset, size: named.len * 4, type: named.type };
  }

  /** @param {GPUBuffer[]} slots @param {Place} place @returns {GPUBufferBinding} */
  #bound(slots, { region, slot, offset = 0, len }) {
    const buffer = region === undefined ? slots[/** @type {number} */ (slot)] : this.#regions[region];
    return len ? { buffer, offset: offset * 4, size: len * 4 } : { buffer };
  }

  /** A buffer is never empty. @param {string} label @param {number} len elements */
  #buffer(label, len) {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return this.#device.createBuffer({ label, size: Math.max(1, len) * 4, usage });
  }

  /** How a dispatch is started with the loop that was chosen. @param {Dispatch} dispatch */
  #start({ launches }) {
    return launches[launches.length === 1 ? 0 : this.recording.loops.indexOf(this.loop)];
  }

  /**
   * Makes buffers and what binds them, and says what the device has against it.
   * @template T @param {() => T} make @returns {Promise<T>}
   */
  async #allocate(make) {
    this.#device.pushErrorScope("validation");
    this.#device.pushErrorScope("out-of-memory");
    const made = make();
    const [memory, validation] = [this.#device.popErrorScope(), this.#device.popErrorScope()];
    const [lack, fault] = await this.#guard(Promise.all([memory, validation]));
    if (lack) {
      const problem = `${this.adapter} has too little memory (${lack.message})`;
      throw new ReplayError("memory", `${problem}: ${this.#advice.smaller}`);
    }
    if (fault) throw new ReplayError("format", `the plan cannot be bound: ${fault.message}`);
    return made;
  }

  /** @param {Loaded} loaded @param {number} from @param {number} to dispatches @param {number} times */
  async #submit({ steps, pace }, from, to, times) {
    if (this.#problem) throw this.#problem;
    while (this.#flight.length >= MOST_IN_FLIGHT) await this.#guard(this.#flight[0]);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    const part = steps.slice(from, to);
    for (let time = 0; time < times; time++) {
      for (const { pipeline, group, workgroups } of part) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...workgroups);
      }
    }
    pass.end();
    const began = performance.now();
    this.#device.queue.submit([encoder.finish()]);
    const done = this.#device.queue.onSubmittedWorkDone().then(
      () => {
        const now = performance.now();
        pace.took(from, to, times, (now - Math.max(began, this.#idle)) / 1000);
        this.#idle = now;
      },
      // The device fails in words of its own.
      () => {},
    );
    const gone = done.finally(() => this.#flight.splice(this.#flight.indexOf(gone), 1));
    this.#flight.push(gone);
  }

  /** @param {GPUBuffer} buffer @param {number} offset @param {number} size */
  #bytes(buffer, offset, size) {
    if (this.#problem) throw this.#problem;
    return this.#guard(this.#staging.copy(buffer, offset, size));
  }

  /**
   * Waits, and fails in words when the device does.
   * @template T @param {Promise<T>} promise @returns {Promise<T>}
   */
  async #guard(promise) {
    try {
      return await Promise.race([promise, this.#failure]);
    } catch (error) {
      if (error instanceof ReplayError) throw error;
      // What failed may have failed because the device did, which it tells a moment later.
      const { message } = /** @type {Error} */ (error);
      const moment = new Promise((resolve) => setTimeout(resolve, 200));
      await Promise.race([moment, this.#failure]);
      throw new ReplayError("lost", `the graphics device failed: ${message}`);
    }
  }
}
