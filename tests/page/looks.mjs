// The page on a narrow screen, in the dark, by the keyboard, with a folder of pictures, and at its plan's end.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { complaints } from "../browser/chromium.mjs";
import { PATIENCE, atStep, otherPlan, otherText, redrawn, says, shown, step, until } from "./common.mjs";

const focused = (page) => page.evaluate(() => document.activeElement?.id ?? "");

/** Pictures in folders, and a file that is none, below a folder. */
async function pictures(page, folder, folders) {
  const drawn = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [40, 30];
    return ["tomato", "teal"].map((colour) => {
      const context = canvas.getContext("2d");
      context.fillStyle = colour;
      context.fillRect(5, 5, 20, 20);
      return canvas.toDataURL("image/png").split(",")[1];
    });
  });
  for (const [at, name] of folders.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, "one.png"), Buffer.from(drawn[at % 2], "base64"));
  }
  await writeFile(join(folder, folders.at(-1), "notes.txt"), "none");
}

/** Drops a folder as the desktop does. */
async function drop(page, folder) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: 200, y: 300, data });
  }
}

export async function looks(browser, address, folder) {
  const page = await browser.newPage({ viewport: { width: 420, height: 900 }, colorScheme: "dark" });
  const seen = { console: complaints(page) };
  await page.goto(address);
  await until(page, () => document.getElementById("nearest").textContent.endsWith("%"));

  // By the keyboard alone: what is reached in order, and what the keys do.
  await page.evaluate(() => document.activeElement?.blur());
  seen.order = [];
  for (let at = 0; at < 6; at++) {
    await page.keyboard.press("Tab");
    seen.order.push(await focused(page));
  }
  await page.focus("#go");
  await page.keyboard.press("Space");
  await until(page, says, "Paused.");
  await page.focus("#reset");
  await page.keyboard.press("Enter");
  await until(page, says, "trains in this browser");
  seen.kept = await focused(page);
  await until(page, () => document.getElementById("nearest").textContent.endsWith("%"));
  await page.focus("#go");
  await page.keyboard.press("Enter");
  await until(page, says, "Paused.");

  // Narrow: nothing reaches beyond the screen. Another theme: what is drawn follows.
  await page.waitForTimeout(600);
  seen.overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const inside = () => [...document.querySelectorAll("button, select, input, canvas")].filter((one) => {
    const { left, right, width } = one.getBoundingClientRect();
    return width > 1 && (left < 0 || right > innerWidth);
  }).map((one) => one.id);
  seen.outside = await page.evaluate(inside);
  const look = () => Promise.all([shown(page, "chart"), shown(page, "map"), page.evaluate(() => getComputedStyle(document.body).backgroundColor)]);
  await page.screenshot({ path: join(folder, "dark.png"), fullPage: true });
  const dark = await look();
  await page.emulateMedia({ colorScheme: "light" });
  for (const [at, canvas] of ["chart", "map"].entries()) await redrawn(page, canvas, dark[at]);
  await page.screenshot({ path: join(folder, "light.png"), fullPage: true });
  const light = await look();
  seen.themes = dark.map((what, at) => what !== light[at]);

  await pictures(page, join(folder, "pictures"), ["cats", "dogs"]);
  await drop(page, join(folder, "pictures"));
  await until(page, () => document.getElementById("data").textContent.includes("of yours"));
  seen.dropped = await page.textContent("#data");
  seen.classes = (await page.locator("#legend li").allTextContents()).join(" ");
  await until(page, atStep, 60);
  // More classes than labels have numbers.
  await pictures(page, join(folder, "many"), Array.from({ length: 257 }, (_, at) => `class ${at}`));
  await drop(page, join(folder, "many"));
  await page.waitForSelector("#message.error", { timeout: PATIENCE });
  seen.many = await page.textContent("#message");
  await page.close();
  return seen;
}

/** Plans that end at once, one whose learning rate stays what it is and one whose has come down: what the page offers then. */
export async function ends(browser, address) {
  const found = {};
  for (const [name, from] of [["run", 50], ["simvae", 0]]) {
    const page = await browser.newPage();
    const shorter = otherText((plan) => plan.replace(/"total_steps":\d+/, `"total_steps":${from + 2}`));
    await otherPlan(shorter, name)(page);
    await page.goto(`${address}#${name}`);
    await until(page, says, "Trained to its end");
    const sentence = await page.textContent("#message");
    const [offered, disabled] = [await page.textContent("#go"), await page.isDisabled("#go")];
    const before = await step(page);
    if (!disabled) {
      await page.click("#go");
      await until(page, atStep, before + 10);
    }
    found[name] = { sentence, offered, disabled, went: (await step(page)) - before };
    await page.close();
  }
  return found;
}
