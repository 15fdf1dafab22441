// @ts-check
/**
 * Compute pipelines: each shader of a recording is compiled once, beside the others.
 *
 * @import { Recording } from "./plan.js"
 * @typedef {{ pipeline: GPUComputePipeline, layout: GPUBindGroupLayout }} Compiled
 */
import { ReplayError } from "./plan.js";

/** The pipelines of a device. */
export class Pipelines {
  /** @type {GPUDevice} */ #device;
  /** @type {Recording} */ #recording;
  /** @type {Map<number, Promise<Compiled>>} */ #known = new Map();

  /** @param {GPUDevice} device @param {Recording} recording */
  constructor(device, recording) {
    [this.#device, this.#recording] = [device, recording];
  }

  /**
   * A shader of the recording by its number.
   * @param {number} number
   */
  get(number) {
    const compiled = this.#known.get(number) ?? this.#compile(number);
    this.#known.set(number, compiled);
    return compiled;
  }

  /** @param {number} number @returns {Promise<Compiled>} */
  async #compile(number) {
    const { name: label, texts, bindings } = this.#recording.shaders[number];
    const device = this.#device;
    /** @type {(binding: number, type: GPUBufferBindingType) => GPUBindGroupLayoutEntry} */
    const entry = (binding, type) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } });
    const storage = bindings.map(({ access }, i) => entry(i + 1, access === "read" ? "read-only-storage" : "storage"));
    const layout = device.createBindGroupLayout({ label, entries: [entry(0, "uniform"), ...storage] });
    const code = texts.map((text) => this.#recording.texts[text]).join("\n");
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
