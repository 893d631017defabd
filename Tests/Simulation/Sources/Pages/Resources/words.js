// Says in words what an event is: for the tooltip, the panel and the search.

const KIND_WORDS = {
  connected: "connects", crashed: "crashes", left: "leaves", replaced: "is replaced by a newer membership",
  vsFlushRequest: "gets a flush request (VS)", vsFlushOk: "acknowledges the flush (VS)",
  vsSignal: "gets the transitional signal (VS)", flushRequest: "gets a flush request",
  flushOk: "acknowledges the flush", signal: "gets the transitional signal",
};

function memberName(model, index) {
  return model.trace.members[index]?.name ?? "the network";
}

function nameOfId(model, id) {
  const index = model.indexOfId.get(String(id));
  return index === undefined ? shortId(id) : model.trace.members[index].name;
}

function shortId(id) {
  return "#" + BigInt(id).toString(16).padStart(16, "0").slice(0, 6);
}

function namesOfIds(model, ids) {
  return ids.map((id) => nameOfId(model, id)).join(", ");
}

function duration(microseconds) {
  const value = Math.abs(microseconds);
  if (value < 1000) return `${value} µs`;
  if (value < 1e6) return `${trimmed(value / 1000)} ms`;
  if (value < 6e7) return `${trimmed(value / 1e6)} s`;
  return `${Math.floor(value / 6e7)} min ${Math.round((value % 6e7) / 1e6)} s`;
}

function trimmed(number) {
  return number.toFixed(number < 10 ? 2 : number < 100 ? 1 : 0).replace(/\.?0+$/, (zeros) => (zeros[0] === "." ? "" : zeros));
}

function groupNames(model, groups) {
  return groups.map((group) => "{" + group.map((index) => memberName(model, index)).join(", ") + "}").join("  ");
}

function messageWords(model, message) {
  const to = message.destination === undefined ? "" : `, for ${nameOfId(model, message.destination)} alone`;
  return `${message.what} (${message.service}, message ${message.number}${to})`;
}

function describe(model, event) {
  const name = memberName(model, event.member);
  const parts = event.parts;
  switch (event.kind) {
    case "components": return `the network: ${groupNames(model, parts._0)}`;
    case "rejoining": return `${name} asks to join again: ${parts._0}`;
    case "hangs": return parts._0 ? `${name} hangs` : `${name} goes on`;
    case "configuration":
      return `${name} gets transport configuration ${parts.id}: ` +
        parts.members.map((index) => memberName(model, index)).join(", ");
    case "transmitted": {
      const to = parts.destination === undefined ? "" : ` to ${memberName(model, parts.destination)}`;
      return `${name} transmits ${parts.what}${to} (${parts.number})`;
    }
    case "arrived": case "swallowed": return describeArrival(model, event, name);
    case "vsView": return `${name} gets VS view ${event.view.name.counter}: ${namesOfIds(model, event.view.members)}`;
    case "view":
      return `${name} gets secure view ${event.view.name.counter}, key ${event.view.keyFingerprint.slice(0, 8)}: ` +
        namesOfIds(model, event.view.members);
    case "vsSent": return `${name} sends ${messageWords(model, event.message)} (VS)`;
    case "vsDelivered":
      return `${name} is delivered ${messageWords(model, event.message)} of ${nameOfId(model, event.message.sender)} (VS)`;
    case "sent": return `${name} sends ${messageWords(model, event.message)}`;
    case "delivered":
      return `${name} is delivered ${messageWords(model, event.message)} of ${nameOfId(model, event.message.sender)}`;
    case "robust": return describeRobust(event, name);
    case "problem": return `${name}: ${parts._0}`;
    default: return `${name} ${KIND_WORDS[event.kind] ?? event.kind}`;
  }
}

function describeArrival(model, event, name) {
  const what = model.messages.get(event.messageKey)?.what ?? "a message";
  const from = memberName(model, event.parts.from);
  if (event.kind === "swallowed") return `the network swallows ${what} of ${from} for ${name} (${event.parts.number})`;
  const harm = event.parts.wasTampered ? ", tampered with" : "";
  return `${what} of ${from} comes to ${name}${harm} (${event.parts.number})`;
}

function describeRobust(event, name) {
  const { event: input, before, after, outcome, why } = event.robust;
  const way = before === after ? `in ${before}` : `${before} → ${after}`;
  const verdict = outcome === "accepted" ? "takes" : outcome === "ignored" ? "ignores" : "refuses";
  return `${name} ${verdict} ${input} ${way}${why ? ": " + why : ""}`;
}

// Every field of an event, as rows for the panel.
function fieldsOf(model, event) {
  const rows = [["event", String(event.index)], ["time", `${event.time.toLocaleString("en")} µs`]];
  if (event.member >= 0) {
    const membership = model.trace.members[event.member];
    rows.push(["member", `${membership.name} (membership ${event.member}${membership.isStranger ? ", a stranger" : ""})`]);
    rows.push(["incarnation", hexadecimal(membership.id)]);
  }
  rows.push(["floor", event.floor], ["kind", event.kind]);
  if (event.robust) {
    for (const [key, value] of Object.entries(event.robust)) if (value !== "") rows.push([key, value]);
  } else if (event.view) {
    rows.push(["counter", String(event.view.name.counter)], ["hash", hexadecimal(event.view.name.hash)]);
    rows.push(["members", namesOfIds(model, event.view.members)]);
    rows.push(["transitional set", namesOfIds(model, event.view.transitionalSet)]);
    if (event.view.keyFingerprint) rows.push(["key fingerprint", event.view.keyFingerprint]);
  } else if (event.message) {
    rows.push(["message", String(event.message.number)], ["what", event.message.what]);
    rows.push(["service", event.message.service], ["sender", nameOfId(model, event.message.sender)]);
    if (event.message.destination !== undefined) rows.push(["for", nameOfId(model, event.message.destination)]);
  } else {
    for (const [key, value] of Object.entries(event.parts)) rows.push([fieldName(event, key), fieldText(model, key, value)]);
  }
  return rows;
}

function fieldName(event, key) {
  if (key !== "_0") return key;
  return { components: "components", rejoining: "why", hangs: "hangs", problem: "problem" }[event.kind] ?? "value";
}

function fieldText(model, key, value) {
  if (key === "members") return value.map((index) => memberName(model, index)).join(", ");
  if (key === "from" || key === "destination") return memberName(model, value);
  if (Array.isArray(value)) return groupNames(model, value);
  return String(value);
}

function hexadecimal(id) {
  return BigInt(id).toString(16).padStart(16, "0");
}
