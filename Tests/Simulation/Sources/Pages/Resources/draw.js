// Draws the part of the diagram that is in the window, as SVG text. `scene` holds everything that it depends on:
// the model, the layout, the window and what is chosen.

function escaped(text) {
  return String(text).replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);
}

function xOf(scene, index) {
  return HEAD_WIDTH + 18 + scene.layout.places[index] * scene.step - scene.left;
}

function yOf(scene, event) {
  const top = scene.lanes.tops.get(scene.model.laneOf[event.member]);
  return top === undefined ? null : top + scene.lanes.bar - scene.top;
}

function drawScene(scene) {
  return [
    drawLaneGrounds(scene), drawBands(scene), drawPartitions(scene), drawGaps(scene), drawArrows(scene),
    drawBars(scene), drawMarks(scene), drawRuler(scene), drawHeads(scene),
  ].join("");
}

// Whether a span of the picture can be seen.
function isSeen(scene, from, to) {
  return to >= HEAD_WIDTH - 20 && from <= scene.width + 20;
}

function drawLaneGrounds(scene) {
  return scene.lanes.shown.map((lane) => {
    const y = scene.lanes.tops.get(lane) - scene.top;
    return `<rect class="lane" data-lane="${lane}" x="0" y="${y}" width="${scene.width}" height="${scene.lanes.laneHeight - 4}"/>`;
  }).join("");
}

// ------------------------------------------------------------------------------------------------- partitions

// While there is more than one component, the line of each member is hatched as its component's are.
function drawPartitions(scene) {
  const { model } = scene;
  const parts = [];
  model.components.forEach((change, position) => {
    const next = model.components[position + 1];
    const from = xOf(scene, change.event);
    const to = next ? xOf(scene, next.event) : xOf(scene, model.events.length - 1) + scene.step;
    if (!isSeen(scene, from, to)) return;
    const groups = orderedGroups(model, change.groups);
    if (groups.length > 1) parts.push(...groups.map((group, place) => drawGroup(scene, group, place, from, to)));
  });
  return `<g class="partitions">${parts.join("")}</g>`;
}

function orderedGroups(model, groups) {
  const first = (group) => Math.min(...group.map((index) => model.laneOf[index]));
  return groups.filter((group) => group.length > 0).sort((one, other) => first(one) - first(other));
}

function drawGroup(scene, group, place, from, to) {
  const { tops, laneHeight } = scene.lanes;
  const pattern = place % 5;
  const x = Math.max(from, HEAD_WIDTH);
  return group.map((index) => {
    const top = tops.get(scene.model.laneOf[index]);
    if (top === undefined) return "";
    const y = top - scene.top;
    const letter = String.fromCharCode(65 + (place % 26));
    return `<rect class="component" fill="url(#hatch${pattern})" x="${from}" y="${y}" width="${to - from}" height="${laneHeight - 4}"/>` +
      `<rect class="edge edge${pattern}" x="${from}" y="${y}" width="${to - from}" height="4"/>` +
      (to - x > 44 && laneHeight > 80 ? `<text class="part" x="${x + 5}" y="${y + 31}">part ${letter}</text>` : "");
  }).join("");
}

// ------------------------------------------------------------------------------------------ bands of views, bars

// A colour for a key: the same wherever the key is the same.
function keyColour(fingerprint) {
  let hash = 2166136261;
  for (const sign of fingerprint) hash = Math.imul(hash ^ sign.charCodeAt(0), 16777619) >>> 0;
  const spread = Math.imul(hash ^ (hash >>> 15), 2246822519) >>> 0;
  return { hue: spread % 360, shade: (spread >>> 9) % 3 };
}

function eachLife(scene, draw) {
  const { model, lanes } = scene;
  return model.lives.map((life, index) => {
    const top = lanes.tops.get(model.laneOf[index]);
    return top === undefined ? "" : draw(life, top - scene.top, index);
  }).join("");
}

