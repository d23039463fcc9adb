// The page: what its controls say goes to the networks, and what comes of it is shown.

import { easel } from "./easel.js";
import * as latents from "./latents.js";
import { description, floats, imageOf, load, number, show } from "./network.js";

const FRAMES_PER_SECOND = 20;
const at = (id) => document.getElementById(id);
const chinese = navigator.language.startsWith("zh");
let page, networks, say;
let busy = Promise.resolve(); // networks compute one after another
let drawing = 0;
let walking = 0;

/** Do some work after what is under way; what goes wrong is told. */
function turn(work) {
  busy = busy.then(work).catch((error) => (at("told").textContent = `${error.message ?? error}`));
  return busy;
}

function seedOf(text) {
  if (/^\s*\d+\s*$/.test(text) && Number(text) < page.seeds) return Number(text);
  throw new Error(say["which seeds"].replace("{}", page.seeds - 1));
}

/** Set a slider, as if by hand. */
function move(slider, value) {
  slider.value = value;
  slider.dispatchEvent(new Event("input"));
}

/** Say at each slider where it stands. */
function tellValues() {
  for (const slider of document.querySelectorAll("[type=range]"))
    slider.addEventListener("input", () => {
      slider.previousElementSibling.dataset.value = slider.value;
    });
}

function offer(select, names) {
  select.append(...names.map((name, k) => new Option(name, k)));
}

// A generator that draws from latents.

const ways = () => [...at("ways").querySelectorAll("input")];
const ofSeed = (seed) => latents.ofSeed(page, seed, at("truncation").valueAsNumber);
const inClass = (z) =>
  page.regions ? latents.inClass(z, page.regions.offsets, at("class").selectedIndex) : z;

function drawn(z) {
  const inputs = { z: floats(z, page.latent, 1, 1) };
  if (page.takes.includes("label")) inputs.label = number(at("class").selectedIndex);
  return networks[page.name](inputs);
}

function redraw() {
  const mine = ++drawing;
  return turn(async () => {
    if (mine !== drawing) return; // a slider has moved on
    const steps = ways().map((slider) => slider.valueAsNumber);
    const z = latents.along(ofSeed(seedOf(at("seed").value)), page.directions, steps);
    show(await drawn(inClass(z)), at("image"));
    at("told").textContent = "";
    if (!performance.getEntriesByName("image").length) performance.mark("image");
  });
}

async function walk() {
  const mine = ++walking;
  const frames = [];
  await turn(async () => {
    const ends = at("seeds").value.split(",").map((text) => inClass(ofSeed(seedOf(text))));
    for (const z of latents.walk(ends, at("frames").valueAsNumber, page.straight)) {
      frames.push(await drawn(z));
      show(frames.at(-1), at("walk"));
    }
  });
  for (let i = 0; frames.length && mine === walking; i++) {
    show(frames[i % frames.length], at("walk"));
    await new Promise((resolve) => setTimeout(resolve, 1000 / FRAMES_PER_SECOND));
  }
}

function openDraws() {
  offer(at("class"), page.classes);
  at("classes").hidden = !page.classes.length;
  at("seed").max = page.seeds - 1;
  at("truncation").max = page.most;
  for (const [k] of page.directions.entries()) {
    const label = at("ways").appendChild(document.createElement("label"));
    label.innerHTML = `<span>${say[`way${k}`]}</span><input id="way${k}" type="range">`;
    Object.assign(label.lastChild, { min: -4, max: 4, step: 0.1 });
  }
  tellValues();
  for (const control of [at("seed"), at("class"), at("truncation"), ...ways()])
    control.addEventListener("input", redraw);
  at("reset").addEventListener("click", () => ways().forEach((slider) => move(slider, 0)));
  at("go").addEventListener("click", walk);
  move(at("frames"), 60);
  move(at("truncation"), page.most);
  ways().forEach((slider) => move(slider, 0));
}

// A translator of images.

async function styleOf(reference, domain) {
  const z = latents.ofSeed(page, seedOf(at("style").value), page.most);
  const style = await networks.Fnet({ latent: floats(z, page.latent), domain });
  await reference.opened;
  if (reference.empty) return style;
  const image = imageOf(reference.canvas, page.channels);
  const seen = await networks.Enet({ image, domain });
  const mixed = latents.lerp(style.data, seen.data, at("mix").valueAsNumber);
  return floats(mixed, mixed.length);
}

async function translate(source, reference) {
  await source.opened;
  const inputs = { image: imageOf(source.canvas, page.channels) };
  const domain = number(Math.max(at("domain").selectedIndex, 0));
  if (page.takes.includes("domain")) inputs.domain = domain;
  if (page.takes.includes("style")) inputs.style = await styleOf(reference, domain);
  const output = await networks[page.name](inputs);
  show(output, at("output"));
  if (page.back) show(await networks[page.back]({ image: output }), at("back"));
  at("told").textContent = "";
}

function openTranslates() {
  const made = ["input", "reference"].map((id) =>
    easel(at(id), page.size, () => at("pen").value, page.ground),
  );
  offer(at("domain"), page.classes);
  at("domains").hidden = !page.classes.length;
  at("style").max = page.seeds - 1;
  tellValues();
  move(at("mix"), 1);
  at("styles").hidden = at("reference").hidden = !page.takes.includes("style");
  at("back").parentElement.hidden = !page.back;
  at("translate").addEventListener("click", () => turn(() => translate(...made)));
}

turn(async () => {
  page = await description();
  say = page.texts[chinese ? "zh-CN" : "en"];
  document.documentElement.lang = chinese ? "zh-CN" : "en";
  document.title = document.querySelector("h1").textContent = page.title;
  at("told").textContent = say.loading;
  const places = [document, at("easel").content];
  for (const place of places.flatMap((each) => [...each.querySelectorAll("[data-say]")]))
    place.textContent = say[place.dataset.say];
  networks = await load(page.networks);
  at("told").textContent = "";
  const kind = page.takes.includes("z") ? "draws" : "translates";
  at(kind).hidden = false;
  (kind === "draws" ? openDraws : openTranslates)();
});
