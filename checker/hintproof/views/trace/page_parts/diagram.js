// The sequence diagram: a list of rows, of which only those in view are there.

const ROW = 26;
const SPARE = 8;
const list = at("steps");
const space = make("div", { class: "space", role: "presentation" });
const diagram = { rows: [], rowOf: [], current: 0, lane: 60, onlyMatters: false, frame: 0 };

// Row 0 is the state before the first step; a loop has a row where it begins and one where it ends.
function layRows() {
  const rows = [{ step: 0 }];
  let hidden = 0;
  const flush = () => {
    if (hidden) rows.push({ says: hidden === 1 ? "1 step that only enables" : `${hidden} steps that only enable` });
    hidden = 0;
  };
  for (const step of steps) {
    if (story.loop === step.number - 1) flush(), rows.push({ says: "from here for ever", loop: true });
    if (diagram.onlyMatters && step.weight === "enables") hidden += 1;
    else flush(), rows.push({ step: step.number });
  }
  flush();
  if (story.loop !== null) rows.push({ says: loopEnd(), loop: true });
  diagram.rows = rows;
  space.style.height = `${rows.length * ROW}px`;
  list.replaceChildren(space);
  diagram.rowOf = [];
  rows.forEach((row, place) => row.step !== undefined && (diagram.rowOf[row.step] = place));
}

const loopEnd = () => (story.loop === LAST ? "and so it stays for ever" : `and again from step ${story.loop + 1}`);

const isShown = (k) => diagram.rowOf[k] !== undefined;

// The step that is shown next, in a direction; a loop goes round.
function stepBeside(k, by) {
  let next = k + by;
  while (next > 0 && next <= LAST && !isShown(next)) next += by;
  if (next > LAST) return story.loop !== null && story.loop < LAST ? story.loop + 1 : k;
  return Math.max(0, next);
}

function showRow(k) {
  diagram.current = k;
  const place = diagram.rowOf[k];
  if (place !== undefined) scrollTo(place * ROW);
  drawRows();
}

function scrollTo(top) {
  const room = list.clientHeight;
  const [over, under] = [list.scrollTop + ROW - top, top + 2 * ROW - list.scrollTop - room];
  const by = over > 0 ? -over : under;
  if (by > 0 || over > 0) list.scrollTop = Math.abs(by) <= 3 * ROW ? list.scrollTop + by : top - room / 2;
}

// Where the list stays beside the panels it ends where the window does.
function fit() {
  const stays = getComputedStyle(list.parentElement).position === "sticky";
  const rows = diagram.rows.length * ROW + 2;
  list.style.height = stays ? `${Math.min(rows, Math.max(11 * ROW, innerHeight - list.getBoundingClientRect().top - 12))}px` : "";
}

function drawRows() {
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - SPARE);
  const end = Math.min(diagram.rows.length, first + Math.ceil(list.clientHeight / ROW) + 2 * SPARE);
  const drawn = diagram.rows.slice(first, end).map((row, i) => drawRow(row, first + i));
  list.replaceChildren(space, ...drawn);
  if (at(`row${diagram.current}`)) list.setAttribute("aria-activedescendant", `row${diagram.current}`);
  else list.removeAttribute("aria-activedescendant");
}

function drawRow(row, place) {
  const element = row.step === undefined ? drawNote(row) : row.step ? drawStep(steps[row.step - 1]) : drawStart();
  element.style.top = `${place * ROW}px`;
  return element;
}

function drawNote({ says, loop }) {
  return make("div", { class: loop ? "row note loop" : "row note", role: "presentation" }, drawLanes(), make("span", {}, says));
}

function drawStart() {
  return option(0, "enables", story.begins || "before the first step", [
    drawLanes(),
    make("span", { class: "label" }, story.begins ? "(begins here)" : "(initial state)"),
    make("span", { class: "beside" }),
  ]);
}

function drawStep(step) {
  const lane = story.lanes[step.lane];
  const parts = [lane.name, step.label, step.weight, ...ringWords(step.ring), step.breaks.length ? "breaks a promise" : ""];
  const says = beside(step);
  return option(step.number, step.weight, parts.filter(Boolean).join(", "), [
    drawLanes(step, lane.column),
    make("span", { class: "label" }, step.label),
    make("span", { class: "beside", title: says }, says),
  ]);
}