function spanX(scene, span) {
  const from = xOf(scene, span.from);
  const isLast = span.to === scene.model.events.length - 1;
  return { from, to: xOf(scene, span.to) + (isLast ? scene.step : 0) };
}

function drawBands(scene) {
  const { laneHeight } = scene.lanes;
  const secure = eachLife(scene, (life, y) => life.views.map((span) => {
    const { from, to } = spanX(scene, span);
    if (!isSeen(scene, from, to)) return "";
    const { hue, shade } = keyColour(span.view.keyFingerprint);
    const label = `view ${span.view.name.counter} · key ${span.view.keyFingerprint.slice(0, 4)} · ${span.view.members.length}`;
    return `<g class="band" data-e="${span.from}" style="--hue:${hue};--shade:${shade}">` +
      `<rect x="${from}" y="${y + 4}" width="${Math.max(to - from, 2)}" height="${laneHeight - 24}" rx="3"/>` +
      bandLabel(from, to, y + 17, [label, `view ${span.view.name.counter}`, String(span.view.name.counter)], 6.2) + "</g>";
  }).join(""));
  const virtual = eachLife(scene, (life, y) => life.vsViews.map((span) => {
    const { from, to } = spanX(scene, span);
    if (!isSeen(scene, from, to)) return "";
    const names = `VS ${span.view.name.counter} · ${namesOfIds(scene.model, span.view.members)}`;
    return `<g class="vsband" data-e="${span.from}">` +
      `<rect x="${from + 1}" y="${y + laneHeight - 18}" width="${Math.max(to - from - 2, 2)}" height="12" rx="2"/>` +
      bandLabel(from, to, y + laneHeight - 8.5, [names, `VS ${span.view.name.counter}`, String(span.view.name.counter)], 5.4) + "</g>";
  }).join(""));
  return secure + virtual;
}

// The longest of the texts that fits into what is seen of the band.
function bandLabel(from, to, y, texts, signWidth) {
  const x = Math.max(from, HEAD_WIDTH) + 5;
  const text = texts.find((candidate) => candidate.length * signWidth < to - x - 2);
  return text === undefined ? "" : `<text x="${x}" y="${y}">${escaped(text)}</text>`;
}

// The line itself: grey while nothing is known of the machine, else a segment for each state with its name.
function drawBars(scene) {
  return eachLife(scene, (life, y) => {
    const middle = y + scene.lanes.bar;
    const { from, to } = spanX(scene, life);
    if (!isSeen(scene, from, to)) return "";
    const line = `<line class="life" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`;
    return line + life.states.map((span) => drawState(scene, span, middle)).join("");
  });
}

function drawState(scene, span, middle) {
  const { from, to } = spanX(scene, span);
  if (!isSeen(scene, from, to) || span.state === "over") return "";
  const x = Math.max(from, HEAD_WIDTH);
  const width = Math.max(to - from, 1.5);
  const y = middle - BAR_HEIGHT / 2;
  const needed = span.state.length * 7 + 4;
  const rect = `<rect class="state state-${span.state}" data-e="${span.from}" x="${from}" y="${y}" width="${width}" height="${BAR_HEIGHT}"/>`;
  if (to - x < needed) return rect;
  // In a long segment the name is repeated, so that it is always in sight.
  const every = 420;
  const names = [];
  const first = x + Math.min((to - x) / 2, 24);
  for (let at = first; at < scene.width && (at === first || at < to - 200); at += every) {
    names.push(`<text class="state-name name-${span.state}" x="${at}" y="${y + 12}">${span.state}</text>`);
  }
  return rect + names.join("");
}

// ------------------------------------------------------------------------------------------------------ arrows

function isArrowShown(scene, arrow) {
  const { filters } = scene;
  if (arrow.harmed) return true;
  const { sort } = arrow.message;
  if (arrow.floor === "transport") return filters.floors.has("transport") || (filters.control && sort === "control");
  return filters.floors.has(arrow.floor) && (!scene.model.events[arrow.to].isEcho || filters.everyFloor);
}

