// @ts-check
/**
 * Opens the browser's graphics device for a plan, or says why that cannot be.
 *
 * @import { Recording } from "./plan.js"
 */
import { BY_COMMAND, ReplayError } from "./plan.js";

/** WebGPU's default limits of a buffer and of what is bound of it. */
const DEFAULTS = { maxBufferSize: 256 << 20, maxStorageBufferBindingSize: 128 << 20 };
/** Adapters that compute on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|basic render/i;

/** @param {number} bytes */
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/**
 * The device, its adapter's name, and whether it computes on the processor.
 * @param {Recording} recording
 * @param {GPUAdapter} [given] the adapter, where it is not for the browser to choose
 * @param {string} [smaller] what to do where it is too small
 */
export async function openDevice(recording, given, smaller = BY_COMMAND.smaller) {
  const adapter = given ?? (await anyAdapter());
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const name = description || [vendor, architecture].filter(Boolean).join(" ") || "a graphics adapter without a name";
  const requiredLimits = limits(recording, adapter, name, smaller);
  const software = isFallbackAdapter || SOFTWARE.test(`${architecture} ${description}`);
  try {
    return { device: await adapter.requestDevice({ label: "wgpu-simvae", requiredLimits }), name, software };
  } catch (error) {
    throw new ReplayError("unsupported", `${name} cannot be opened: ${/** @type {Error} */ (error).message}`);
  }
}

/** @returns {Promise<GPUAdapter>} */
async function anyAdapter() {
  if (!("gpu" in navigator) || !navigator.gpu) {
    const secure = globalThis.isSecureContext ? "" : " on pages that come by https or from localhost, and this one does not";
    const which = "Chrome and Edge from 113, Safari from 26 and Firefox from 141 have it";
    throw new ReplayError("unsupported", `this browser offers no WebGPU${secure}: ${which}`);
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    const why = "its driver may be too old or switched off";
    throw new ReplayError("unsupported", `this browser has WebGPU, but no graphics adapter for it: ${why}`);
  }
  return adapter;
}

/**
 * What the device must allow beyond WebGPU's defaults, for the largest buffer.
 * @param {Recording} recording @param {GPUAdapter} adapter @param {string} name @param {string} smaller
 */
function limits({ regions, plans }, adapter, name, smaller) {
  const slots = plans.flatMap((plan) => plan.slots.map(({ len }, slot) => ({ name: `${plan.name}, slot ${slot}`, len })));
  const largest = [...regions, ...slots].reduce((a, b) => (b.len > a.len ? b : a), { name: "", len: 0 });
  const needed = largest.len * 4;
  const offered = Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize);
  if (needed > offered) {
    const problem = `the buffer \`${largest.name}\` needs ${mib(needed)}, and ${name} offers ${mib(offered)}`;
    throw new ReplayError("limits", `${problem}: ${smaller}`);
  }
  /** @type {Record<string, number>} */
  const required = {};
  for (const [limit, default_] of Object.entries(DEFAULTS)) if (needed > default_) required[limit] = needed;
  return required;
}
