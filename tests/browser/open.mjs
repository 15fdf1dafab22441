// Opens a page in Chromium as a user would, for tests/it/browser: `node open.mjs ADDRESS` waits until the page says how it ended, and
// prints a line of JSON: the sentence, and what the browser complained of.
import { complaints, launch } from "./chromium.mjs";

const browser = await launch();
try {
  const page = await browser.newPage();
  const console_ = complaints(page);
  await page.goto(process.argv[2]);
  const ended = () => /^Done/.test(document.getElementById("message").textContent) || document.querySelector("#message.error");
  await page.waitForFunction(ended, undefined, { timeout: 900_000 });
  console.log(JSON.stringify({ sentence: await page.textContent("#message"), console: console_ }));
} finally {
  await browser.close();
}
