// @ts-check
/**
 * The page: what is chosen is opened, trains, and is looked at while it does.
 *
 * @import { Entry, List } from "./catalogue.js"
 * @import { Dataset } from "./dataset.js"
 * @import { Found } from "./drop.js"
 */
import { Board } from "./board.js";
import { readList } from "./catalogue.js";
import { Chart } from "./chart.js";
import { dropped, ownData } from "./drop.js";
import { Gallery } from "./gallery.js";
import { LatentMap } from "./map.js";
import { neighbours } from "./numbers.js";
import { Samples } from "./samples.js";
import { Speed } from "./speed.js";
import { Trainer, WEIGHTS } from "./trainer.js";
import { count, digits, keep, part, say, tell } from "./words.js";

/** Neighbours that vote for an image's class, and differences between numbers that are looked at for them, at most. */
const [K, DIFFERENCES] = [5, 2e7];
/** Milliseconds between looks, at least and at most; between them, how many times as long as a look takes. */
const [PAUSE, LONGEST, SHARE] = [150, 4000, 8];
/** Milliseconds between the numbers that are shown. */
const TICK = 300;

const [chart, gallery, board, samples] = [
  new Chart(part("chart", HTMLCanvasElement)),
  new Gallery(part("gallery", HTMLCanvasElement)),
  new Board(),
  new Samples(),
];
const map = new LatentMap(part("map", HTMLCanvasElement), part("legend", HTMLElement));
const speed = new Speed();
const [method, setting] = [part("method", HTMLSelectElement), part("setting", HTMLSelectElement)];
const [go, reset] = [part("go", HTMLButtonElement), part("reset", HTMLButtonElement)];

/** @type {List} */
let list = { plans: [], sprites: {} };
/** @type {Trainer | null} */
let trainer = null;
/** The user's own files, which are decoded for each plan anew. @type {Found[]} */
let own = [];
/** The files that were asked for last. */
let asked = own;
/** Representations of the last look. @type {Float32Array} */
let means = new Float32Array();
/** Whether there is something that no look has seen, and what looks is compiled. */
let stale = false;
let ready = false;
/** Counts what was opened, so that what comes late is left. */
let opened = 0;
/** The training under way, which has told all its losses when it ends. */
let under = Promise.resolve();

/** Says what went wrong, and stops. @param {unknown} error */
function fail(error) {
  trainer?.pause();
  tell(error);
  ready = false;
  buttons();
}

/** What takes failures of a trainer: they concern nobody once it is closed. @param {Trainer} of */
const failed = (of) => (/** @type {unknown} */ error) => {
  if (of === trainer) fail(error);
};

/** Shows what can be done now. */
function buttons() {
  const training = trainer?.training ?? false;
  const over = !training && trainer?.left === 0;
  go.textContent = training ? "Pause" : over && trainer?.entry.endless ? "Go on" : "Start";
  go.disabled = !trainer || (over && !trainer.entry.endless);
  reset.disabled = !trainer;
  for (const name of ["save", "save-settings", "load"]) {
    part(name, HTMLElement).toggleAttribute("disabled", !trainer);
  }
}

/** Says that a plan is at its end, and what is worth doing then. @param {Trainer} of */
function ended({ entry, replayer }) {
  const rest = entry.endless
    ? "Its learning rate stays as it is: Go on trains as many again."
    : "Its learning rate has come down to zero: Reset begins anew.";
  say(`Trained to its end: ${count(replayer.step)} steps. ${rest}`);
}

/**
 * Opens a plan, with the user's images if there are any.
 * @param {Entry} entry @param {Dataset} [given] images that are decoded already
 */
async function open(entry, given) {
  const turn = ++opened;
  trainer?.close();
  trainer = null;
  ready = false;
  // What is disabled meanwhile loses the focus.
  const { activeElement: focused } = document;
  choose(entry);
  buttons();
  say("Asks for the graphics device …");
  part("about", HTMLElement).textContent = entry.about;
  try {
    const found = await Trainer.open(entry, list, (model) => {
      if (given) return Promise.resolve(given);
      return own.length ? ownData(own, model, (text) => turn === opened && say(text)) : null;
    });
    if (turn !== opened) return found.close();
    trainer = found;
    found.replayer.failure.catch(failed(found));
    part("adapter", HTMLElement).textContent = found.replayer.adapter;
    begin(found);
    if (document.activeElement === document.body && focused instanceof HTMLElement) focused.focus();
    if (found.left > 0) train(found);
    else ended(found);
    // The first step does not wait for what looks at it.
    await found.prepare();
    if (turn !== opened) return;
    stale = ready = true;
    await found.specialise();
  } catch (error) {
    if (turn === opened) fail(error);
  }
}

