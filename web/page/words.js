// @ts-check
/** Elements of the page by their names, and what the page says. */

/**
 * An element that the page has.
 * @template {HTMLElement} T
 * @param {string} id @param {new () => T} type
 */
export function part(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} \`${id}\``);
  return found;
}

/** Says how things stand. @param {string} text */
export function say(text) {
  part("message", HTMLElement).className = "";
  part("message", HTMLElement).textContent = text;
}

/** Says what went wrong, in a sentence. @param {unknown} error */
export function tell(error) {
  const text = error instanceof Error ? error.message : String(error);
  // The name of a file keeps its first letter.
  const sentence = /^[^\s]*[./]/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  part("message", HTMLElement).className = "error";
  part("message", HTMLElement).textContent = /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** A number as the page shows it. @param {number} x */
export const count = (x) => Math.round(x).toLocaleString("en");

/** A loss with four digits. @param {number} x */
export const digits = (x) => (Math.abs(x) >= 1000 ? x.toFixed(0) : x.toPrecision(4));

/** The value of a colour that the style sheet names. @param {string} name */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The colour of a class, one of so many: hues far apart, light and dark in turn. @param {number} at @param {number} of */
export function classColour(at, of) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const light = (dark ? 0.66 : 0.52) + (at % 2 ? 0.14 : 0);
  return `oklch(${light} 0.16 ${Math.round((25 + (360 * at) / Math.max(1, of)) % 360)})`;
}

/**
 * Makes a canvas as sharp as the screen, and hands out its context and size in the page's pixels.
 * @param {HTMLCanvasElement} canvas
 */
export function sharp(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** Hands the browser a file to keep. @param {string} name @param {BlobPart} content */
export function keep(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
