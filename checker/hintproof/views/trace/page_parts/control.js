// Moving about: buttons, keys, slider, search, address; theme and help.

let current = -1;
let told = 0;

function go(k) {
  k = Math.max(0, Math.min(LAST, k));
  if (k === current) return;
  current = k;
  at("slider").value = String(k);
  at("slider").setAttribute("aria-valuetext", k ? `${k}, ${steps[k - 1].label}` : "before the first step");
  at("where").textContent = `${k} / ${LAST}`;
  for (const [id, off] of [["first", !k], ["back", !k], ["last", k === LAST]]) at(id).disabled = off;
  at("forth").disabled = stepBeside(k, 1) === k;
  for (const show of [showRow, showStep, showRing, showMap, showState]) show(k);
  for (const button of document.querySelectorAll("button.goto")) button.toggleAttribute("aria-current", Number(button.dataset.step) === k);
  clearTimeout(told);
  told = setTimeout(tell, 300);
}

// After a short rest: browsers limit how often the address may change, and a voice should not stumble.
function tell() {
  const step = steps[current - 1];
  at("live").textContent = step ? `Step ${current} of ${LAST}, ${story.lanes[step.lane].name}: ${step.label}. ${step.says}` : "Before the first step";
  history.replaceState(null, "", `#${current}`);
}

function fromAddress() {
  const named = /^#(\d+)$/.exec(location.hash);
  return named && Number(named[1]) <= LAST ? Number(named[1]) : null;
}

const move = (by) => go(stepBeside(current, by));

function leap(by) {
  let k = current;
  for (let i = 0; i < 10; i += 1) k = by > 0 && k === LAST ? k : stepBeside(k, by);
  go(k);
}

const toCause = () => go(story.last_cause === null ? LAST : story.last_cause);

function toggleMatters() {
  diagram.onlyMatters = !diagram.onlyMatters;
  at("matters").setAttribute("aria-pressed", String(diagram.onlyMatters));
  layRows();
  fit();
  showRow(current);
}

// -- search --------------------------------------------------------------------------------------

let texts = null;
let hits = [];
let from = 0; // where the search began: there it looks from, and there it goes back to

// What a step can be found by: its names, its sentence, and what it changes.
function textOf(step) {
  const changes = changesOf(step.number).map(({ at: place, after }) => `${variables[place].name}=${plain(story.values[after])}`);
  return [step.label, step.step, step.where, step.says, story.lanes[step.lane].name, ...changes, ...step.breaks].join("\n").toLowerCase();
}

function search() {
  const wanted = at("search").value.trim().toLowerCase();
  texts ||= steps.map(textOf);
  hits = wanted ? steps.filter((_, i) => texts[i].includes(wanted)).map((step) => step.number) : [];
  go(hits.find((k) => k >= from) ?? hits[0] ?? from);
  tellHits();
}

function nextHit(by) {
  if (!hits.length) return;
  const next = by > 0 ? hits.find((k) => k > current) : hits.findLast((k) => k < current);
  go(next ?? (by > 0 ? hits[0] : hits[hits.length - 1]));
  tellHits();
}

function tellHits() {
  const place = hits.indexOf(current) + 1;
  at("found").textContent = at("search").value.trim() ? (hits.length ? `${place || "-"} of ${hits.length}` : "none") : "";
}

// -- theme, help ---------------------------------------------------------------------------------

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";

function toggleTheme() {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
}

const nameTheme = () => (at("theme").textContent = isDark() ? "Light" : "Dark");
const help = () => (at("help").open ? at("help").close() : at("help").showModal());

function focusSearch() {
  at("search").focus();
  at("search").select();
}

const KEYS = [
  [["ArrowDown", "ArrowRight", "j"], "one step forth", () => move(1)],
  [["ArrowUp", "ArrowLeft", "k"], "one step back", () => move(-1)],
  [["PageDown"], "ten steps forth", () => leap(1)],
  [["PageUp"], "ten steps back", () => leap(-1)],
  [["Home"], "before the first step", () => go(0)],
  [["End"], "after the last step", () => go(LAST)],
  [["c"], "the cause: the step to look at first", toCause],
  [["m"], "only the steps that matter, or all", toggleMatters],
  [["/"], "search", focusSearch],
  [["n"], "next step found", () => nextHit(1)],
  [["N"], "step found before", () => nextHit(-1)],
  [["t"], "dark or light", toggleTheme],
  [["?"], "these keys", help],
];

const ACTIONS = new Map(KEYS.flatMap(([keys, , act]) => keys.map((key) => [key, act])));

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const inText = event.target.matches("input:not([type=range], [type=checkbox])");
  if (inText) return onKeyInText(event);
  if (event.key.length > 1 && event.target.matches("input[type=range]")) return;
  if (event.key.length === 1 && !at("letters").checked) return;
  if (at("help").open && event.key !== "?") return;
  const act = ACTIONS.get(event.key);
  if (!act) return;
  event.preventDefault();
  act();
}

function onKeyInText(event) {
  if (event.key === "Escape") event.target.blur();
  else if (event.key === "Enter" && event.target.id === "search") nextHit(event.shiftKey ? -1 : 1);
}

// -- the beginning -------------------------------------------------------------------------------

function drawTicks() {
  const most = 2000;
  const ticks = at("ticks");
  const places = new Set(steps.filter((s) => s.weight === "cause").map((s) => Math.round((s.number / LAST) * most)));
  ticks.setAttribute("viewBox", `0 0 ${most} 8`);
  if (story.loop !== null) ticks.append(draw("rect", { class: "loop", x: (story.loop / LAST) * most, y: 0, width: most - (story.loop / LAST) * most, height: 8 }));
  ticks.append(draw("path", { class: "causes", d: [...places].map((x) => `M${x} 0V8`).join("") }));
}

function listen() {
  const clicks = { first: () => go(0), back: () => move(-1), forth: () => move(1), last: () => go(LAST), cause: toCause, matters: toggleMatters, theme: toggleTheme, "help-button": help };
  for (const [id, act] of Object.entries(clicks)) at(id).addEventListener("click", act);
  for (const button of document.querySelectorAll("button.goto")) button.addEventListener("click", () => go(Number(button.dataset.step)));
  at("slider").addEventListener("input", () => go(Number(at("slider").value)));
  at("search").addEventListener("focus", () => (from = current));
  at("search").addEventListener("input", search);
  for (const id of ["watch", "changing"]) at(id).addEventListener("input", filterState);
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-step]");
    if (row) go(Number(row.dataset.step));
  });
  document.addEventListener("keydown", onKey);
  dark.addEventListener("change", nameTheme);
  addEventListener("hashchange", () => fromAddress() !== null && go(fromAddress()));
  list.addEventListener("scroll", soon(drawRows));
  addEventListener("scroll", soon(fit));
  addEventListener("resize", soon(fit));
  new ResizeObserver(() => (drawHead(), drawRows())).observe(list);
}

at("keys").append(...KEYS.map(([keys, says]) => make("tr", {}, make("td", {}, ...keys.map((key) => make("kbd", {}, key.replace("Arrow", "")))), make("td", {}, says))));
at("ring").hidden = ringAt < 0;
layRows();
fit();
drawHead();
layState();
showLegend();
filterState();
if (LAST) drawTicks();
listen();
nameTheme();
if (fromAddress() !== null) go(fromAddress());
else toCause();