function drawArrows(scene) {
  const parts = [];
  for (const arrow of scene.model.arrows) {
    if (arrow.isToItself && !arrow.harmed) continue;
    if (!isArrowShown(scene, arrow)) continue;
    const from = xOf(scene, arrow.from);
    const to = xOf(scene, arrow.to);
    if (!isSeen(scene, Math.min(from, to), Math.max(from, to))) continue;
    parts.push(drawArrow(scene, arrow, from, to));
  }
  return `<g class="arrows">${parts.join("")}</g>`;
}

function drawArrow(scene, arrow, x1, x2) {
  const { events } = scene.model;
  const fromY = yOf(scene, events[arrow.from]);
  const toY = yOf(scene, events[arrow.to]);
  if (fromY === null || toY === null) return "";
  const side = Math.sign(toY - fromY) || 1;
  const y1 = fromY + (side * BAR_HEIGHT) / 2;
  const y2 = toY - (side * BAR_HEIGHT) / 2;
  const sort = arrow.harmed ? "harmed" : arrow.message.sort;
  const chosen = scene.lit === arrow.message.key ? " lit" : "";
  const line = `x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"`;
  const cross = arrow.harmed ? crossAt((x1 + x2 * 2) / 3, (y1 + y2 * 2) / 3, 5, "harm") : "";
  return `<g class="arrow sort-${sort}${chosen}" data-m="${arrow.message.key}" data-e="${arrow.to}">` +
    `<line class="reach" ${line}/><line class="shaft" ${line}/>` +
    (arrow.message.sort === "control" && !arrow.harmed ? "" : headAt(x1, y1, x2, y2)) + `${cross}</g>`;
}

// The head of an arrow: a triangle whose point is at the end.
function headAt(x1, y1, x2, y2) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [along, across] = [(x2 - x1) / length, (y2 - y1) / length];
  const [baseX, baseY] = [x2 - along * 7, y2 - across * 7];
  return `<path class="head" d="M${x2} ${y2}L${baseX - across * 3.2} ${baseY + along * 3.2}` +
    `L${baseX + across * 3.2} ${baseY - along * 3.2}Z"/>`;
}

function crossAt(x, y, size, name) {
  return `<path class="${name}" d="M${x - size} ${y - size}L${x + size} ${y + size}M${x - size} ${y + size}L${x + size} ${y - size}"/>`;
}

// ------------------------------------------------------------------------------------------------------- marks

function drawMarks(scene) {
  const parts = [];
  for (const index of scene.layout.shown) {
    const x = xOf(scene, index);
    if (x < HEAD_WIDTH - 12) continue;
    if (x > scene.width + 12) break;
    const event = scene.model.events[index];
    parts.push(event.member < 0 ? drawNetworkMark(scene, event, x) : drawMark(scene, event, x));
  }
  return `<g class="marks">${parts.join("")}</g>`;
}

function drawNetworkMark(scene, event, x) {
  return `<g class="mark network${stateOf(scene, event)}" data-e="${event.index}">` +
    `<line class="reach" x1="${x}" x2="${x}" y1="${RULER_HEIGHT}" y2="${scene.height}"/>` +
    `<line class="cut" x1="${x}" x2="${x}" y1="${RULER_HEIGHT - 6}" y2="${scene.height}"/></g>`;
}

function stateOf(scene, event) {
  return (scene.selected === event.index ? " selected" : "") + (scene.found.has(event.index) ? " found" : "") +
    (scene.lit !== null && scene.lit === event.messageKey ? " lit" : "") +
    (scene.violationsAt.has(event.index) ? " violated" : "");
}

