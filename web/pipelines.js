// @ts-check
/**
 * Compute pipelines: each shader of a recording is compiled once for any sizes, beside the others.
 *
 * @import { Recording } from "./plan.js"
 * @typedef {{ pipeline: GPUComputePipeline, layout: GPUBindGroupLayout }} Compiled
 */
import { ReplayError } from "./plan.js";

/**
 * An array of a shader that its binding makes as long as it is: of words, or of `Stored`, `Lefts` or `Rights`, numbers or vectors of STORED, LEFTS
 * or RIGHTS of them. Others are left.
 */
const UNSIZED = /@binding\((\d+)\) (var<storage, \w+> \w+: array<(f32|u32|Stored|Lefts|Rights))>/g;

/** The pipelines of a device. */
export class Pipelines {
  /** @type {GPUDevice} */ #device;
  /** @type {Recording} */ #recording;
  /** @type {Map<string, Promise<Compiled>>} */ #known = new Map();

  /** @param {GPUDevice} device @param {Recording} recording */
  constructor(device, recording) {
    [this.#device, this.#recording] = [device, recording];
  }

  /**
   * A shader of the recording by its number, for bindings of any size, or of these sizes alone.
   *
   * A browser holds each index against the length of its array. A processor works that length out anew each time, unless the
   * shader says it.
   * @param {number} number @param {number[]} [sizes] elements of each binding
   */
  get(number, sizes = []) {
    const key = [number, ...sizes].join();
    const compiled = this.#known.get(key) ?? this.#compile(number, sizes);
    this.#known.set(key, compiled);
    return compiled;
  }

  /** @param {number} number @param {number[]} sizes @returns {Promise<Compiled>} */
  async #compile(number, sizes) {
    const { name: label, texts, bindings } = this.#recording.shaders[number];
    const device = this.#device;
    /** @type {(binding: number, type: GPUBufferBindingType) => GPUBindGroupLayoutEntry} */
    const entry = (binding, type) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } });
    const storage = bindings.map(({ access }, i) => entry(i + 1, access === "read" ? "read-only-storage" : "storage"));
    const layout = device.createBindGroupLayout({ label, entries: [entry(0, "uniform"), ...storage] });
    const text = texts.map((text) => this.#recording.texts[text]).join("\n");
    const code = text.replace(UNSIZED, (whole, binding, array, element) => {
      const size = sizes[binding - 1];
      const count = ["f32", "u32"].includes(element) ? size : `${size}u / ${element.toUpperCase()}`;
      return size ? `@binding(${binding}) ${array}, ${count}>` : whole;
    });
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label, code });
    const refused = device.popErrorScope();
    try {
      const descriptor = { label, layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }) };
      const pipeline = await device.createComputePipelineAsync({ ...descriptor, compute: { module, entryPoint: "main" } });
      return { pipeline, layout };
    } catch (error) {
      const { messages } = await module.getCompilationInfo();
      const errors = messages.filter(({ type }) => type === "error");
      const lines = errors.map(({ lineNum, message }) => `line ${lineNum}: ${message}`).join("; ");
      const why = lines || (await refused)?.message || /** @type {Error} */ (error).message;
      throw new ReplayError("shader", `this browser does not compile the shader \`${label}\`: ${why}`);
    }
  }
}
