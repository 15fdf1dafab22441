// @ts-check
/**
 * Reads recorded plans: `plan.json` and the safetensors files beside it, as docs/plan-format.md describes them.
 *
 * @typedef {"f32" | "u32"} Element
 * @typedef {{ name: string, type: Element, len: number }} Region
 * @typedef {{ type: Element, len: number }} Slot
 * @typedef {{ region?: number, slot?: number, offset?: number, len: number }} Place
 * @typedef {Place & { type: Element, shape: number[] }} Named
 * @typedef {"F32" | "U32" | "U8"} StoredAs
 * @typedef {{ name: string, type: StoredAs, shape: number[], region: number, offset: number }} Stored
 * @typedef {{ name: string, optional: boolean, tensors: Stored[] }} File
 * @typedef {{ name: string, type: Element, access: "read" | "read_write" }} ShaderBinding
 * @typedef {{ name: string, texts: number[], bindings: ShaderBinding[] }} Shader
 * @typedef {{ shader: number, workgroups: [number, number, number] }} Start
 * @typedef {{ label: string, uniform: number[], bindings: Place[], launches: Start[], multiply_adds: number,
 *   bytes: number }} Dispatch
 * @typedef {{ name: string, slots: Slot[], tensors: Record<string, Named>, dispatches: Dispatch[] }} Plan
 * @typedef {{ method: string, data: string, networks: string, settings: string, step: number, total_steps: number,
 *   batch: number, views: number, images: number, test_images: number, image: [number, number, number],
 *   stored: [number, number, number], classes: string[], latent: number, encoded: number, generative: boolean,
 *   losses: string[] }} Model
 * @typedef {{ format: string, version: number, program: string, model?: Model, loops: string[], regions: Region[],
 *   tensors: Record<string, Named>, files: File[], texts: string[], shaders: Shader[], plans: Plan[] }} Recording
 * @typedef {(name: string) => Promise<Uint8Array | null>} Read Reads a file of the plan's folder; null where there is none.
 * @typedef {{ anew: string, smaller: string, slower: string }} Advice What to do about files that cannot be used, a device that is too
 *   small, and losses that are not finite
 */

/** What a plan's file calls itself. */
export const FORMAT = "wgpu-simvae plan";
/** The version of the format that is read here. */
export const VERSION = 1;
/** For those who wrote a plan by the command. @type {Advice} */
export const BY_COMMAND = {
  anew: "write it anew with `wgpu-simvae plan --out FOLDER`, of the same run or with the same settings",
  smaller: "write a plan with a smaller batch or model, or fewer images, by `--set`",
  slower: "write a plan with a lower learning rate, by `--set optim.lr=...`",
};
/** Bytes of an element of each type in safetensors. */
const SIZES = { F32: 4, U32: 4, U8: 1 };

/**
 * Why something cannot be done, in words for whoever looks at the page.
 *
 * `kind` is `use` (of this module), `format`, `version` or `contents` (of files), `unsupported`, `limits` or `memory` (of the
 * device), `shader`, `lost` or `diverged`.
 */
