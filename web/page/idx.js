// @ts-check
/** Files of MNIST and its kin: `idx`, images or labels. */
import { ReplayError } from "../plan.js";

/** What the header of images and of labels begins with. */
const [IMAGES, LABELS] = [0x803, 0x801];

/**
 * Reads an idx file; null where the bytes are something else.
 * @param {string} name @param {Uint8Array} bytes
 * @returns {{ labels: Uint8Array } | { pixels: Uint8Array, count: number, height: number, width: number } | null}
 */
export function readIdx(name, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = bytes.length >= 8 ? view.getUint32(0) : 0;
  if (kind !== IMAGES && kind !== LABELS) return null;
  const count = view.getUint32(4);
  const short = () => new ReplayError("contents", `${name}: it ends before its ${count} ${kind === LABELS ? "labels" : "images"} do`);
  if (kind === LABELS) {
    if (bytes.length < 8 + count) throw short();
    return { labels: bytes.subarray(8, 8 + count) };
  }
  if (bytes.length < 16) throw short();
  const [height, width] = [view.getUint32(8), view.getUint32(12)];
  if (bytes.length < 16 + count * height * width) throw short();
  if (!count || !height || !width) throw new ReplayError("contents", `${name}: it has no images`);
  return { pixels: bytes.subarray(16, 16 + count * height * width), count, height, width };
}