function drawMark(scene, event, x) {
  const y = yOf(scene, event);
  if (y === null) return "";
  const message = event.messageKey === undefined ? "" : ` data-m="${event.messageKey}"`;
  const violation = scene.violationsAt.get(event.index);
  const alarm = violation === undefined ? "" :
    `<circle class="alarm" cx="${x}" cy="${y}" r="13"/><text class="alarm-text" x="${x + 14}" y="${y - 12}">${escaped(violation)}</text>`;
  // What a step of the machine says, the segment of the line says as well: it leaves the mouse to other marks.
  const reach = event.kind === "robust" && event.robust.outcome === "accepted" ? "" :
    `<circle class="reach" cx="${x}" cy="${y}" r="10"/>`;
  return `<g class="mark kind-${event.kind}${stateOf(scene, event)}" data-e="${event.index}"${message}>${reach}` +
    `${shapeOf(scene, event, x, y)}${alarm}` +
    `<circle class="ring" cx="${x}" cy="${y}" r="11"/></g>`;
}

// Above the bar stands what the application sees, below it what the Flush layer says.
function shapeOf(scene, event, x, y) {
  const above = y - BAR_HEIGHT / 2;
  const below = y + BAR_HEIGHT / 2;
  const sort = scene.model.messages.get(event.messageKey)?.sort ?? "";
  switch (event.kind) {
    case "sent": return `<circle class="dot full sort-${sort}" cx="${x}" cy="${y}" r="5"/>`;
    case "delivered": return `<circle class="dot sort-${sort}" cx="${x}" cy="${y}" r="4.2"/>`;
    case "vsSent": return `<rect class="dot full sort-${sort}" x="${x - 4}" y="${below - 5}" width="8" height="8"/>`;
    case "vsDelivered": return `<rect class="dot sort-${sort}" x="${x - 3.2}" y="${below - 4}" width="6.4" height="6.4"/>`;
    case "transmitted": return `<circle class="tick full" cx="${x}" cy="${below + 3}" r="2.6"/>`;
    case "arrived": return `<circle class="tick" cx="${x}" cy="${below + 3}" r="2.2"/>` +
      (event.parts.wasTampered ? crossAt(x, below + 3, 4, "harm") : "");
    case "swallowed": return crossAt(x, below + 3, 4, "harm");
    case "configuration": return `<path class="configuration" d="M${x} ${below}v9"/>`;
    case "flushRequest": return flag(x, above, "flag");
    case "vsFlushRequest": return flag(x, below, "flag low");
    case "flushOk": return tickMark(x, above - 4, "okay");
    case "vsFlushOk": return tickMark(x, below + 5, "okay low");
    case "signal": return signalMark(x, above, -12);
    case "vsSignal": return signalMark(x, below, 9);
    case "view": return `<path class="page" d="M${x} ${above - 12}v${BAR_HEIGHT + 20}"/>`;
    case "vsView": return `<path class="page low" d="M${x} ${below}v12"/>`;
    case "robust": return robustMark(event, x, y);
    case "problem": return `<path class="problem" d="M${x} ${above - 12}l6 11h-12z"/><text class="bang" x="${x}" y="${above - 3}">!</text>`;
    default: return lifeMark(event, x, y);
  }
}

function flag(x, y, name) {
  return name === "flag" ? `<path class="${name}" d="M${x} ${y}v-12h8l-2.5 3 2.5 3h-8"/>` :
    `<path class="${name}" d="M${x} ${y}v11h6l-2 -2.5 2 -2.5h-6"/>`;
}

function tickMark(x, y, name) {
  return `<path class="${name}" d="M${x - 4} ${y}l3 3.5 5.5 -7"/>`;
}

function signalMark(x, y, length) {
  const step = length / 3;
  return `<path class="signal" d="M${x} ${y}l3 ${step}l-6 0l3 ${step}l0 ${step}"/>`;
}

function robustMark(event, x, y) {
  const { outcome } = event.robust;
  if (outcome === "accepted") return `<path class="step" d="M${x} ${y - 5}v10"/>`;
  if (outcome === "ignored") return `<path class="step ignored" d="M${x} ${y - 4}v8"/>`;
  return `<circle class="refused" cx="${x}" cy="${y}" r="6.5"/><text class="bang" x="${x}" y="${y + 4}">!</text>`;
}

