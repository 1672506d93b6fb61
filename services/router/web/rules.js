"use strict";
/* Draws the trees in force, keeps their hits fresh, and draws the way of an event on them.
   Everything comes from this router; text is set as text, never as markup. */

const POLL_MS = 2000;
const SIGNS = { taken: "●", refused: "✗", passed: "·" };
const ROLES = ["live", "candidate"];
const $ = (id) => document.getElementById(id);
const shown = { versions: {}, hits: {}, drawn: false, number: null, recent: "" };

function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "text") element.textContent = value;
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((one) => one !== null && one !== ""));
  return element;
}

/* ---------------------------------------------------------------- the trees */
function drawTree(role, said) {
  const article = $(role);
  const name = role === "live" ? "Live" : "Candidate";
  article.replaceChildren(
    make("h2", { id: `${role}-title` }, name,
      make("small", { text: `version ${said.version}` }), make("small", { class: "share" })),
    make("div", { class: "outcome", "aria-live": "polite" }),
  );
  if (said.tree === null) {
    article.append(make("p", { class: "hint", text: "The text of this file is not at hand." }));
    return;
  }
  article.append(make("ul", { class: "tree" }, drawNode(said.tree)));
}

function drawNode(node) {
  const children = node.routes.map(drawNode);
  const head = make("div", { class: "head" },
    make("span", { class: "sign", "aria-hidden": "true" }),
    make("span", { class: "id", text: node.rule }),
    make("span", { class: "hits", title: "decisions that came this way since the router started" }));
  const once = node.once_per ? `, once per ${node.once_per}` : "";
  const box = make("div", { class: "box" }, head,
    make("div", { class: "bar", "aria-hidden": "true" }, make("i")),
    node.when ? make("div", { class: "when", text: `if ${node.when}${once}` }) : null,
    make("div", { class: "asked" }),
    node.says.length ? make("div", { class: "says", text: `→ ${node.says.join(", ")}` }) : null,
    node.reason ? make("div", { class: "why", text: node.reason }) : null);
  const item = make("li", { class: "node", "data-rule": node.rule }, box);
  if (children.length) {
    const list = make("ul", {}, ...children);
    const fold = make("button", { class: "fold", "aria-expanded": "true",
      "aria-label": `the ${children.length} rules below ${node.rule}`, text: "▾" });
    fold.addEventListener("click", () => foldNode(fold, list));
    head.prepend(fold);
    item.append(list);
  }
  item.dataset.words = [node.rule, node.when, ...node.says, node.reason].join(" ").toLowerCase();
  return item;
}

function foldNode(button, list) {
  list.hidden = !list.hidden;
  button.textContent = list.hidden ? "▸" : "▾";
  button.setAttribute("aria-expanded", String(!list.hidden));
}

function showHits(role, hits) {
  const article = $(role);
  const all = hits.default || 0;
  const before = shown.hits[role] || {};
  for (const item of article.querySelectorAll(".node")) {
    const count = hits[item.dataset.rule] || 0;
    const share = all ? count / all : 0;
    const percent = count ? ` · ${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %` : "";
    item.querySelector(".hits").textContent = count.toLocaleString("en") + percent;
    item.querySelector(".bar i").style.width = `${100 * share}%`;
    item.classList.toggle("hit", count > (before[item.dataset.rule] ?? count));
  }
  shown.hits[role] = hits;
}

function filterTrees() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of [...document.querySelectorAll(".node")].reverse()) {
    const below = [...item.querySelectorAll(".node")].some((one) => !one.hidden);
    item.hidden = !(below || words.every((word) => item.dataset.words.includes(word)));
  }
}

/* ---------------------------------------------------------------- what the router says */
async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || `the router answered ${answer.status}`);
  return body;
}

