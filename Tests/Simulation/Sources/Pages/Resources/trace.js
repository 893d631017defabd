// Reads the trace that the page carries, and finds in it what the drawing needs: lines, segments of states, bands of
// views, components, messages. Nothing here knows of the screen.

const FLOORS = ["network", "transport", "flush", "agreement", "application"];

const FLOOR_OF_KIND = {
  components: "network", connected: "network", crashed: "network", left: "network", rejoining: "network",
  replaced: "network", hangs: "network",
  configuration: "transport", transmitted: "transport", arrived: "transport", swallowed: "transport",
  vsFlushRequest: "flush", vsFlushOk: "flush", vsSignal: "flush", vsView: "flush", vsSent: "flush",
  vsDelivered: "flush",
  robust: "agreement",
  flushRequest: "application", flushOk: "application", signal: "application", view: "application",
  sent: "application", delivered: "application", problem: "application",
};

const ENDS = new Set(["crashed", "left", "replaced", "rejoining"]);

// Incarnations and hashes have 64 bits, more than a number of JavaScript holds: as strings they stay exact.
function parseExactly(text) {
  return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}/g, (part) => (part[0] === '"' ? part : `"${part}"`)));
}

// The lines that Trace.jsonLines writes: a head, memberships, events.
function readTrace(text) {
  const trace = { title: "", replay: "", isComplete: false, members: [], events: [] };
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const { trace: head, membership, event } = parseExactly(line);
    if (head) Object.assign(trace, head, { members: [], events: [] });
    if (membership) trace.members.push(membership);
    if (event) trace.events.push(readEvent(event, trace.events.length));
  }
  return trace;
}

// Swift names the parts of a case that have no label by their place: _0, _1, …
function readEvent({ time, member, kind }, index) {
  const name = Object.keys(kind)[0];
  const parts = kind[name];
  const event = { index, time: Number(time), member, kind: name, floor: FLOOR_OF_KIND[name] ?? "network", parts };
  if (name === "robust") {
    event.robust = { event: parts._0, before: parts.before, after: parts.after, outcome: parts._3, why: parts.why };
  }
  if (name === "view" || name === "vsView") event.view = parts._0;
  if (["sent", "delivered", "vsSent", "vsDelivered"].includes(name)) event.message = parts._0;
  // Tokens belong to the agreement, although the Flush layer carries them. What it carries for the application says
  // again what the application's own events say, and so does a step of the machine that changes nothing.
  if (name === "vsSent" || name === "vsDelivered") {
    if (TOKENS.has(sortOf(event.message.what, null))) event.floor = "agreement";
    else event.isEcho = true;
  }
  if (name === "robust") event.isEcho = event.robust.outcome === "accepted" && event.robust.before === event.robust.after;
  return event;
}

// What a message is, told from the words that describe it: the colour of its arrows.
function sortOf(what, service) {
  const words = what.toLowerCase();
  if (words.includes("partial")) return "partial";
  if (words.includes("fact")) return "factout";
  if (words.includes("final")) return "final";
  if (words.includes("key list") || words.includes("key_list") || words.includes("keylist")) return "keylist";
  if (words.includes("restart")) return "restart";
  if (/hello|acknowledg|exclu|stab|flush|refresh/.test(words)) return "control";
  return service ?? "data";
}

const TOKENS = new Set(["partial", "final", "factout", "keylist", "restart"]);

// The message that an event belongs to: the floor it is numbered at and its number there.
function messageKey(event) {
  switch (event.kind) {
    case "transmitted": case "arrived": case "swallowed": return "t" + event.parts.number;
    case "vsSent": case "vsDelivered": return "v" + event.message.number;
    case "sent": case "delivered": return "a" + event.message.number;
    default: return null;
  }
}

function buildModel(trace, violations) {
  const model = { trace, violations, lanes: [], laneOf: [], events: trace.events };
  const names = [...new Set(trace.members.map(({ name }) => name))]
    .sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  model.lanes = names.map((name) => ({ name, memberships: [], isStranger: false }));
  trace.members.forEach(({ name, isStranger }, index) => {
    const lane = names.indexOf(name);
    model.lanes[lane].memberships.push(index);
    model.lanes[lane].isStranger ||= isStranger;
    model.laneOf.push(lane);
  });
  model.indexOfId = new Map(trace.members.map((membership, index) => [String(membership.id), index]));
  findMessages(model);
  findLives(model);
  model.components = model.events
    .filter((event) => event.kind === "components")
    .map((event) => ({ event: event.index, groups: event.parts._0 }));
  return model;
}

// Pairs the sending of each message with what became of it at each receiver.
function findMessages(model) {
  const messages = new Map();
  for (const event of model.events) {
    const key = messageKey(event);
    if (key === null) continue;
    event.messageKey = key;
    if (!messages.has(key)) messages.set(key, { key, send: null, ends: [], what: "", sort: "data" });
    const message = messages.get(key);
    if (["transmitted", "sent", "vsSent"].includes(event.kind)) message.send = event.index;
    else message.ends.push(event.index);
    const what = event.message?.what ?? event.parts.what;
    if (what !== undefined) {
      message.what = what;
      message.sort = sortOf(what, event.kind === "sent" || event.kind === "delivered" ? event.message.service : null);
    }
  }
  model.messages = messages;
  model.arrows = [];
  for (const message of messages.values()) {
    for (const end of message.ends) {
      const event = model.events[end];
      const harmed = event.kind === "swallowed" || (event.kind === "arrived" && event.parts.wasTampered === true);
      const arrow = { message, from: message.send, to: end, floor: event.floor, harmed };
      arrow.isToItself = arrow.from !== null && model.events[arrow.from].member === event.member;
      if (arrow.from !== null) model.arrows.push(arrow);
    }
  }
}

// Of each membership: where its line begins and ends, its states and its views, as spans between events.
function findLives(model) {
  const last = model.events.length - 1;
  model.lives = model.trace.members.map(() => ({ from: null, to: last, end: null, states: [], views: [], vsViews: [] }));
  for (const event of model.events) {
    const life = model.lives[event.member];
    if (!life) continue;
    life.from ??= event.index;
    if (event.robust) noteState(life, event);
    if (event.kind === "view") turnPage(life.views, event);
    if (event.kind === "vsView") turnPage(life.vsViews, event);
    // A machine that asks to join again is over only when its connection is: it may still be told something.
    if (ENDS.has(event.kind)) {
      life.end = event.index;
      life.to = event.index;
    }
  }
  for (const life of model.lives) {
    life.from ??= last;
    for (const spans of [life.states, life.views, life.vsViews]) {
      const final = spans[spans.length - 1];
      if (final) final.to ??= Math.max(life.to, final.from);
    }
  }
}

function noteState(life, event) {
  const { before, after } = event.robust;
  if (life.states.length === 0) life.states.push({ state: before, from: life.from, to: null });
  const current = life.states[life.states.length - 1];
  if (current.state === after) return;
  current.to = event.index;
  life.states.push({ state: after, from: event.index, to: null });
}

function turnPage(spans, event) {
  const current = spans[spans.length - 1];
  if (current) current.to = event.index;
  spans.push({ view: event.view, from: event.index, to: null });
}
