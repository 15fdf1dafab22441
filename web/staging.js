// @ts-check
/** Copies from the device to the page, through memory that both can reach and that is used again. */

/** Buffers that are kept for the next copy, at most. */
const KEPT = 6;

/** The staging memory of a device. */
export class Staging {
  /** @type {GPUDevice} */ #device;
  /** Buffers that no copy uses now. @type {GPUBuffer[]} */ #free = [];

  /** @param {GPUDevice} device */
  constructor(device) {
    this.#device = device;
  }

  /**
   * Bytes of a buffer as they are after all work queued before. Many copies may be on their way.
   * @param {GPUBuffer} from @param {number} offset @param {number} size a multiple of four, as `offset` is
   */
  async copy(from, offset, size) {
    if (!size) return new ArrayBuffer(0);
    const at = this.#free.findIndex((buffer) => buffer.size === size);
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const buffer = at >= 0 ? this.#free.splice(at, 1)[0] : this.#device.createBuffer({ label: "staging", size, usage });
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, offset, buffer, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    await buffer.mapAsync(GPUMapMode.READ);
    const bytes = buffer.getMappedRange().slice(0);
    buffer.unmap();
    this.#free.push(buffer);
    if (this.#free.length > KEPT) this.#free.shift()?.destroy();
    return bytes;
  }
}