async function refresh() {
  try {
    const [state, lately] = await Promise.all([ask("rules/api/state"), ask("rules/api/recent")]);
    showState(state);
    showRecent(lately);
  } catch (broken) {
    $("state").textContent = `The router does not answer (${broken.message}); asking again …`;
  }
  setTimeout(refresh, document.hidden ? 5 * POLL_MS : POLL_MS);
}

function showState(state) {
  for (const role of ROLES) {
    const said = state[role];
    $(role).hidden = !said;
    const version = said ? said.version : "";
    if (shown.versions[role] !== version) {
      shown.versions[role] = version;
      delete shown.hits[role];
      if (said) drawTree(role, said);
      if (shown.drawn) clearDrawing();
      filterTrees();
    }
    if (said) showHits(role, said.hits);
  }
  const both = Boolean(state.candidate);
  $("tabs").hidden = !both;
  document.body.classList.toggle("tabbed", both);
  if (both) {
    const share = $("candidate").querySelector(".share");
    share.textContent = state.percent ? `decides ${state.percent} % of the customers` : "shadow: for show only";
  }
  const total = (state.live.hits.default || 0) + ((state.candidate || { hits: {} }).hits.default || 0);
  const parts = [
    `${total.toLocaleString("en")} decisions in ${say(state.now - state.since)}`,
    state.generation ? `generation ${state.generation}` : "",
    state.effect === "none" ? "the whole service only observes" : "",
    both ? "a candidate is on trial" : "no candidate",
  ];
  $("state").textContent = parts.filter(Boolean).join(" · ");
}