function lifeMark(event, x, y) {
  switch (event.kind) {
    case "connected": return `<circle class="begin" cx="${x}" cy="${y}" r="6"/>`;
    case "crashed": return crossAt(x, y, 8, "crash");
    case "left": return `<path class="leave" d="M${x} ${y - 10}v20M${x + 3} ${y}h9m-4 -4l4 4l-4 4"/>`;
    case "rejoining": return `<path class="leave" d="M${x + 6} ${y - 4}a7 7 0 1 0 1 6m-1 -10v5h-5"/>`;
    case "replaced": return `<path class="leave" d="M${x} ${y - 10}v20M${x + 3} ${y - 3}h8m-3 -3l3 3M${x + 11} ${y + 3}h-8m3 3l-3 -3"/>`;
    case "hangs": return event.parts._0 ? `<path class="hang" d="M${x - 3} ${y - 8}v16M${x + 3} ${y - 8}v16"/>` :
      `<path class="hang full" d="M${x - 4} ${y - 8}l10 8l-10 8z"/>`;
    default: return `<circle class="begin" cx="${x}" cy="${y}" r="4"/>`;
  }
}

// --------------------------------------------------------------------------------------- time, and the names of the lines

function drawGaps(scene) {
  return scene.layout.gaps.map(({ from, to, gap }) => {
    const x1 = HEAD_WIDTH + 18 + from * scene.step - scene.left;
    const x2 = HEAD_WIDTH + 18 + to * scene.step - scene.left;
    if (!isSeen(scene, x1, x2)) return "";
    const x = (x1 + x2) / 2;
    const text = scene.step < 11 ? "" : `<text class="idle-text" transform="translate(${x + 3} ${scene.height - 8}) rotate(-90)">${duration(gap)}</text>`;
    return `<line class="idle" x1="${x}" x2="${x}" y1="${RULER_HEIGHT}" y2="${scene.height}"/>${text}`;
  }).join("");
}

function drawRuler(scene) {
  const parts = [`<rect class="ruler" x="0" y="0" width="${scene.width}" height="${RULER_HEIGHT}"/>`];
  let free = HEAD_WIDTH + 4;
  let taken = free;
  for (const index of scene.layout.shown) {
    const x = xOf(scene, index);
    if (x > scene.width) break;
    const event = scene.model.events[index];
    if (event.kind === "components" && x > HEAD_WIDTH - 4) {
      const text = groupNames(scene.model, orderedGroups(scene.model, event.parts._0));
      if (x + 4 > taken) {
        parts.push(`<text class="network-text" data-e="${index}" x="${x + 3}" y="35">${escaped(text)}</text>`);
        taken = x + 10 + text.length * 6.1;
      }
    }
    if (x < free) continue;
    const time = duration(event.time);
    parts.push(`<path class="notch" d="M${x} 18v4"/><text class="time" x="${x + 2}" y="14">${time}</text>`);
    free = x + Math.max(96, time.length * 8);
  }
  return parts.join("");
}

function drawHeads(scene) {
  const parts = [`<rect class="heads" x="0" y="0" width="${HEAD_WIDTH}" height="${scene.height}"/>`];
  for (const lane of scene.lanes.shown) {
    const { name, memberships, isStranger } = scene.model.lanes[lane];
    const y = scene.lanes.tops.get(lane) - scene.top + scene.lanes.bar;
    if (y < RULER_HEIGHT) continue;
    const short = name.length > 12 ? name.slice(0, 11) + "…" : name;
    const count = memberships.length > 1 ? `${memberships.length} memberships` : "";
    parts.push(`<text class="head-name" x="10" y="${y + 4}">${escaped(short)}</text>` +
      `<text class="head-note" x="10" y="${y + 18}">${isStranger ? "a stranger" : count}</text>`);
  }
  parts.push(`<rect class="ruler" x="0" y="0" width="${HEAD_WIDTH}" height="${RULER_HEIGHT}"/><text class="time" x="10" y="14">time</text>` +
    (scene.model.components.length > 0 ? '<text class="time" x="10" y="35">network</text>' : ""));
  return parts.join("");
}
