// What stands beside the diagram: the step, the ring, the page map, the state.

const WEIGHS = {
  cause: "a station of the causal chain",
  feeds: "made a value that a cause went by",
  enables: "only lets others happen",
};

function showStep(k) {
  at("step").replaceChildren(...(k ? tellStep(steps[k - 1]) : tellStart()), tellChanges(k));
}

function tellStart() {
  const says = story.begins ? `This run does not begin initially. Its first state ${story.begins}.` : "The state before the first step.";
  return [make("h2", {}, "Before the first step"), make("p", {}, says)];
}

function tellStep(step) {
  const lane = story.lanes[step.lane];
  const told = [
    make("p", { class: "eyebrow" }, `step ${step.number} of ${LAST} · `, make("span", { title: lane.says }, lane.name), " · ", make("span", { class: step.weight }, WEIGHS[step.weight])),
    make("h2", { class: "action" }, step.label),
    make("p", {}, step.says),
  ];
  if (step.breaks.length) told.push(make("div", { class: "breaks" }, make("strong", {}, "breaks "), ...step.breaks.flatMap((each, i) => (i ? [make("br"), each] : [each]))));
  told.push(make("p", { class: "source" }, step.step && `${step.step} · `, ...linked(step), " · ", make("code", {}, step.text)));
  return told;
}

// The citation, with each function that can be read somewhere as a link.
function linked({ where, links }) {
  const parts = [where];
  for (const [text, address] of links) {
    const last = parts[parts.length - 1];
    const from = address ? last.indexOf(text) : -1;
    if (from < 0) continue;
    const link = make("a", { href: address, rel: "noreferrer noopener", target: "_blank" }, text);
    parts.splice(-1, 1, last.slice(0, from), link, last.slice(from + text.length));
  }
  return parts;
}

function tellChanges(k) {
  const changes = changesOf(k);
  if (!changes.length) return make("p", { class: "muted" }, k ? "It changes nothing." : "");
  const rows = changes.map(({ at: place, before, after }) =>
    make("tr", { class: variables[place].ghost || variables[place].budget ? "aside" : "" },
      make("th", { scope: "row", title: variables[place].says }, variables[place].name),
      make("td", {}, make("del", {}, plain(story.values[before]))),
      make("td", {}, make("ins", {}, plain(story.values[after])))));
  return make("table", { class: "changes" }, make("caption", { class: "unseen" }, "What it changes: before, after"), make("tbody", {}, ...rows));
}

// -- the ring ------------------------------------------------------------------------------------

function showRing(k) {
  if (ringAt < 0) return;
  const { used, entries } = valueOf(k, ringAt);
  const traffic = k ? steps[k - 1].ring : null;
  const gone = traffic ? traffic.popped.map((text) => make("li", { class: "gone" }, make("b", {}, text), make("small", {}, "popped now"))) : [];
  const fresh = traffic ? entries.length - traffic.posted.length : entries.length;
  const items = entries.map((entry, i) => make("li", { class: i >= fresh ? "fresh" : "" }, make("b", {}, entryInShort(entry)), make("small", {}, entryInFull(entry))));
  if (!items.length) items.push(make("li", { class: "none" }, make("small", {}, "empty")));
  if (used) items.push(make("li", { class: "used" }, make("b", {}, `+${used}`), make("small", {}, "used, not yet taken back")));
  at("entries").replaceChildren(...gone, ...items);
}

function entryInFull({ kind, ...fields }) {
  const told = Object.entries(fields).filter(([, value]) => value !== null && value !== false);
  return [kind, ...told.map(([name, value]) => (value === true ? name : `${name} ${value}`))].join("\n");
}

// -- the page map --------------------------------------------------------------------------------

const MOST_BLOCKS = 256;
const sides = [
  ["source", marked.filter((v) => v.role !== "stale")],
  ["destination", marked.filter((v) => v.role === "stale")],
];

