// Figure B: the reader's own network. Settings and moved points are kept in the page's address.
const lab = document.querySelector("[data-lesson=network]");
const given = JSON.parse(document.getElementById("given").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const [GRID, SIDE, LAST_PASS, SETTINGS] = [64, 300, 300, ["mode", "size", "rate"]];
const STILL = " Every batch of the last pass was satisfied: no update was left to make.";
let training, curve, running, waiting, [X, y, chosen] = [[...given.X], [...given.y], 0];

const part = (name) => lab.querySelector(`[data-part=${name}]`);
const within = (value) => Math.round(Math.max(-1, Math.min(1, value)) * 100) / 100;
const sound = () => training.network.theta.every(Number.isFinite);
const going = () => training.passes < LAST_PASS && sound();
const still = () => training.shown - training.moved >= y.length;

function run(size, rate, mode) {
  // The library's orders; points that the reader added come last in each pass.
  const orders = given.orders.map((order) => [...new Set([...order, ...y.keys()])].filter((at) => at < y.length));
  const own = { size, rate, updates: 1, tolerance: null, ...(mode === "until" ? given.until : {}) };
  return new Training({ ...given, X, y, orders }, own);
}

function restart() {
  const [mode, size, rate] = SETTINGS.map((name) => part(name).value);
  training = run(size === "all" ? y.length : Number(size), Number(rate), mode);
  curve = [];
  advance(0, "");
  remember();
  clearTimeout(waiting);
  waiting = setTimeout(drawPaths, 200);
}

/** Visit batches until so many more points were shown; stop there, and say so, where there are words for it. */
function advance(points, words) {
  const until = training.shown + points;
  while (training.shown < until && going()) training.visit();
  record();
  if (words !== undefined) tell(words);
}

function tell(words) {
  [running, part("train").textContent] = [false, "Train"];
  const standing = ["passes", "loss", "right"].map((name) => `${name} ${part(name).value}`).join(", ");
  part("said").textContent = words && `${words}: ${standing}.${still() ? STILL : ""}`;
}

function train() {
  if (running) return tell("Paused");
  if (calm.matches) return advance(10 * y.length, "Ten passes more"); // at once: nothing should move
  [running, part("train").textContent, part("said").textContent] = [true, "Pause", ""];
  return requestAnimationFrame(tick);
}

function tick() {
  if (!running) return;
  advance(8);
  if (going() && !still()) requestAnimationFrame(tick);
  else tell(sound() ? "The end" : "It diverged, so this rate is too high");
}

function record() {
  const [{ updates, gradients, checks, passes }, loss] = [training, training.loss()];
  curve.push([gradients + checks / 2, loss]);
  const shown = { updates, gradients, checks, passes: Math.round(passes * 100) / 100 };
  for (const [name, count] of Object.entries(shown)) part(name).value = count.toLocaleString("en");
  part("loss").value = Number.isFinite(loss) ? loss.toFixed(3) : "none";
  part("right").value = `${X.filter((x, at) => best(x) === y[at]).length} of ${y.length}`;
  draw();
}

function best(x) {
  training.network.forward(x, 0);
  return training.network.p.indexOf(Math.max(...training.network.p));
}

function ink(name) {
  const hex = getComputedStyle(lab).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** Paint GRID x GRID places; `inkAt(right, up)`, both from -1 to 1, returns a colour and its share. */
function paint(canvas, inkAt) {
  const [paper, image] = [ink("--paper"), new ImageData(GRID, GRID)];
  for (let at = 0; at < GRID * GRID; at += 1) {
    const [right, down] = [at % GRID, Math.floor(at / GRID)].map((place) => (2 * place + 1) / GRID - 1);
    const [colour, share] = inkAt(right, -down);
    image.data.set([...paper.map((base, c) => base + (colour[c] - base) * share), 255], 4 * at);
  }
  [canvas.width, canvas.height] = [GRID, GRID];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function draw() {
  const inks = ["--class-0", "--class-1", "--class-2"].map(ink);
  paint(part("map"), (...place) => {
    const label = Math.max(0, best(place)); // without a number there is no best one
    return [inks[label], 0.12 + 0.6 * Math.max(0, training.network.p[label] - 1 / 3) || 0];
  });
  const point = ([right, up], at) =>
    `<path d="${given.shapes[y[at]]}" class="class-${y[at]} ${at === chosen ? "chosen" : ""}" data-at="${at}"` +
    ` transform="translate(${(SIDE * (1 + right)) / 2} ${(SIDE * (1 - up)) / 2})"/>`;
  part("points").innerHTML = X.map(point).join("");
  const finite = curve.filter(([, loss]) => Number.isFinite(loss));
  const [end, top] = [0, 1].map((axis) => Math.max(1e-9, ...finite.map((each) => each[axis])));
  const line = finite.map(([cost, loss]) => [(SIDE * cost) / end, 100 - (96 * loss) / top].join());
  part("curve").setAttribute("points", line.join(" "));
  part("top").textContent = top.toPrecision(2);
  part("end").textContent = `work: ${Math.round(end).toLocaleString("en")} gradients (a check: half of one)`;
}

/** The paths of three batch sizes, on the loss over the plane that holds the start and two of their ends. */
function drawPaths() {
  const dot = (a, b) => a.reduce((sum, value, at) => sum + value * b[at], 0);
  const minus = (a, b, times = 1) => a.map((value, at) => value - times * b[at]);
  const unit = (a) => a.map((value) => value / (Math.sqrt(dot(a, a)) || 1));
  const walks = [1, 8, y.length].map((size) => {
    const own = run(size, Number(part("rate").value), "once");
    const walk = [own.network.theta.slice()];
    for (; own.passes < given.passes; walk.push(own.network.theta.slice())) own.visit();
    return walk.filter((theta) => theta.every(Number.isFinite));
  });
  const start = walks[0][0];
  const [far, near] = [walks[0], walks[2]].map((walk) => minus(walk.at(-1), start));
  const plane = [unit(far), unit(minus(near, unit(far), dot(near, unit(far))))];
  const seen = walks.map((walk) => walk.map((theta) => plane.map((way) => dot(minus(theta, start), way))));
  const ends = [0, 1].map((axis) => seen.flat().map((place) => place[axis]));
  const middle = ends.map((all) => (Math.min(...all) + Math.max(...all)) / 2);
  const reach = ends.map((all) => 0.6 * (Math.max(...all) - Math.min(...all)) + 0.2);
  const [slope, valley] = [run(1, 1, "once"), ink("--valley")];
  paint(part("surface"), (...place) => {
    const [a, b] = place.map((share, axis) => middle[axis] + share * reach[axis]);
    slope.network.theta.set(start.map((value, at) => value + a * plane[0][at] + b * plane[1][at]));
    return [valley, 0.9 / (1 + 5 * slope.loss())];
  });
  const spot = ([a, b]) => [1 + (a - middle[0]) / reach[0], 1 - (b - middle[1]) / reach[1]].map((v) => (v * SIDE) / 2);
  for (const line of lab.querySelectorAll("[data-path]")) line.setAttribute("points", seen[line.dataset.path].map(spot));
  part("start").setAttribute("transform", `translate(${spot([0, 0])})`);
}

function remember() {
  if (!lab.classList.contains("tried")) return; // only what the reader set
  const same = JSON.stringify([X, y]) === JSON.stringify([given.X, given.y]);
  const points = same ? [] : [`points=${X.map((x, at) => [...x, y[at]].join("_")).join("~")}`];
  try {
    history.replaceState(null, "", `#try;${[...SETTINGS.map((name) => `${name}=${part(name).value}`), ...points].join(";")}`);
  } catch {} // a sandbox, as MLflow's, forbids it: all else works
}

function recall() {
  const said = new URLSearchParams(location.hash.slice(5).replaceAll(";", "&"));
  for (const name of SETTINGS) {
    if ([...part(name).options].some(({ value }) => value === said.get(name))) part(name).value = said.get(name);
  }
  const points = (said.get("points") ?? "").split("~").map((each) => each.split("_").map(Number));
  const fits = ([a, b, label]) => within(a) === a && within(b) === b && [0, 1, 2].includes(label);
  if (points.every(fits)) [X, y] = [points.map(([a, b]) => [a, b]), points.map((each) => each[2])];
  lab.scrollIntoView();
}

function put(place) {
  X[chosen] = place.map(within);
  restart();
}

function choose(at) {
  chosen = at % y.length;
  draw();
  part("said").textContent = `Point ${chosen + 1} of ${y.length}, class ${y[chosen] + 1}, at ${X[chosen].join(", ")}.`;
}

function drag(event) {
  const [field, at] = [event.currentTarget, event.target.dataset.at];
  if (event.type === "pointerdown" && at) field.setPointerCapture(event.pointerId);
  if (event.type === "pointerdown" && at) return choose(Number(at));
  if (!field.hasPointerCapture(event.pointerId)) return;
  const box = field.getBoundingClientRect();
  put([(2 * (event.clientX - box.left)) / box.width - 1, 1 - (2 * (event.clientY - box.top)) / box.height]);
}

function nudge(event) {
  const way = WAYS[event.key];
  if (way) event.preventDefault();
  if (way) put(X[chosen].map((value, axis) => value + 0.05 * way[axis]));
}

function set(...all) {
  [X, y, chosen] = all;
  restart();
}

const kept = (_, at) => at !== chosen || y.length === 1;
const deeds = {
  train,
  update: () => advance(1, "One batch more"),
  pass: () => advance(y.length, "One pass more"),
  again: restart,
  next: () => choose(chosen + 1),
  add: () => set([...X, [0, 0]], [...y, y[chosen]], y.length),
  remove: () => set(X.filter(kept), y.filter(kept), 0),
  original: () => set([...given.X], [...given.y], 0),
};
for (const [name, deed] of Object.entries(deeds)) part(name).addEventListener("click", deed);
for (const kind of ["pointerdown", "pointermove"]) part("field").addEventListener(kind, drag);
part("field").addEventListener("keydown", nudge);
part("settings").addEventListener("change", restart);
if (location.hash.startsWith("#try;")) recall();
lab.table = () => ["work,loss", ...curve].join("\n"); // for its file
restart();
lab.classList.add("tried");
