// @ts-check
/**
 * The user's own pictures: decoded by the browser and brought to a plan's size. Nothing leaves the page.
 *
 * @import { Model } from "../plan.js"
 * @import { Dataset, Images } from "./dataset.js"
 * @typedef {{ file: File, folder: string }} Found a file, and the folder that it lay in
 */
import { ReplayError } from "../plan.js";
import { unpacked } from "./catalogue.js";
import { sizeOf } from "./pictures.js";
import { readIdx } from "./idx.js";

/** Fewer pictures than this are not divided: all are trained on and looked at. */
const TOO_FEW = 60;
/** Of more, every so many-th is held out to look at. */
const HELD_OUT = 6;
/** Labels are bytes. */
const MOST_CLASSES = 256;
/** Names of files of MNIST and its kin. */
const PACKED = /\.gz$|idx[13]-ubyte/i;

/** Files of a drop, those in folders too. @param {DataTransfer} transfer @returns {Promise<Found[]>} */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  /** @type {(entry: FileSystemEntry, folder: string) => Promise<Found[]>} */
  const walk = async (entry, folder) => {
    if (entry.isFile) {
      const of = /** @type {FileSystemFileEntry} */ (entry);
      return [{ file: await new Promise((resolve, reject) => of.file(resolve, reject)), folder }];
    }
    const directory = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
    /** @type {Found[]} */
    const found = [];
    for (;;) {
      // A folder is read in pieces, until none is left.
      const some = await new Promise((resolve, reject) => directory.readEntries(resolve, reject));
      if (!some.length) return found;
      for (const inside of some) found.push(...(await walk(inside, entry.name)));
    }
  };
  const all = [];
  for (const entry of entries) all.push(...(await walk(entry, "")));
  return all.length ? all : [...transfer.files].map((file) => ({ file, folder: "" }));
}

/**
 * Makes a data set of files: pictures, whose folders are their classes, or those of MNIST.
 * @param {Found[]} found @param {Model} model @param {(text: string) => void} say
 * @returns {Promise<Dataset>}
 */
export async function ownData(found, model, say) {
  const packed = found.filter(({ file }) => PACKED.test(file.name));
  return packed.length ? mnist(packed, model, say) : pictures(found, model, say);
}

/** @param {Found[]} found @param {Model} model @param {(text: string) => void} say @returns {Promise<Dataset>} */
async function mnist(found, model, say) {
  /** @type {Record<string, { images?: Images, labels?: Uint8Array }>} */
  const parts = { train: {}, test: {} };
  for (const { file } of found) {
    const bytes = await unpacked(file.name, new Uint8Array(await file.arrayBuffer()));
    const read = readIdx(file.name, bytes);
    if (!read) throw new ReplayError("contents", `${file.name}: neither images nor labels in MNIST's format (idx)`);
    const [set, most] = /t10k|test/i.test(file.name) ? [parts.test, model.test_images] : [parts.train, model.images];
    if ("labels" in read) set.labels = read.labels;
    else set.images = await resized(read, most, model, (done) => say(`${file.name}: ${done} images`));
  }
  const train = parts.train.images ?? parts.test.images;
  if (!train) throw new ReplayError("contents", "these are labels without images: drop the file of images as well");
  const labelled = Object.values(parts).every(({ images, labels }) => !images || labels);
  for (const { images, labels } of Object.values(parts)) {
    if (!images || !labels) continue;
    if (labels.length < images.count) throw new ReplayError("contents", `${labels.length} labels for ${images.count} images`);
    images.labels = labels.slice(0, images.count);
  }
  const test = parts.test.images ?? train;
  const most = Math.max(...[train, test].map(({ labels }) => labels.reduce((a, b) => Math.max(a, b), 0)));
  const classes = labelled ? Array.from({ length: most + 1 }, (_, label) => String(label)) : [];
  return { origin: `${train.count} images of yours`, classes, train, test };
}

/**
 * Grey images of one size, at the plan's.
 * @param {{ pixels: Uint8Array, count: number, height: number, width: number }} images @param {number} most
 * @param {Model} model @param {(done: number) => void} say @returns {Promise<Images>}
 */
