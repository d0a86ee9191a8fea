"use strict";
// What the page does beyond showing: films that can be wound and played, charts that read out.

for (const film of document.querySelectorAll(".film")) {
  const range = film.querySelector("input");
  if (!range) continue;
  const frames = film.querySelectorAll("img");
  const button = film.querySelector("button");
  const output = film.querySelector("output");
  let timer = null;

  const show = () => {
    frames.forEach((frame, i) => { frame.hidden = i !== Number(range.value); });
    output.textContent = "epoch " + frames[range.value].dataset.epoch;
    range.setAttribute("aria-valuetext", output.textContent);
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  };
  range.addEventListener("input", () => { stop(); show(); });
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (range.value === range.max) range.value = 0;
    show();
    button.textContent = "Stop";
    timer = setInterval(() => {
      range.value = Number(range.value) + 1;
      show();
      if (range.value === range.max) stop();
    }, 350);
  });
  range.value = range.max; // some browsers restore another one on reload
  show();
}

for (const chart of document.querySelectorAll(".chart")) {
  const lines = JSON.parse(chart.dataset.lines);
  const readout = chart.parentElement.querySelector(".readout");
  const cursor = chart.querySelector(".cursor");
  // Every epoch that a line has a point at, from left to right, with its place.
  const places = new Map();
  for (const line of lines) for (const [x, , epoch] of line.points) places.set(epoch, x);
  const epochs = [...places.keys()].sort((a, b) => a - b);
  let at = epochs.length - 1;

  const read = (index) => {
    at = Math.max(0, Math.min(epochs.length - 1, index));
    const epoch = epochs[at];
    cursor.setAttribute("x1", places.get(epoch));
    cursor.setAttribute("x2", places.get(epoch));
    const said = lines
      .map((line) => [line.label, line.points.find((point) => point[2] === epoch)])
      .filter(([, point]) => point)
      .map(([label, point]) => (lines.length > 1 ? label + " " : "") + point[3]);
    readout.textContent = "epoch " + epoch + ": " + said.join(", ");
  };
  const follow = (event) => {
    const box = chart.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    let nearest = 0;
    epochs.forEach((epoch, i) => {
      if (Math.abs(places.get(epoch) - x) < Math.abs(places.get(epochs[nearest]) - x)) nearest = i;
    });
    read(nearest);
  };
  chart.addEventListener("pointermove", follow);
  chart.addEventListener("pointerdown", follow);
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    read(Number.isFinite(step) ? at + step : step < 0 ? 0 : epochs.length - 1);
  });
}
