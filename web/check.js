// @ts-check
/** The page of `wgpu-simvae gradcheck --browser`: runs every kernel on what the command wrote, and sends back what each left. */
import { say, tell } from "./page/words.js";
import { Replayer, ReplayError, under } from "./replay.js";

/** The file of all memory, before and after. */
const MEMORY = "memory.safetensors";

/** Sends something to the command. @param {string} name @param {BodyInit} body */
async function send(name, body) {
  const response = await fetch(name, { method: "POST", body });
  if (!response.ok) throw new Error(`the command refuses it: ${await response.text()}`);
}

async function run() {
  const replayer = await Replayer.open(under(document.baseURI));
  const names = replayer.recording.plans.map(({ name }) => name);
  // All are compiled side by side, and run in order.
  const loaded = names.map((name) => replayer.load(name));
  loaded.forEach((one) => one.catch(() => {}));
  /** @type {Record<string, string>} */
  const refused = {};
  for (const [done, name] of names.entries()) {
    say(`${name}: ${done} of ${names.length}, on ${replayer.adapter} …`);
    await send("progress", JSON.stringify({ done, of: names.length, now: name }));
    try {
      await loaded[done];
      await replayer.run(name);
    } catch (error) {
      if (!(error instanceof ReplayError) || error.kind !== "shader") throw error;
      refused[name] = error.message;
    }
  }
  await send(MEMORY, new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (await replayer.save(MEMORY))]));
  await send("end", JSON.stringify({ adapter: replayer.adapter, loop: replayer.loop, refused }));
  replayer.close();
}

try {
  say("Asks for the graphics device …");
  await run();
  say("Done: the command prints what came of it. This page can be closed.");
} catch (error) {
  const { message } = /** @type {Error} */ (error);
  tell(error);
  // Where the command is gone, there is nobody to tell.
  await send("end", JSON.stringify({ error: message })).catch(() => {});
}
