// Figure A: one frame of the strip at a time. Where no script runs, the strip stands.
const play = document.querySelector("[data-lesson=step]");
const reels = [...play.querySelectorAll(".reel")];
const knob = (name) => play.querySelector(`[data-deed=${name}]`);
const PAUSE = 1600; // milliseconds a frame: enough to read its words
let [reel, at, timer] = [1, 0, 0];

function show(place) {
  const frames = [...reels[reel].querySelectorAll("li")];
  at = Math.max(0, Math.min(place, frames.length - 1));
  reels.forEach((each, number) => (each.hidden = number !== reel));
  frames.forEach((frame, number) => (frame.hidden = number !== at));
  knob("place").value = `step ${at} of ${frames.length - 1}`;
  // Told and not taken away: a button that is disabled loses the keyboard.
  knob("back").setAttribute("aria-disabled", at === 0);
  knob("step").setAttribute("aria-disabled", at === frames.length - 1);
  if (at === frames.length - 1) stop();
}

function stop() {
  clearInterval(timer);
  timer = 0;
  knob("play").textContent = "Play";
  // Words are read out where the reader asked for them, and not while they run by.
  play.querySelector(".reels").setAttribute("aria-live", "polite");
}

function start() {
  if (reels[reel].querySelector("li:last-child:not([hidden])")) show(0);
  play.querySelector(".reels").setAttribute("aria-live", "off");
  knob("play").textContent = "Pause";
  timer = setInterval(() => show(at + 1), PAUSE);
}

function step(by) {
  stop();
  show(at + by);
}

knob("back").addEventListener("click", () => step(-1));
knob("step").addEventListener("click", () => step(1));
knob("play").addEventListener("click", () => (timer ? stop() : start()));
play.querySelector("fieldset").addEventListener("change", ({ target }) => {
  reel = Number(target.value);
  stop();
  show(0);
});
play.querySelector(".player").hidden = false;
play.classList.add("played");
stop();
show(0);
