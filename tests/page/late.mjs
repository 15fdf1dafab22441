// The page while something else is under way: weights that come while it trains, and what comes late of what is over.
import { join } from "node:path";
import { complaints } from "../browser/chromium.mjs";
import { PATIENCE, atStep, dropPicture, says, step, until } from "./common.mjs";

/** Remembers the step at which the chart begins. */
const watchChart = () => {
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
    if (this.canvas.id === "chart" && this.textAlign === "left") globalThis.chartBegins = text;
    return fillText.call(this, text, ...where);
  };
};

/** Moves a slider and saves, and begins anew before the device has answered. Remembers what goes wrong from then on. */
const leave = () => {
  const [message, slider] = ["message", "z1"].map((id) => document.getElementById(id));
  globalThis.told = [];
  const listen = () => message.className === "error" && globalThis.told.push(message.textContent);
  new MutationObserver(listen).observe(message, { attributes: true, childList: true });
  slider.dispatchEvent(new Event("input"));
  for (const id of ["save", "reset"]) document.getElementById(id).click();
};

/** Pictures are decoded when they are released. */
const holdPictures = () => {
  const decode = globalThis.createImageBitmap;
  globalThis.createImageBitmap = async (file) => {
    await new Promise((resolve) => (globalThis.release = resolve));
    const bitmap = await decode(file);
    setTimeout(() => (globalThis.decoded = true));
    return bitmap;
  };
};

/** Chooses a plan, and comes back when the page knows. */
const choose = (name) =>
  new Promise((resolve) => {
    addEventListener("hashchange", () => resolve(), { once: true });
    location.hash = name;
  });

export async function late(browser, address, folder) {
  const page = await browser.newPage();
  const seen = { console: complaints(page) };
  await page.addInitScript(watchChart);
  await page.goto(address);
  await until(page, atStep, 60);

  // Weights that come while it trains begin a new curve, and train on; those of another method change nothing.
  await page.setInputFiles("#load", join(folder, "model.safetensors"));
  await until(page, says, "weights of");
  await page.evaluate(() => (globalThis.chartBegins = 0));
  await until(page, () => Number(globalThis.chartBegins) > 0);
  seen.begins = await page.evaluate(() => globalThis.chartBegins);
  await page.setInputFiles("#load", join(folder, "other.safetensors"));
  await page.waitForSelector("#message.error", { timeout: PATIENCE });
  await until(page, atStep, (await step(page)) + 10);

  // What a closed model was asked for is not told of the next one.
  await until(page, () => document.getElementById("nearest").textContent.endsWith("%"));
  await page.evaluate(leave);
  await until(page, says, "trains in this browser");
  await until(page, atStep, 60);
  seen.told = await page.evaluate(() => globalThis.told);

  // Whoever chooses a plan while pictures are decoded keeps it.
  await page.evaluate(holdPictures);
  await page.evaluate(dropPicture);
  await until(page, () => globalThis.release);
  await page.evaluate(choose, "run");
  await until(page, says, "trains in this browser");
  await page.evaluate(() => globalThis.release());
  await until(page, () => globalThis.decoded);
  seen.kept = await page.textContent("#message");
  await page.close();
  return seen;
}