async function resized({ pixels, count, height, width }, most, model, say) {
  const kept = Math.min(count, most);
  const [channels, h, w] = model.stored;
  const labels = new Uint8Array(kept);
  if (channels === 1 && h === height && w === width) {
    return { pixels: pixels.slice(0, kept * h * w), labels, count: kept };
  }
  const easel = new Easel(model);
  const all = new Uint8Array(kept * channels * h * w);
  const source = new OffscreenCanvas(width, height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (source.getContext("2d"));
  const data = new ImageData(width, height);
  const opaque = new Uint32Array(data.data.buffer);
  for (let image = 0; image < kept; image++) {
    const grey = pixels.subarray(image * height * width, (image + 1) * height * width);
    grey.forEach((value, at) => (opaque[at] = 0xff000000 + value * 0x010101));
    context.putImageData(data, 0, 0);
    easel.paint(source, all.subarray(image * channels * h * w));
    if (image % 500 === 499) {
      say(image + 1);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  return { pixels: all, labels, count: kept };
}

/** @param {Found[]} found @param {Model} model @param {(text: string) => void} say @returns {Promise<Dataset>} */
async function pictures(found, model, say) {
  const easel = new Easel(model);
  const size = sizeOf(model.stored);
  /** @type {{ pixels: Uint8Array, folder: string }[]} */
  const all = [];
  for (const { file, folder } of found.slice(0, model.images)) {
    const bitmap = await createImageBitmap(file).catch(() => null);
    if (!bitmap) continue;
    const pixels = new Uint8Array(size);
    easel.paint(bitmap, pixels);
    bitmap.close();
    all.push({ pixels, folder });
    if (all.length % 50 === 0) say(`${all.length} of ${found.length} pictures are decoded`);
  }
  if (!all.length) {
    const which = found.length === 1 ? `${found[0].file.name} is no picture` : `none of these ${found.length} files is a picture`;
    throw new ReplayError("contents", `${which} that this browser knows, nor a file of MNIST`);
  }
  const folders = [...new Set(all.map(({ folder }) => folder))].sort();
  if (folders.length > MOST_CLASSES) {
    const many = `these pictures lie in ${folders.length} folders`;
    throw new ReplayError("contents", `${many}: sort them into at most ${MOST_CLASSES} classes`);
  }
  const classes = folders.length > 1 ? folders : [];
  /** @type {(some: typeof all) => Images} */
  const images = (some) => {
    const pixels = new Uint8Array(some.length * size);
    some.forEach((one, at) => pixels.set(one.pixels, at * size));
    return { pixels, labels: Uint8Array.from(some, ({ folder }) => folders.indexOf(folder)), count: some.length };
  };
  const few = all.length < TOO_FEW;
  const train = images(few ? all : all.filter((_, at) => at % HELD_OUT !== 0));
  const test = images(few ? all : all.filter((_, at) => at % HELD_OUT === 0).slice(0, model.test_images));
  const left = found.length - all.length;
  const rest = left ? `, ${left} ${left === 1 ? "file was" : "files were"} passed over` : "";
  return { origin: `${all.length} ${all.length === 1 ? "picture" : "pictures"} of yours${rest}`, classes, train, test };
}

/** Brings pictures to a plan's size: their middle, as large as fits. */
class Easel {
  #shape;
  #context;

  /** @param {Model} model */
  constructor({ stored }) {
    this.#shape = stored;
    const [, height, width] = stored;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    this.#context = /** @type {OffscreenCanvasRenderingContext2D} */ (context);
    this.#context.imageSmoothingQuality = "high";
  }

  /** @param {ImageBitmap | OffscreenCanvas} picture @param {Uint8Array} into planar bytes */
  paint(picture, into) {
    const [channels, height, width] = this.#shape;
    const scale = Math.max(width / picture.width, height / picture.height);
    const [w, h] = [picture.width * scale, picture.height * scale];
    this.#context.clearRect(0, 0, width, height);
    this.#context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
    const { data } = this.#context.getImageData(0, 0, width, height);
    const plane = height * width;
    for (let pixel = 0, at = 0; pixel < plane; pixel++, at += 4) {
      if (channels === 1) {
        into[pixel] = Math.round(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]);
        continue;
      }
      for (let channel = 0; channel < 3; channel++) into[channel * plane + pixel] = data[at + channel];
    }
  }
}
