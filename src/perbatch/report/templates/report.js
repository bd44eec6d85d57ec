/* global vega */
// Brings the figures marked `data-live` to life. Where no script runs, their drawn panels stand.
const pool = JSON.parse(document.getElementById("live").textContent);

/** Turn a table kept as columns into Vega's rows. */
function rows(columns) {
  const names = Object.keys(columns);
  return columns[names[0]].map((_, at) => Object.fromEntries(names.map((name) => [name, columns[name][at]])));
}

/** Put a Vega view into the figure, show its controls and hide its panels; return the view. */
async function enliven(figure, { spec, data }) {
  const place = figure.querySelector(".view");
  place.hidden = false; // a hidden place has no width
  // Vega gives its container a role of its own: one inside, so that the figure keeps its text.
  const container = place.firstElementChild;
  const view = new vega.View(vega.parse(spec), { renderer: "svg", container, logLevel: 1 });
  for (const [name, columns] of Object.entries(data)) view.data(name, rows(columns));
  await view.width(place.clientWidth).runAsync();
  figure.querySelector(".controls").hidden = false;
  figure.classList.add("alive");
  new ResizeObserver(() => view.width(place.clientWidth).runAsync()).observe(place);
  return view;
}

/** Figure 2: the radio buttons choose the horizontal axis. */
function chooseAxis(figure, view, { words }) {
  figure.querySelector(".controls").addEventListener("change", ({ target }) => {
    figure.querySelector(".view").setAttribute("aria-label", words[target.value]);
    view.signal("axis", target.value).runAsync();
  });
}

/** Figure 3a: the slider and the buttons beside it choose the learning rate. */
function chooseRate(figure, view, { words, rates, first }) {
  const slider = figure.querySelector("input[type=range]");
  const show = (step) => {
    slider.value = step;
    slider.setAttribute("aria-valuetext", rates[step]);
    figure.querySelector("output").value = rates[step];
    figure.querySelector(".said").textContent = words[step];
    figure.querySelector(".view").setAttribute("aria-label", words[step]);
    for (const button of figure.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.step) === step));
    }
    view.signal("step", step).runAsync();
  };
  slider.addEventListener("input", () => show(Number(slider.value)));
  for (const button of figure.querySelectorAll("button")) {
    button.addEventListener("click", () => show(Number(button.dataset.step)));
  }
  show(first);
}

const wiring = { losses: chooseAxis, explorer: chooseRate };
for (const figure of document.querySelectorAll("figure[data-live]")) {
  const live = pool[figure.dataset.live];
  enliven(figure, live).then(
    (view) => wiring[figure.dataset.live](figure, view, live),
    (error) => {
      figure.querySelector(".view").hidden = true;
      console.warn("The drawn panels stand: ", error);
    },
  );
}
