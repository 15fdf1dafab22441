// @ts-check
/**
 * The plans that lie beside the page: their list, and their files.
 *
 * @import { Advice, Read } from "../plan.js"
 * @typedef {{ plan: string, files: Record<string, string> }} Files
 * @typedef {Files & { name: string, title: string, setting: string, about: string, sprites: string | null, clock: number[],
 *   variance: number | null, endless: boolean }} Entry endless: steps beyond its end are worth something
 * @typedef {{ plans: Entry[], sprites: Record<string, Files> }} List
 */
import { ReplayError, under } from "../plan.js";

/** The list's name. */
const LIST = "plans.json";
/** For whoever looks at this page. @type {Advice} */
export const ADVICE = {
  anew: "write the page anew with `wgpu-simvae web`, and load it again",
  smaller: "choose other settings or another method above, or open the page on a larger device",
  slower: "choose another method or other settings above, or train by the command, with a lower `--set optim.lr=...`",
};

/**
 * Reads a file beside the page.
 * @param {string} name
 */
async function beside(name) {
  try {
    return await under(document.baseURI)(name);
  } catch (error) {
    if (error instanceof ReplayError) throw error;
    throw new ReplayError("contents", `${name}: the server that this page came from does not answer`);
  }
}

/**
 * Bytes, unpacked where they are gzip.
 * @param {string} name @param {Uint8Array<ArrayBuffer>} bytes @param {string} [anew] what to do where they are not whole
 */
export async function unpacked(name, bytes, anew = "take the file anew from where it came from") {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new ReplayError("format", `${name}: its end is missing, or it is damaged; ${anew}`);
  }
}

/** The list of plans. @returns {Promise<List>} */
export async function readList() {
  const bytes = await beside(LIST);
  try {
    const list = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()));
    if (Array.isArray(list?.plans) && list.plans.length > 0) return list;
  } catch {
    // Said below.
  }
  throw new ReplayError("format", `${LIST}: no whole list of plans; ${ADVICE.anew}`);
}

/**
 * Reads the files of a plan.
 * @param {Files} entry
 * @returns {Read}
 */
export function reader({ plan, files }) {
  return async (name) => {
    const path = name === "plan.json" ? plan : files[name];
    const bytes = path ? await beside(path) : null;
    return bytes && unpacked(path, /** @type {Uint8Array<ArrayBuffer>} */ (bytes), ADVICE.anew);
  };
}