function showMap(k) {
  const count = Math.min(story.blocks, MOST_BLOCKS);
  const blocks = Array.from({ length: count }, (_, i) => i + 1);
  if (story.block > count) blocks.push(story.block);
  const cards = blocks.map((block) => drawBlock(k, block));
  if (blocks.length < story.blocks) cards.push(make("li", { class: "muted" }, `and ${story.blocks - blocks.length} more`));
  at("blocks").replaceChildren(...cards);
}

function drawBlock(k, block) {
  const here = marksOf(k, block);
  const before = k ? lettersOf(k - 1, block) : lettersOf(k, block);
  const has = (role) => here.some((v) => v.role === role);
  const lost = has("content") && has("stale") && !has("dirty");
  const rows = sides.filter(([, all]) => all.length).map(([side, all]) =>
    make("div", { class: "side" }, make("span", { class: "side-name" }, side), ...chips(here.filter((v) => all.some((each) => each.at === v.at)), before)));
  const note = lost ? make("span", { class: "lost" }, "lost") : "";
  return make("li", { class: `block${lost ? " is-lost" : ""}${block === story.block ? " concerned" : ""}` }, make("div", { class: "block-name" }, `block ${block} `, note), ...rows);
}

function chips(here, before) {
  if (!here.length) return [make("span", { class: "muted" }, "–")];
  return here.map((v) => chip(v, !before.includes(v.mark)));
}

function chip(v, fresh = false) {
  const element = make("span", { class: `chip ${v.role}${fresh ? " fresh" : ""}`, title: v.says }, v.mark);
  element.style.setProperty("--hue", String((marked.findIndex((each) => each.at === v.at) * 137 + 80) % 360));
  return element;
}

function showLegend() {
  at("legend").replaceChildren(...marked.map((v) => make("div", {}, make("dt", {}, chip(v)), make("dd", {}, v.says))));
}

// -- the state -----------------------------------------------------------------------------------

const cells = [];
const everChanges = variables.map((_, place) => states.some((state) => state[place] !== story.start[place]));

function layState() {
  const owners = [...new Set(variables.map((v) => v.owner))];
  owners.sort((a, b) => Number(a === "ghost") - Number(b === "ghost") || Number(a === "left") - Number(b === "left"));
  for (const owner of owners) at("values").append(layOwner(owner));
}

function layOwner(owner) {
  const body = make("tbody", {}, make("tr", { class: "owner" }, make("th", { colspan: 4, scope: "rowgroup" }, owner, make("span", { class: "muted" }, aboutOwner(owner)))));
  variables.forEach((v, place) => {
    if (v.owner !== owner) return;
    const [value, before] = [make("td", { class: "value" }), make("td", { class: "before" })];
    const [name, about] = [make("th", { scope: "row" }, v.short), make("td", { class: "about" }, v.says)];
    const row = make("tr", { "data-variable": v.name, class: v.ghost || v.budget ? "aside" : "" }, name, value, before, about);
    cells[place] = { row, value, before };
    body.append(row);
  });
  return body;
}

function aboutOwner(owner) {
  const first = variables.find((v) => v.owner === owner);
  if (first.ghost) return " nobody in the real system knows it";
  return first.budget ? " how much this finite search may still do" : "";
}

function showState(k) {
  const before = k ? states[k - 1] : story.initial;
  cells.forEach(({ row, value, before: was }, place) => {
    const changed = before[place] !== states[k][place];
    value.textContent = plain(valueOf(k, place));
    was.textContent = changed ? plain(story.values[before[place]]) : "";
    row.classList.toggle("changed", changed);
  });
}

// Words of the watch box name variables, by any part of their name.
function filterState() {
  const words = at("watch").value.toLowerCase().split(/[\s,]+/).filter(Boolean);
  const changing = at("changing").checked;
  cells.forEach(({ row }, place) => {
    const name = variables[place].name.toLowerCase();
    row.hidden = words.length ? !words.some((word) => name.includes(word)) : changing && !everChanges[place];
  });
  for (const body of at("values").tBodies) body.hidden = ![...body.rows].some((row) => row.dataset.variable && !row.hidden);
}
