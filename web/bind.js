// @ts-check
/**
 * What a plan's dispatches are given: their uniform blocks and their places in memory.
 *
 * @import { Compiled } from "./pipelines.js"
 * @import { Place, Plan, Start } from "./plan.js"
 * @typedef {{ pipeline: GPUComputePipeline, group: GPUBindGroup, workgroups: [number, number, number], cost: number }} Step
 */

/**
 * The dispatches of a plan, ready to be encoded.
 * @param {GPUDevice} device @param {Plan} plan
 * @param {Start[]} starts how each is started @param {Compiled[]} compiled the shader of each
 * @param {(place: Place) => GPUBufferBinding} bound
 * @returns {Step[]}
 */
export function bind(device, plan, starts, compiled, bound) {
  const { buffer: uniforms, offsets } = uniformBlocks(device, plan);
  return plan.dispatches.map(({ label, uniform, bindings, multiply_adds, bytes }, at) => {
    const { pipeline, layout } = compiled[at];
    const block = { binding: 0, resource: { buffer: uniforms, offset: offsets[at], size: uniform.length * 4 } };
    const buffers = bindings.map((place, i) => ({ binding: i + 1, resource: bound(place) }));
    const group = device.createBindGroup({ label, layout, entries: [block, ...buffers] });
    return { pipeline, group, workgroups: starts[at].workgroups, cost: multiply_adds + bytes };
  });
}

/** The uniform blocks of a plan in one buffer. @param {GPUDevice} device @param {Plan} plan */
function uniformBlocks(device, { name, dispatches }) {
  const alignment = device.limits.minUniformBufferOffsetAlignment;
  let size = 0;
  const offsets = dispatches.map(({ uniform }) => {
    const offset = Math.ceil(size / alignment) * alignment;
    size = offset + uniform.length * 4;
    return offset;
  });
  const words = new Uint32Array(Math.max(1, size / 4));
  dispatches.forEach(({ uniform }, at) => words.set(uniform, offsets[at] / 4));
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ label: `${name}, uniforms`, size: words.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, words);
  return { buffer, offsets };
}