function option(k, weight, says, [lanes, ...texts]) {
  const chosen = k === diagram.current;
  return make(
    "div",
    { class: `row ${weight}`, id: `row${k}`, role: "option", "data-step": k, "aria-selected": String(chosen), "aria-label": `${k}, ${says}` },
    make("span", { class: "number" }, String(k)),
    lanes,
    ...texts,
    ...story.shown.map((block) => make("span", { class: marksOfOne(block) }, lettersOf(k, block))),
  );
}

// Where there is little room only one block's marks are shown.
const marksOfOne = (block) => (block === (story.block ?? story.shown[0]) ? "marks" : "marks other");

function ringWords(ring) {
  if (!ring) return [];
  const words = [];
  if (ring.posted.length) words.push(`posts ${ring.posted.join(" ")}`);
  if (ring.popped.length) words.push(`pops ${ring.popped.join(" ")}`);
  if (ring.taken) words.push(`takes ${ring.taken} used back`);
  return words;
}

const middleOf = (column) => (column + 0.5) * diagram.lane;

function drawLanes(step, column) {
  const width = story.columns.length * diagram.lane;
  const lines = story.columns.map((name, i) =>
    draw("line", { class: name === "ring" ? "life ring" : "life", x1: middleOf(i), x2: middleOf(i), y1: 0, y2: ROW }));
  const svg = draw("svg", { class: "lanes", width, height: ROW, viewBox: `0 0 ${width} ${ROW}`, "aria-hidden": "true" }, ...lines);
  if (step && step.ring) svg.append(...drawTraffic(step.ring, column));
  if (step) svg.append(draw("circle", { class: "dot", cx: middleOf(column), cy: ROW / 2, r: step.weight === "cause" ? 6 : step.weight === "feeds" ? 4.5 : 3.5 }));
  return svg;
}

// Arrows between who acts and the ring: posts go there, pops come from there, used entries are taken back.
function drawTraffic({ posted, popped, taken }, column) {
  const text = clipTo([...posted, ...popped].join(" "), Math.max(2, Math.floor(diagram.lane / 8)));
  const half = text ? 4 + 3.5 * text.length : 0;
  const side = column < story.columns.indexOf("ring") ? -1 : 1;
  const edge = middleOf(story.columns.indexOf("ring")) + side * half;
  const [actor, near] = [middleOf(column), middleOf(column) - 7 * side];
  const drawn = [];
  if (posted.length) drawn.push(...arrow(actor, edge, ROW / 2));
  if (popped.length) drawn.push(...arrow(edge, near, ROW / 2));
  if (taken) drawn.push(...arrow(edge, near, text ? ROW - 5 : ROW / 2, "arrow back"));
  if (text) drawn.push(...box(text, edge - side * half, half));
  return drawn;
}

function box(text, x, half) {
  return [
    draw("rect", { class: "entry", x: x - half, y: 4, width: 2 * half, height: ROW - 8, rx: 3 }),
    draw("text", { class: "entry-text", x, y: ROW / 2 + 4, "text-anchor": "middle" }, text),
  ];
}

function arrow(from, to, y, kind = "arrow") {
  const tip = to > from ? -5 : 5;
  return [
    draw("line", { class: kind, x1: from, x2: to, y1: y, y2: y }),
    draw("path", { class: `${kind} head`, d: `M${to + tip} ${y - 3.5}L${to} ${y}L${to + tip} ${y + 3.5}` }),
  ];
}

const clipTo = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}+` : text);

// The names above the lanes: whole where there is room, else the lane's letter.
function drawHead() {
  diagram.lane = list.clientWidth < 560 ? 26 : 60;
  const names = story.columns.map((name) => {
    const lane = story.lanes.find((each) => each.name === name);
    const cell = make("span", { class: "lane", title: lane ? lane.says : "the hint queue" }, lane && diagram.lane < 50 ? lane.letter : name);
    cell.style.width = `${diagram.lane}px`;
    return cell;
  });
  const marks = story.shown.map((block) => make("span", { class: marksOfOne(block) }, `block ${block}`));
  at("lanes").replaceChildren(make("span", { class: "number" }, "#"), ...names, make("span", { class: "label" }, "step"), make("span", { class: "beside" }, "changed"), ...marks);
}

const soon = (draw) => () => {
  cancelAnimationFrame(diagram.frame);
  diagram.frame = requestAnimationFrame(draw);
};
