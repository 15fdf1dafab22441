// What the visits of the page share.
import { gunzipSync } from "node:zlib";

export const PATIENCE = 180_000;

/** Answers a plan with another one. */
export const otherPlan = (change, name = "run") => (page) =>
  page.route(`**/plans/${name}.json.gz`, async (route) => {
    const whole = await (await route.fetch()).body();
    await route.fulfill({ body: change(whole), contentType: "application/gzip" });
  });

/** The plan's JSON, changed. */
export const otherText = (change) => (whole) => Buffer.from(change(gunzipSync(whole).toString()));

/** Drops a picture on the page. */
export const dropPicture = async () => {
  const canvas = new OffscreenCanvas(90, 60);
  const context = canvas.getContext("2d");
  context.fillStyle = "orange";
  context.fillRect(20, 10, 50, 40);
  const transfer = new DataTransfer();
  transfer.items.add(new File([await canvas.convertToBlob()], "own.png", { type: "image/png" }));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
};

/** What a canvas shows. */
export const shown = (page, id) => page.evaluate((id) => document.getElementById(id).toDataURL(), id);
export const step = async (page) => Number((await page.textContent("#step")).split(" ")[0].replaceAll(",", ""));
export const number = async (page, id) => Number.parseFloat((await page.textContent(id)).replaceAll(",", ""));
export const atStep = (wanted) => Number.parseInt(document.getElementById("step").textContent.replace(",", "")) >= wanted;
export const says = (text) => document.getElementById("message").textContent.includes(text);
export const until = (page, what, given) => page.waitForFunction(what, given, { timeout: PATIENCE });

/** What a canvas shows once it is something else than before. */
export async function redrawn(page, id, before) {
  await until(page, ([id, before]) => document.getElementById(id).toDataURL() !== before, [id, before]);
  return shown(page, id);
}