/** Shows a model that begins. @param {Trainer} of */
function begin(of) {
  const { dataset, model } = of;
  gallery.clear();
  map.begin(dataset.test.labels, dataset.classes, !of.replayer.software);
  board.begin(of);
  samples.begin(of);
  document.body.classList.toggle("no-decoder", !model.generative);
  part("data", HTMLElement).textContent = `Trains on ${dataset.origin}.`;
  part("sprites", HTMLButtonElement).disabled = !own.length;
  part("nearest", HTMLElement).textContent = "–";
  means = new Float32Array();
  atFirst(of);
  buttons();
}

/** Shows that nothing was trained yet. @param {Trainer} of */
function atFirst({ replayer, end }) {
  chart.clear();
  speed.clear();
  part("step", HTMLElement).textContent = `${count(replayer.step)} of ${count(end)}`;
  for (const number of ["loss", "speed"]) part(number, HTMLElement).textContent = "–";
}

/** @param {Trainer} of */
function train(of) {
  under = steps(of);
}

/** @param {Trainer} of */
async function steps(of) {
  say(`${of.entry.title} trains in this browser.`);
  const done = of.train((step, losses) => {
    if (of !== trainer) return;
    if (!document.body.dataset.first) {
      document.body.dataset.first = String(Math.round(performance.now()));
      const seconds = (performance.now() / 1000).toFixed(1);
      part("first", HTMLElement).textContent = `The first step was done ${seconds} s after the page was asked for.`;
    }
    chart.add(step, losses[0]);
    speed.add(step);
    stale = true;
  });
  buttons();
  try {
    await done;
    if (of !== trainer) return;
    numbers(of);
    speed.clear();
    if (of.left) say("Paused.");
    else ended(of);
  } catch (error) {
    failed(of)(error);
  }
  if (of === trainer) buttons();
}

/** Takes weights, and trains on from them where it trained. @param {Trainer} of @param {File} file */
async function load(of, file) {
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { training } = of;
    // No step is torn, and no loss of before is told behind this. Another file that came may have trained on meanwhile.
    while (of === trainer && of.training) {
      of.pause();
      await under;
    }
    if (of !== trainer) return;
    try {
      of.load(file.name, bytes);
      atFirst(of);
      stale = true;
    } finally {
      if (training && of.left) train(of);
    }
    say(`These are the weights of ${file.name}.`);
  } catch (error) {
    if (of === trainer) tell(error);
  }
  buttons();
}

/** Looks at the model, as far as it can be looked at. @param {Trainer} of */
async function look(of) {
  const { latent, generative } = of.model;
  means = await of.encode();
  if (of !== trainer) return;
  map.show(means, latent, part("principal", HTMLInputElement).checked);
  const { labels } = of.dataset.test;
  if (of.dataset.classes.length && of.lookedAt > 10 * K) {
    const some = means.subarray(0, Math.floor(Math.sqrt(DIFFERENCES / latent)) * latent);
    part("nearest", HTMLElement).textContent = `${(100 * neighbours(some, latent, labels, K)).toFixed(1)} %`;
  }
  board.update(means);
  if (!generative) return;
  const { inputs, pictures } = await of.reconstruct();
  if (of !== trainer) return;
  gallery.show(inputs, pictures, of.model.image);
  await draw(of);
}

/** Draws samples and the board's picture. @param {Trainer} of */
async function draw(of) {
  const latents = samples.latents(means);
  const pictures = await of.decode([...latents, board.z]);
  if (of !== trainer) return;
  samples.show(pictures.slice(0, latents.length));
  board.show(pictures[latents.length]);
}

/** Looks again and again while there is something new. */
async function watch() {
  for (;;) {
    const began = performance.now();
    const of = trainer;
    if (of && ready && stale && !document.hidden) {
      stale = false;
      try {
        await look(of);
      } catch (error) {
        failed(of)(error);
      }
    }
    const took = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST, Math.max(PAUSE, SHARE * took))));
  }
}

