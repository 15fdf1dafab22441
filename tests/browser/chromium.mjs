// The browser of the tests. playwright-core is found in the folder that WGPU_SIMVAE_BROWSER names; the browser is the one that
// WGPU_SIMVAE_CHROMIUM names, or the first that is where systems have it: the headless shell starts in half the time of the others.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { chromium } = createRequire(join(process.env.WGPU_SIMVAE_BROWSER ?? ".", "here.js"))("playwright-core");
const PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:/Program Files/Google/Chrome/Application/chrome.exe",
];

/** Starts it, with WebGPU by software, and without the zeros that Dawn puts into workgroup memory: our kernels read none that they did not write
 *  (tests/it/workgroups.rs), and this compiler takes a second or two for each shader that puts them there. Unchecked, shaders are not kept
 *  inside their bindings, which takes a tenth of the time of a test, and shows who leaves them. */
export const launch = ({ checked = true } = {}) =>
  chromium.launch({
    executablePath: process.env.WGPU_SIMVAE_CHROMIUM ?? PLACES.find(existsSync),
    args: [
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      `--enable-dawn-features=disable_workgroup_init${checked ? "" : ",disable_robustness"}`,
    ],
  });

/** What a page complains of from now on. */
export function complaints(page) {
  const found = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && found.push(message.text()));
  page.on("pageerror", (error) => found.push(String(error)));
  return found;
}
