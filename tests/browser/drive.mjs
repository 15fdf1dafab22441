// Runs recorded plans in Chromium, for tests/it/browser: `node drive.mjs FOLDER` does the jobs of FOLDER/jobs.json one after
// the other in a page from localhost, writes what they save to FOLDER/JOB/saved/, and prints a line of JSON for each.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./chromium.mjs";

const folder = process.argv[2];
const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");
const TYPES = { js: "text/javascript", json: "application/json" };

/** Files of the repository's `web/`, and of the folder; what is put goes into the folder. */
const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
  try {
    if (path === "/") {
      response.setHeader("content-type", "text/html").end("<!doctype html><link rel=icon href=data:,><title>plans</title>");
    } else if (request.method === "PUT") {
      const parts = [];
      for await (const part of request) parts.push(part);
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), Buffer.concat(parts));
      response.end();
    } else {
      const bytes = await readFile(join(path.startsWith("/web/") ? repository : folder, path));
      response.setHeader("content-type", TYPES[path.split(".").pop()] ?? "application/octet-stream").end(bytes);
    }
  } catch (error) {
    response.statusCode = error.code === "ENOENT" ? 404 : 500;
    response.end(String(error));
  }
});

/** What the page does for a job: `{ folder, loop, limits, steps, specialise, runs, loseAt, save }`, all but the folder
 *  as wanted. Halfway through its steps, a plan is specialised if that is asked for. */
async function play(job) {
  const { Replayer, under } = await import("/web/replay.js");
  const losses = [];
  try {
    const adapter = job.limits && { limits: job.limits, info: { description: "a small adapter" } };
    const options = { ...(job.loop && { loop: job.loop }), ...(adapter && { adapter }) };
    const replayer = await Replayer.open(under(new URL(`/${job.folder}/`, location.href)), options);
    const onLosses = (step, row) => {
      losses.push([...row]);
      if (step === job.loseAt) replayer.device.destroy();
    };
    await replayer.load("train").catch((error) => {
      if (job.steps) throw error;
    });
    const began = performance.now();
    const first = job.specialise ? job.steps >> 1 : job.steps;
    if (first) await replayer.train({ steps: first, onLosses });
    let specialised = 0;
    if (job.specialise) {
      specialised = await replayer.specialise("train");
      await replayer.train({ steps: job.steps - first, onLosses });
    }
    const seconds = (performance.now() - began) / 1000;
    for (const [plan, times] of job.runs ?? []) await replayer.run(plan, times);
    for (const name of job.save ?? []) {
      // A blob: what else is sent passes through playwright too, as text.
      await fetch(`/${job.folder}/saved/${name}`, { method: "PUT", body: new Blob([await replayer.save(name)]) });
    }
    replayer.close();
    return { adapter: replayer.adapter, loop: replayer.loop, losses, seconds, specialised };
  } catch (error) {
    return { error: error.message, kind: error.kind ?? error.name, losses };
  }
}

await new Promise((resolve) => server.listen(0, "localhost", resolve));
const browser = await launch({ checked: false });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(`in the page: ${error}`));
  await page.goto(`http://localhost:${server.address().port}/`);
  for (const job of JSON.parse(await readFile(join(folder, "jobs.json"), "utf8"))) {
    console.log(JSON.stringify(await page.evaluate(play, job)));
  }
} finally {
  await browser.close();
  server.close();
}
