// The story: what the page holds, unpacked; the states; values in words.

const story = JSON.parse(document.getElementById("story").textContent);

const steps = story.steps.map(([action, block, weight, changes, ring, breaks], index) => ({
  ...story.actions[action],
  number: index + 1,
  label: block === null ? story.actions[action].name : `${story.actions[action].name}(${block})`,
  weight: story.weights[weight],
  changes,
  ring: ring ? { posted: ring[0], popped: ring[1], taken: ring[2] } : null,
  breaks: breaks || [],
}));

const LAST = steps.length;
const variables = story.variables;
const ringAt = variables.findIndex((v) => v.shape === "ring");
const marked = variables.map((v, at) => ({ ...v, at })).filter((v) => v.mark);

// The state after each number of steps: for each variable the place of its value.
const states = [story.start];
for (const { changes } of steps) {
  const state = states[states.length - 1].slice();
  for (let i = 0; i < changes.length; i += 2) state[changes[i]] = changes[i + 1];
  states.push(state);
}

const valueOf = (k, variable) => story.values[states[k][variable]];

// The variables that a step changes, with the places of both values; of step 0 what is not as initially.
function changesOf(k) {
  const before = k ? states[k - 1] : story.initial;
  return variables.flatMap((_, at) => (before[at] === states[k][at] ? [] : [{ at, before: before[at], after: states[k][at] }]));
}

// S1 is a START posted under id1, h2 a hint of block 2, T a STOP.
function entryInShort(entry) {
  if (entry.kind === "HINT") return `h${entry.block}`;
  return entry.kind === "STOP_SIGN" ? "T" : `S${String(entry.governed_by).replace(/^id/, "")}`;
}

const LONGEST = 400;

function plain(value) {
  if (value === null) return "-";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (Array.isArray(value)) return clip(`{${value.join(" ")}}`);
  if (typeof value !== "object") return String(value);
  return clip(`[${value.entries.map(entryInShort).join(" ")}]`) + (value.used ? `+${value.used}` : "");
}

function clip(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}

// The marked variables that a block is in.
function marksOf(k, block) {
  return marked.filter((v) => {
    const value = valueOf(k, v.at);
    return v.shape === "block" ? value === block : value.includes(block);
  });
}

const lettersOf = (k, block) => marksOf(k, block).map((v) => v.mark).join("");

// What a step changed, in a few words.
const beside = (step) =>
  changesOf(step.number)
    .filter(({ at }) => variables[at].beside)
    .map(({ at, after }) => `${variables[at].short}=${plain(story.values[after])}`)
    .join(" ");

// Elements, made without any HTML text.
function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

const at = (id) => document.getElementById(id);