export class ReplayError extends Error {
  /** @param {string} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.name = "ReplayError";
    this.kind = kind;
  }
}

/**
 * Reads the files below an address.
 * @param {string | URL} base the folder's address, which ends with a slash
 * @returns {Read}
 */
export const under = (base) => async (name) => {
  const response = await fetch(new URL(name, base));
  if (response.status === 404) return null;
  if (!response.ok) {
    throw new ReplayError("contents", `${name}: the server answers ${response.status} ${response.statusText}`);
  }
  return new Uint8Array(await response.arrayBuffer());
};

/**
 * Reads `plan.json` and checks it.
 * @param {Read} read
 * @param {string} [anew] what to do about a plan that cannot be used
 * @returns {Promise<Recording>}
 */
export async function readRecording(read, anew = BY_COMMAND.anew) {
  const bytes = await read("plan.json");
  if (!bytes) throw new ReplayError("format", `plan.json: there is none; ${anew}`);
  /** @param {unknown} error */
  const torn = (error) =>
    new ReplayError("format", `plan.json: not a whole plan (${/** @type {Error} */ (error).message}); ${anew}`);
  let recording;
  try {
    recording = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw torn(error);
  }
  if (recording?.format !== FORMAT) throw new ReplayError("format", `plan.json: its format is not \`${FORMAT}\`; ${anew}`);
  if (recording.version !== VERSION) {
    const found = `version ${recording.version}, and this page reads version ${VERSION}`;
    throw new ReplayError("version", `plan.json: a plan of ${found}; ${anew}`);
  }
  try {
    check(recording);
  } catch (error) {
    throw torn(error);
  }
  return recording;
}

/**
 * Whether every number in a recording leads somewhere. What is missing altogether is a TypeError.
 * @param {Recording} recording
 */
function check({ regions, tensors, files, texts, shaders, loops, plans }) {
  /** @type {(what: boolean, problem: string) => void} */
  const hold = (what, problem) => {
    if (!what) throw new Error(problem);
  };
  /** @type {(slots: Slot[], place: Place, type: Element) => boolean} */
  const fits = (slots, { region, slot, offset = 0, len }, type) => {
    const memory = region === undefined ? slots[/** @type {number} */ (slot)] : regions[region];
    return memory?.type === type && len >= 0 && offset >= 0 && offset % 64 === 0 && offset + len <= memory.len;
  };
  for (const [name, named] of Object.entries(tensors)) hold(fits([], named, named.type), `tensor \`${name}\` has no place`);
  for (const { name, tensors } of files) {
    for (const stored of tensors) {
      const end = stored.offset + Math.ceil(byteLength(stored) / 4);
      hold(end <= regions[stored.region]?.len, `\`${stored.name}\` of ${name} does not fit its region`);
    }
  }
  for (const shader of shaders) hold(shader.texts.every((text) => text in texts), `shader \`${shader.name}\` lacks a text`);
  for (const { name, slots, tensors, dispatches } of plans) {
    for (const named of Object.values(tensors)) {
      hold(fits(slots, named, named.type), `a tensor of plan \`${name}\` has no place`);
    }
    for (const { label, uniform, bindings, launches } of dispatches) {
      hold(uniform.length > 0 && [1, loops.length].includes(launches.length), `\`${label}\` is not whole`);
      for (const { shader, workgroups } of launches) {
        const wanted = shaders[shader]?.bindings;
        const bound = wanted?.length === bindings.length && wanted.every(({ type }, i) => fits(slots, bindings[i], type));
        hold(bound && workgroups.every((count) => count >= 1 && count <= 65535), `\`${label}\` does not fit its shader`);
      }
    }
  }
}

/** Bytes of a tensor in its file. @param {Stored} stored */
export const byteLength = ({ type, shape }) => shape.reduce((product, n) => product * n, SIZES[type]);

/**
 * The tensors of one of a recording's files, as bytes, in the order of the recording.
 * @param {File} file
 * @param {Uint8Array} bytes
 * @returns {Uint8Array[]}
 */
export function readFile(file, bytes) {
  /** @type {(problem: string) => ReplayError} */
  const bad = (problem) => new ReplayError("contents", `${file.name}: ${problem}`);
  const length = bytes.length < 8 ? Infinity : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8) throw bad("not a whole safetensors file: it ends within its header");
  let header;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw bad("not a safetensors file: its header is damaged");
  }
  const data = bytes.subarray(8 + length);
  return file.tensors.map((stored) => {
    const found = header[stored.name];
    if (!found) throw bad(`the tensor \`${stored.name}\` is missing; these are weights or data of something else`);
    if (found.dtype !== stored.type || String(found.shape) !== String(stored.shape)) {
      const [there, here] = [found, { dtype: stored.type, shape: stored.shape }].map((x) => `${x.dtype} [${x.shape}]`);
      throw bad(`\`${stored.name}\` is ${there} in the file, and the plan wants ${here}`);
    }
    const part = data.subarray(...found.data_offsets);
    if (part.length !== byteLength(stored)) throw bad(`not a whole safetensors file: \`${stored.name}\` is cut off`);
    return part;
  });
}

/**
 * A safetensors file of tensors in the order of the recording.
 * @param {File} file
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array}
 */
export function writeFile(file, parts) {
  let end = 0;
  const entries = file.tensors.map(({ name, type, shape }, i) => {
    const data_offsets = [end, (end += parts[i].length)];
    return [name, { dtype: type, shape, data_offsets }];
  });
  let header = JSON.stringify(Object.fromEntries(entries));
  const names = new TextEncoder();
  // Data begin at a multiple of eight bytes.
  header += " ".repeat((8 - (names.encode(header).length % 8)) % 8);
  const text = names.encode(header);
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let at = 8 + text.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
