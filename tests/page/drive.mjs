// Goes through the page in Chromium as a user does, for tests/it/web.rs: `node drive.mjs ADDRESS FOLDER` visits the page that
// `wgpu-simvae web --serve` serves, leaves what it saves in FOLDER, and prints a line of JSON: what it saw.
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { complaints, launch } from "../browser/chromium.mjs";
import { PATIENCE, atStep, dropPicture, number, otherPlan, otherText, redrawn, shown, step, until } from "./common.mjs";
import { late } from "./late.mjs";
import { ends, looks } from "./looks.mjs";

const [address, folder] = process.argv.slice(2);

const browser = await launch();

/** Remembers the page's devices, so that they can be lost. */
const keepDevices = () => {
  globalThis.devices = [];
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...given) {
    globalThis.devices.push(await request.apply(this, given));
    return globalThis.devices.at(-1);
  };
};
/** An adapter that allows little. */
const smallAdapter = () => {
  const limits = Object.defineProperty({}, "maxBufferSize", { value: 1 << 20 });
  Object.defineProperty(limits, "maxStorageBufferBindingSize", { value: 1 << 20 });
  Object.defineProperty(GPUAdapter.prototype, "limits", { get: () => limits });
};
const noWebGPU = () => Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });

/** A page of its own with what is wrong about it, and the sentence that it ends with. */
async function refusal(prepare, act = async () => {}, plan = "") {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await prepare(page);
  await page.goto(address + plan);
  await act(page);
  await page.waitForSelector("#message.error", { timeout: PATIENCE });
  const sentence = await page.textContent("#message");
  await page.close();
  return { sentence, errors };
}

/** Ninety images of three digits, one of them packed as MNIST's files are. */
const dropMnist = async () => {
  const [count, size] = [90, 28 * 28];
  const header = (...words) => new Uint8Array(words.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >> shift) & 255)));
  const pixels = Uint8Array.from({ length: count * size }, (_, at) => (Math.floor(at / size) % 3) * 80 + (at % 7));
  const packed = new Blob([header(0x803, count, 28, 28), pixels]).stream().pipeThrough(new CompressionStream("gzip"));
  const labels = Uint8Array.from({ length: count }, (_, image) => image % 3);
  const transfer = new DataTransfer();
  transfer.items.add(new File([await new Response(packed).blob()], "train-images-idx3-ubyte.gz"));
  transfer.items.add(new File([header(0x801, count), labels], "train-labels-idx1-ubyte"));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
};

async function visit() {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const seen = { console: complaints(page), requests: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  await page.goto(address);
  seen.policy = await page.getAttribute("meta[http-equiv=Content-Security-Policy]", "content");
  await until(page, () => document.body.dataset.first);
  seen.firstStep = Number(await page.evaluate(() => document.body.dataset.first));
  await until(page, () => Number.parseFloat(document.getElementById("loss").textContent) > 0);
  [seen.steps, seen.losses] = [[await step(page)], [await number(page, "#loss")]];
  await until(page, atStep, seen.steps[0] + 150);
  seen.losses.push(await number(page, "#loss"));
  seen.adapter = await page.textContent("#adapter");
  await until(page, () => document.getElementById("nearest").textContent.endsWith("%"));
  seen.imagesPerSecond = await number(page, "#speed");

  await page.click("#go");
  await until(page, () => document.getElementById("message").textContent === "Paused.");
  const paused = await step(page);
  await page.waitForTimeout(700);
  seen.paused = (await step(page)) - paused;

  // A slider draws something else; so does another image.
  await page.waitForTimeout(500);
  const pictures = [await shown(page, "decoded")];
  await page.focus("#z1");
  await page.keyboard.press("End");
  pictures.push(await redrawn(page, "decoded", pictures[0]));
  await page.click("#another");
  pictures.push(await redrawn(page, "decoded", pictures[1]));
  seen.pictures = new Set(pictures).size;

  for (const button of ["save", "save-settings"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#${button}`)]);
    await download.saveAs(join(folder, download.suggestedFilename()));
  }
  // What was saved is taken back; weights of another method are not.
  await page.setInputFiles("#load", join(folder, "model.safetensors"));
  await until(page, () => document.getElementById("message").textContent.includes("weights of"));
  await page.setInputFiles("#load", join(folder, "other.safetensors"));
  await page.waitForSelector("#message.error", { timeout: PATIENCE });
  seen.otherWeights = await page.textContent("#message");

  // A picture is dropped, and then a part of an MNIST: both train.
  await page.evaluate(dropPicture);
  await until(page, () => document.getElementById("data").textContent.includes("picture of yours"));
  seen.own = await page.textContent("#data");
  await until(page, atStep, 70);
  await page.evaluate(dropMnist);
  await until(page, () => document.getElementById("data").textContent.includes("images of yours"));
  seen.mnist = [await page.textContent("#data"), (await page.locator("#legend li").allTextContents()).join(" ")];
  await until(page, atStep, 70);
  seen.requests = [...new Set(seen.requests.map((url) => new URL(url).origin))];
  // The policy holds: a server of our own under another name is not reached, which the console tells.
  const told = seen.console.length;
  const elsewhere = address.replace("127.0.0.1", "localhost");
  seen.outside = await page.evaluate((url) => fetch(url, { mode: "no-cors" }).then(() => "reached", () => "refused"), elsewhere);
  seen.console.length = told;
  await page.close();
  return seen;
}

try {
  const began = performance.now();
  const seen = await visit();
  seen.late = await late(browser, address, folder);
  seen.looks = await looks(browser, address, folder);
  seen.ends = await ends(browser, address);
  seen.refusals = {
    version: await refusal(otherPlan(otherText((plan) => plan.replace('"version":1', '"version":9')))),
    truncated: await refusal(otherPlan((whole) => whole.subarray(0, whole.length / 2))),
    short: await refusal(otherPlan((whole) => gunzipSync(whole).subarray(0, 9000))),
    missing: await refusal((page) => page.route("**/weights/*", (route) => route.abort())),
    limits: await refusal((page) => page.addInitScript(smallAdapter), undefined, "#simvae"),
    browser: await refusal((page) => page.addInitScript(noWebGPU)),
    lost: await refusal(
      (page) => page.addInitScript(keepDevices),
      async (page) => {
        await until(page, () => document.body.dataset.first);
        await page.evaluate(() => globalThis.devices.forEach((device) => device.destroy()));
      },
    ),
  };
  seen.seconds = (performance.now() - began) / 1000;
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
