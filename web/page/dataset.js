// @ts-check
/**
 * The images that a plan trains on and is looked at with: sprites that the device draws, those of a file, or the user's own.
 *
 * @import { Read, Recording, File, Model } from "../plan.js"
 * @import { Entry, List } from "./catalogue.js"
 * @typedef {{ pixels: Uint8Array, labels: Uint8Array, count: number }} Images bytes, planar, one image after the other
 * @typedef {{ origin: string, classes: string[], train: Images, test: Images }} Dataset classes: none where none are known
 */
import { ReplayError, readFile, writeFile } from "../plan.js";
import { Replayer } from "../replay.js";
import { ADVICE, reader } from "./catalogue.js";

/** The plan's file of images, labels and the clock. */
export const DATA = "data.safetensors";

/** Sprites that were drawn before, by their name. @type {Map<string, Dataset>} */
const drawn = new Map();

/**
 * The images that a plan was written for.
 * @param {Entry} entry @param {List} list @param {Read} read @param {Recording} recording @param {Model} model
 * @returns {Promise<Dataset>}
 */
export async function original(entry, list, read, recording, model) {
  const name = entry.sprites;
  if (name === null) return fromFile(read, recording, model);
  const known = drawn.get(name) ?? (await sprites(reader(list.sprites[name]), model));
  drawn.set(name, known);
  return known;
}

/** @param {Read} read @param {Model} model @returns {Promise<Dataset>} */
async function sprites(read, model) {
  const replayer = await Replayer.open(read, { advice: ADVICE });
  try {
    await replayer.run("draw");
    const wanted = ["training images", "test images"].map((tensor) => replayer.read(tensor));
    const [train, test] = await Promise.all(wanted);
    // Image i shows glyph i modulo the classes.
    const images = (/** @type {Float32Array | Uint32Array} */ words, /** @type {number} */ count) => ({
      pixels: new Uint8Array(words.buffer),
      labels: Uint8Array.from({ length: count }, (_, image) => image % model.classes.length),
      count,
    });
    const sets = { train: images(train, model.images), test: images(test, model.test_images) };
    return { origin: "sprites, drawn by this device", classes: model.classes, ...sets };
  } finally {
    replayer.close();
  }
}

/** @param {Read} read @param {Recording} recording @param {Model} model @returns {Promise<Dataset>} */
async function fromFile(read, recording, model) {
  const [file, bytes] = [dataFile(recording), await read(DATA)];
  if (!bytes) throw new ReplayError("contents", `${DATA}: there is none beside the plan; ${ADVICE.anew}`);
  const tensors = readFile(file, bytes);
  const tensor = (/** @type {string} */ name) => tensors[file.tensors.findIndex((stored) => stored.name === name)];
  const images = (/** @type {string} */ set, /** @type {number} */ count) => ({
    pixels: tensor(`${set} images`),
    // Words whose low byte is the label.
    labels: tensor(`${set} labels`).filter((_, at) => at % 4 === 0),
    count,
  });
  const sets = { train: images("training", model.images), test: images("test", model.test_images) };
  return { origin: model.data, classes: model.classes, ...sets };
}

/** @param {Recording} recording @returns {File} */
function dataFile({ files }) {
  const file = files.find(({ name }) => name === DATA);
  if (!file) throw new ReplayError("format", `plan.json: its files lack ${DATA}`);
  return file;
}

/**
 * What a plan's file of data holds with these images. A plan has a fixed number of images: they are repeated until there are as many.
 * @param {Dataset} dataset @param {Recording} recording @param {Model} model @param {number[]} clock
 */
export function pack(dataset, recording, model, clock) {
  const { classes, train, test } = dataset;
  if (model.method === "supervised" && !classes.length) {
    throw new ReplayError("contents", "supervised learning needs labels, and these pictures have none: choose another method");
  }
  if (model.method === "supervised" && classes.length > model.classes.length) {
    const numbers = `${classes.length} classes, and this plan tells ${model.classes.length} apart`;
    throw new ReplayError("contents", `these pictures have ${numbers}: choose another method`);
  }
  const size = model.stored.reduce((product, n) => product * n, 1);
  /** @type {(images: Images, wanted: number) => Uint8Array} */
  const pixels = (images, wanted) => {
    const bytes = new Uint8Array(wanted * size);
    const part = images.pixels.subarray(0, images.count * size);
    for (let at = 0; at < bytes.length; at += part.length) bytes.set(part.subarray(0, bytes.length - at), at);
    return bytes;
  };
  /** @type {(images: Images, wanted: number) => Uint8Array} */
  const labels = (images, wanted) => {
    // Only supervised learning looks at them; a plan has room for its own classes.
    const label = (/** @type {number} */ image) => images.labels[image % images.count] % model.classes.length;
    return new Uint8Array(Uint32Array.from({ length: wanted }, (_, image) => label(image)).buffer);
  };
  /** @type {Record<string, Uint8Array>} */
  const parts = {
    clock: new Uint8Array(Uint32Array.from(clock).buffer),
    "training images": pixels(train, model.images),
    "training labels": labels(train, model.images),
    "test images": pixels(test, model.test_images),
    "test labels": labels(test, model.test_images),
  };
  const file = dataFile(recording);
  return writeFile(file, file.tensors.map(({ name }) => parts[name] ?? new Uint8Array()));
}
