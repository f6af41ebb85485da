// Plays an animation's page and tells, as JSON, at which step it stood after each key. node play_page.js PAGE.html
"use strict";
const page = require("node:fs").readFileSync(process.argv[2], "utf8");
const script = page.match(/<script>([^]*?)<\/script>/)[1];
const data = page.match(/id="data"[^>]*>([^]*?)<\/script>/)[1];

// ---- just enough of a browser: elements keep their listeners, pens count the lines they draw ----
let drawn = 0, frames = [], now = 0;
const listeners = {};

function pen() {
  const call = (name) => (...given) => {
    if (given.some((each) => typeof each === "number" && !Number.isFinite(each))) throw Error(`${name}(${given})`);
    if (name === "lineTo") drawn++;
    if (name === "createImageData") return { data: new Uint8ClampedArray(4 * given[0] * given[1]) };
  };
  return new Proxy({}, { get: (kept, name) => (name in kept ? kept[name] : call(name)) });
}

function make(more = {}) {
  const heard = {}, addEventListener = (what, then) => { heard[what] = then; };
  return { dataset: {}, clientWidth: 300, heard, addEventListener, getContext: pen, ...more };
}

const play = make(), at = make({ value: "0" }), box = make({ dataset: { rule: "sgd" }, checked: true });
const named = { data: { textContent: data }, play, at, step: make(), speed: make({ value: "15" }) };
const maps = [0, 1, 2, 3].map((k) => {
  const strip = make();
  return make({ dataset: { scene: String(k) }, parentElement: { querySelector: () => strip } });
});
globalThis.document = {
  documentElement: {},
  getElementById: (id) => named[id],
  createElement: () => make(),
  querySelectorAll: (what) => ({ "canvas.map": maps, "[data-rule]": [box] })[what] ?? [],
  addEventListener: (what, then) => { listeners[what] = then; },
};
const ground = ["--low", "--high"];
globalThis.getComputedStyle = () => ({ getPropertyValue: (name) => (ground.includes(name) ? "9 9 9" : "#123456") });
const media = { matches: false, addEventListener() {} };
globalThis.window = { devicePixelRatio: 1, addEventListener() {}, matchMedia: () => media };
globalThis.requestAnimationFrame = (then) => frames.push(then);
globalThis.performance = { now: () => now };

// ---- the story ----
const { where, go } = new Function(script + "; return { where: () => step, go };")();
const told = {};

function press(key, more = {}) {
  listeners.keydown({ key, target: { tagName: "BODY" }, preventDefault() {}, ...more });
}

function pass(count) {
  for (let k = 0; k < count; k++) {
    now += 100;
    const due = frames;
    frames = [];
    due.forEach((each) => each(now));
  }
}

function tell(name) {
  told[name] = where();
}

pass(10); tell("played");
press(" "); pass(5); tell("stopped");
press("ArrowRight"); tell("right");
press("ArrowRight", { shiftKey: true }); tell("ten");
press("End"); tell("end");
press("ArrowRight"); tell("beyond");
drawn = 0; go(where()); told.drawn = drawn;
box.checked = false; drawn = 0; box.heard.change(); told.fewer = drawn;
press("Home"); tell("home");
at.value = "60"; at.heard.input(); tell("slider");
press("End"); press(" "); tell("again");
pass(200); tell("finished");
console.log(JSON.stringify(told));