/** Shows the curve and numbers, a few times a second. */
function tick() {
  chart.show();
  if (trainer?.training) numbers(trainer);
}

/** @param {Trainer} of */
function numbers({ model, replayer, end }) {
  part("step", HTMLElement).textContent = `${count(replayer.step)} of ${count(end)}`;
  if (chart.mean !== undefined) part("loss", HTMLElement).textContent = digits(chart.mean);
  const steps = speed.steps();
  if (steps > 0) part("speed", HTMLElement).textContent = count(steps * model.batch);
  part("speed", HTMLElement).title = `${steps.toFixed(1)} steps of ${model.batch} images, ${model.views} views each, per second`;
}

/** Brings the lists to a plan. @param {Entry} entry */
function choose(entry) {
  method.value = entry.title;
  const same = list.plans.filter(({ title }) => title === entry.title);
  setting.replaceChildren(...same.map(({ name, setting }) => new Option(setting, name)));
  setting.value = entry.name;
}

/** The plan that the page's address names, or the first. */
const addressed = () => list.plans.find(({ name }) => name === location.hash.slice(1)) ?? list.plans[0];

/** Trains on other files than before, or on the plan's own images again. @param {Found[]} files */
async function use(files) {
  const of = trainer;
  if (!of) return;
  asked = files;
  // Another choice may come while pictures are decoded, and counts then.
  const counts = () => of === trainer && asked === files;
  try {
    const given = files.length ? await ownData(files, of.model, (text) => counts() && say(text)) : undefined;
    if (!counts()) return;
    own = files;
    await open(of.entry, given);
  } catch (error) {
    // What trained goes on.
    if (counts()) tell(error);
  }
}

/** Draws the board's picture while a slider moves: the newest position, one at a time. */
let drawing = false;
let wanted = false;
async function move() {
  wanted = true;
  if (drawing) return;
  drawing = true;
  while (wanted && ready && trainer?.model.generative) {
    wanted = false;
    await draw(trainer).catch(failed(trainer));
  }
  drawing = false;
}

board.onMove = move;
samples.onChange = move;
board.onChoose = (image) => {
  map.choose(image);
  if (means.length) board.update(means);
  move();
};
map.onChoose = (image) => board.choose(image);

go.addEventListener("click", () => {
  if (!trainer) return;
  if (trainer.training) return trainer.pause();
  if (trainer.left === 0) trainer.extend();
  train(trainer);
});
reset.addEventListener("click", () => trainer && open(trainer.entry, trainer.dataset));
method.addEventListener("change", () => {
  const entry = list.plans.find(({ title }) => title === method.value);
  if (entry) location.hash = entry.name;
});
setting.addEventListener("change", () => (location.hash = setting.value));
addEventListener("hashchange", () => {
  open(addressed());
});
part("principal", HTMLInputElement).addEventListener("change", (event) => {
  const principal = /** @type {HTMLInputElement} */ (event.target).checked;
  if (trainer && means.length) map.show(means, trainer.model.latent, principal);
});

part("save", HTMLButtonElement).addEventListener("click", () => {
  const of = trainer;
  of?.save().then((bytes) => keep(WEIGHTS, /** @type {Uint8Array<ArrayBuffer>} */ (bytes)), failed(of));
});
part("save-settings", HTMLButtonElement).addEventListener("click", () => {
  if (trainer) keep("settings.toml", trainer.model.settings);
});
part("load", HTMLInputElement).addEventListener("change", async (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const [file] = input.files ?? [];
  input.value = "";
  if (file && trainer) await load(trainer, file);
});

part("files", HTMLInputElement).addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const files = [...(input.files ?? [])].map((file) => ({ file, folder: "" }));
  input.value = "";
  if (files.length) use(files);
});
part("sprites", HTMLButtonElement).addEventListener("click", () => use([]));
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("over"));
addEventListener("drop", async (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  const files = event.dataTransfer ? await dropped(event.dataTransfer) : [];
  if (files.length) use(files);
});

try {
  list = await readList();
  method.replaceChildren(...[...new Set(list.plans.map(({ title }) => title))].map((title) => new Option(title)));
  method.disabled = setting.disabled = false;
  setInterval(tick, TICK);
  watch();
  await open(addressed());
} catch (error) {
  fail(error);
}
