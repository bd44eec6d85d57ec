// What the page offers beside its figures: their files, and a way to shut a word's meaning.
const tables = JSON.parse(document.getElementById("tables").textContent);
const pool = JSON.parse(document.getElementById("live")?.textContent ?? "{}");
const DRAWN = ".panel > svg, .reel:not([hidden]) li:not([hidden]) > svg, .field > svg";
const [MARGIN, ROW] = [12, 20];
// A file has no stylesheet of the page: the colours of a light screen, and the page's own type.
const STYLE = `text{font-family:system-ui,sans-serif}.class-0{fill:#d55e00}.class-1{fill:#0072b2}.class-2{fill:#009e73}
  polyline{fill:none;stroke-width:2}.halo{display:none}[data-part=start]{fill:none;stroke:#1f2933;stroke-width:2}`;

function element(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** The figure's panels below each other, on white, with their titles and keys. */
function picture(figure) {
  const file = element("svg", { xmlns: "http://www.w3.org/2000/svg" });
  file.append(element("style", {}, STYLE), element("rect", { width: "100%", height: "100%", fill: "#fff" }));
  const shapes = figure.querySelector("#step-shapes");
  if (shapes) file.append(...[...shapes.children].map((each) => each.cloneNode(true)));
  let [down, across] = [MARGIN, 0];
  const write = (words, x, bold) => {
    const look = { x, y: down + 11, "font-size": 12, "font-weight": bold ? 700 : 400, fill: "#1f2933" };
    file.append(element("text", look, words.trim()));
  };
  for (const drawn of figure.querySelectorAll(DRAWN)) {
    const [, , wide, high] = drawn.getAttribute("viewBox").split(" ").map(Number);
    const title = drawn.closest(".panel, .seat")?.querySelector(":scope > b");
    if (title) write(title.textContent, MARGIN, true);
    if (title) down += ROW;
    const canvas = drawn.parentElement.querySelector("canvas");
    const place = { x: MARGIN, y: down, width: wide, height: high };
    if (canvas) file.append(element("image", { ...place, href: canvas.toDataURL() }));
    const copy = drawn.cloneNode(true);
    // Names at the left edge may reach beyond the drawing.
    for (const [key, value] of Object.entries({ ...place, overflow: "visible" })) copy.setAttribute(key, value);
    file.append(copy);
    down += high + MARGIN;
    across = Math.max(across, wide + 2 * MARGIN);
  }
  for (const key of figure.querySelectorAll(".key li")) {
    const sample = key.firstElementChild.cloneNode(true);
    for (const [name, value] of Object.entries({ x: MARGIN, y: down, height: 14 })) sample.setAttribute(name, value);
    file.append(sample);
    write(key.textContent, MARGIN + 42, false);
    down += ROW;
  }
  for (const [key, value] of Object.entries({ width: across, height: down + MARGIN })) file.setAttribute(key, value);
  return new XMLSerializer().serializeToString(file);
}

/** The first data of a live figure as CSV: its axes by their titles, and of a step among rates the rate. */
function written({ data, rates, titles }) {
  const [{ step, ...rest }] = Object.values(data);
  const columns = step ? { rate: step.map((at) => rates[at]), ...rest } : rest;
  const cell = (value) => (/[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : (value ?? ""));
  const names = Object.keys(columns);
  const rows = columns[names[0]].map((_, at) => names.map((name) => cell(columns[name][at])).join());
  return [names.map((name) => titles?.[name] ?? name).join(), ...rows].join("\n");
}

function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

for (const figure of document.querySelectorAll("main figure")) {
  const name = figure.id || figure.closest(".study").id;
  const table = () => figure.table?.() ?? tables[name] ?? written(pool[figure.dataset.live]);
  const row = document.createElement("p");
  row.className = "take small";
  row.textContent = "Download: ";
  const files = { SVG: ["image/svg+xml", () => picture(figure)], CSV: ["text/csv", table] };
  for (const [kind, [type, text]] of Object.entries(files)) {
    const button = document.createElement("button");
    [button.type, button.textContent] = ["button", kind];
    const of = figure.querySelector(".title b")?.textContent ?? name;
    button.setAttribute("aria-label", `${of} as ${kind}`);
    button.addEventListener("click", () => save(`${name}.${kind.toLowerCase()}`, type, text()));
    row.append(button, " ");
  }
  figure.append(row);
}

// Escape shuts the meaning of a word that pointer or keyboard have opened, until they leave it.
addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const word of document.querySelectorAll(".term:is(:hover, :focus)")) {
    word.classList.add("shut");
    for (const left of ["blur", "pointerleave"]) word.addEventListener(left, () => word.classList.remove("shut"));
  }
});