function say(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

function showRecent(lately) {
  const list = $("recent");
  const key = lately.recent.map((one) => one.number).join();
  if (key !== shown.recent && !list.contains(document.activeElement)) {
    shown.recent = key;
    list.replaceChildren(...lately.recent.map(drawRecent));
  }
  for (const one of list.querySelectorAll("button")) {
    one.querySelector(".ago").textContent = `${say(lately.now - Number(one.dataset.at))} ago`;
  }
  $("recent-hint").textContent = lately.recent.length
    ? "Choose one to see its way under the rules now in force."
    : "Nothing yet, or none is kept (OMNIROUTE_RECENT).";
}

function drawRecent(one) {
  const button = make("button", { "data-at": one.at, "aria-pressed": String(one.number === shown.number) },
    make("span", { text: `${one.event} → ${one.action} on ${one.channel}` }),
    make("span", { class: "ago" }),
    make("span", { class: "by", text: `${one.rule}${one.effect === "none" ? " · observed" : ""}` }));
  button.addEventListener("click", () => {
    for (const other of $("recent").querySelectorAll("button")) other.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", "true");
    shown.number = one.number;
    draw(() => ask(`rules/api/recent/${one.number}`));
  });
  return make("li", {}, button);
}

/* ---------------------------------------------------------------- the way of an event */
async function draw(fetchIt) {
  $("problem").hidden = true;
  try {
    const said = await fetchIt();
    clearDrawing({ keepChoice: true });
    shown.drawn = true;
    $("clear").hidden = false;
    for (const role of ROLES) if (said[role] && !$(role).hidden) drawWay(role, said[role]);
    showDifference(said);
    $("legend").hidden = !document.querySelector(".drawn");
    $("trees").scrollIntoView({ block: "start" });
  } catch (broken) {
    clearDrawing({ keepChoice: true });
    $("problem").textContent = broken.message;
    $("problem").hidden = false;
  }
}

function drawWay(role, said) {
  const article = $(role);
  article.querySelector(".outcome").replaceChildren(drawResult(said));
  if (!said.way) return;
  if (said.way.version !== shown.versions[role]) return;  // the rules were changed meanwhile
  article.classList.add("drawn");
  const path = said.way.path;
  for (const item of article.querySelectorAll(".node")) {
    const found = said.way.fates[item.dataset.rule];
    if (!found) continue;
    item.classList.add(found.fate);
    item.classList.toggle("answer", item.dataset.rule === path[path.length - 1]);
    item.querySelector(".sign").textContent = SIGNS[found.fate];
    item.querySelector(".sign").setAttribute("title", found.fate);
    if (found.asked) {
      item.classList.add("asked-here");
      item.querySelector(".asked").replaceChildren(...drawAsked(found.asked, ""));
    }
    if (found.fate === "taken") openTo(item);
  }
}

function openTo(item) {
  for (let up = item.parentElement; up && !up.classList.contains("tree"); up = up.parentElement) {
    if (up.tagName === "UL" && up.hidden) foldNode(up.parentElement.querySelector(".fold"), up);
  }
}

function drawAsked(asked, inside) {
  if (asked.join === "all") return asked.parts.flatMap((part) => drawAsked(part, inside));
  const said = asked.join === "any" ? "any of" : asked.join === "not" ? "none of" : asked.said;
  const line = make("div", { class: `${asked.holds ? "yes" : "no"} ${inside}` }, said);
  if (asked.join) return [line, ...asked.parts.flatMap((part) => drawAsked(part, "in"))];
  const values = Object.values(asked.facts).map((value) =>
    value === null ? "absent" : value === "" ? '""' : String(value));
  const told = said.endsWith("has not fired before") || (asked.holds && said.endsWith(`= ${values[0]}`));
  if (values.length && !told) {
    line.append(make("span", { class: "it", text: `  it is ${values.join(", ")}` }));
  }
  return [line];
}

const ROWS = [
  ["queue", "queue"], ["priority", "priority"], ["skills", "skills"], ["executor", "carried out by"],
  ["choice", "choice"], ["skips", "not taken"], ["fallbacks", "next"], ["ask_for", "confirm"],
  ["respond_by", "answer by"], ["not_before", "not before"], ["expires_at", "lapses at"],
];

function drawResult(said) {
  const made = said.decision;
  if (!made) {
    const why = said.error ? `refused: ${said.error}` : `${said.outcome}: it asks for no decision`;
    return make("div", { class: "result none" }, make("strong", { text: why }));
  }
  const show = made.effect === "none" ? ", for show only" : "";
  const rows = ROWS.flatMap(([key, name]) => {
    const value = Array.isArray(made[key]) ? made[key].join("; ") : made[key];
    return value === "" ? [] : [make("dt", { text: name }), make("dd", { text: value })];
  });
  const facts = Object.entries(made.facts).flatMap(([name, value]) =>
    [make("dt", { text: name }), make("dd", { text: value === null ? "absent" : value === "" ? '""' : String(value) })]);
  return make("div", { class: "result" },
    make("strong", { text: `${made.means}: ${made.from_channel} → ${made.channel}${show}` }),
    make("div", { text: `${made.rule}${made.reason ? ": " + made.reason : ""}${made.cause ? ` (${made.cause})` : ""}` }),
    make("dl", {}, ...rows),
    make("details", {}, make("summary", { text: "the facts it rests on" }), make("dl", {}, ...facts)));
}

function showDifference(said) {
  if (!said.candidate) return;
  const [a, b] = [said.live.decision || {}, said.candidate.decision || {}];
  const words = ["action", "channel", "queue", "priority", "skills", "rule"].flatMap((key) => {
    const [left, right] = [a[key], b[key]].map((value) => String(value === undefined ? "nothing" : value) || "none");
    return left === right ? [] : [`${key} ${left} → ${right}`];
  });
  $("differs").hidden = false;
  $("differs").textContent = words.length
    ? `The candidate differs: ${words.join(", ")}`
    : "Live and candidate decide the same.";
}

function clearDrawing({ keepChoice = false } = {}) {
  shown.drawn = false;
  if (!keepChoice) {
    shown.number = null;
    for (const one of $("recent").querySelectorAll("button")) one.setAttribute("aria-pressed", "false");
    $("problem").hidden = true;
  }
  for (const id of ["differs", "legend", "clear"]) $(id).hidden = true;
  for (const role of ROLES) $(role).classList.remove("drawn");
  for (const item of document.querySelectorAll(".node")) {
    item.classList.remove("taken", "refused", "passed", "answer", "asked-here");
    item.querySelector(".sign").textContent = "";
    item.querySelector(".asked").replaceChildren();
  }
  for (const one of document.querySelectorAll(".outcome")) one.replaceChildren();
}

/* ---------------------------------------------------------------- examples */
function mail(number, side, text, more = {}) {
  const event = { event_id: `e-${number}`, source: "example", kind: "message", customer_id: "ana",
    channel: "email", side, message_id: `<${number}@example>`, text, ...more };
  if (number > 1) event.references = [`<${number - 1}@example>`];
  return event;
}
const THREAD = [
  mail(1, "customer", "Where is my parcel?"), mail(2, "agent", "It is on its way."),
  mail(3, "customer", "It still has not come."), mail(4, "agent", "It left yesterday."),
  mail(5, "customer", "Nothing here. What now?"),
];
const PHONE = { event_id: "e-0", source: "example", kind: "profile.updated", customer_id: "ana",
  profile: { handles: [{ kind: "phone", value: "+35929999999" }] } };
const EXAMPLES = {
  "A first e-mail": THREAD[0],
  "Two exchanges by e-mail, then one more": [PHONE, ...THREAD],
  "The same, but no number is known": THREAD,
  "The same, but it only says thanks": [PHONE, ...THREAD.slice(0, 4), mail(5, "customer", "Thank you so much, that solved it!")],
  "A call that rings": { event_id: "e-1", source: "example", kind: "call.offered", customer_id: "ana", channel: "phone" },
  "A customer who chose chat writes an e-mail": { ...THREAD[0], choice: { channel: "chat" }, customer_handles: [{ kind: "chat", value: "ana" }] },
  "A bot hands over": { event_id: "e-1", source: "example", kind: "handoff.requested", customer_id: "ana", channel: "chat" },
  "An upset customer, when the score is there": [
    { event_id: "e-1", source: "example", kind: "message", customer_id: "ana", channel: "social", side: "customer", text: "This is a disgrace!", received_at: "2026-11-20T10:00:00Z" },
    { event_id: "e-1", source: "example", customer_id: "ana", label: "negative", score: -0.9, p_neg: 0.93, p_pos: 0.03, p_neu: 0.04, confidence: 0.93, scored_at: "2026-11-20T10:00:02Z" },
  ],
};

function putIn(example) {
  $("text").value = Array.isArray(example)
    ? example.map((one) => JSON.stringify(one)).join("\n")
    : JSON.stringify(example, null, 2);
}

/* ---------------------------------------------------------------- wiring */
function tryText() {
  draw(() => ask("rules/api/try", { method: "POST", body: $("text").value }));
}

function chooseTab(role) {
  for (const one of ROLES) {
    const selected = one === role;
    $(`tab-${one}`).setAttribute("aria-selected", String(selected));
    $(`tab-${one}`).tabIndex = selected ? 0 : -1;
    $(one).classList.toggle("off", !selected);
  }
}

for (const name of Object.keys(EXAMPLES)) $("examples").append(make("option", { value: name, text: name }));
$("examples").addEventListener("change", (event) => {
  if (event.target.value) putIn(EXAMPLES[event.target.value]);
  event.target.value = "";
  $("text").focus();
});
$("try").addEventListener("click", tryText);
$("clear").addEventListener("click", () => clearDrawing());
$("filter").addEventListener("input", filterTrees);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); tryText(); }
});
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "/" && !typing) { event.preventDefault(); $("filter").focus(); }
  if (event.key === "Escape") clearDrawing();
});
for (const role of ROLES) {
  $(`tab-${role}`).addEventListener("click", () => chooseTab(role));
  $(`tab-${role}`).addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = role === "live" ? "candidate" : "live";
    chooseTab(other);
    $(`tab-${other}`).focus();
  });
}
chooseTab("live");
putIn(THREAD[0]);
refresh();
