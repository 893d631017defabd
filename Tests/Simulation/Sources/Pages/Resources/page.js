// The page around the diagram: filters, zoom, keys, search, tooltip and panel.

const element = (id) => document.getElementById(id);

const FLOOR_WORDS = {
  application: "application", agreement: "agreement", flush: "flush", transport: "transport", network: "coming and going",
};

class Page {
  constructor(trace, violations) {
    this.model = buildModel(trace, violations);
    this.filters = {
      floors: new Set(["application", "agreement", "flush", "network"]), hiddenLanes: new Set(), marked: new Set(),
      control: this.model.lanes.length <= 6, everyFloor: false,
    };
    element("control").checked = this.filters.control;
    this.violationsAt = new Map();
    for (const { property, event } of violations) if (event !== undefined) this.violationsAt.set(event, property);
    for (const event of this.violationsAt.keys()) this.filters.marked.add(event);
    this.spacing = "events";
    this.selected = null;
    this.lit = null;
    this.query = "";
    this.found = new Set();
    this.stage = element("stage");
    this.picture = element("picture");
    this.writeHead();
    this.writeControls();
    this.listen();
    this.layout = placeEvents(this.model, this.filters, this.spacing);
    this.step = Math.min(Math.max(this.fittingStep(), 13), 20);
    this.resize();
    this.drawNow();
  }

  // ---------------------------------------------------------------------------------------------- the top

  writeHead() {
    const { trace, messages, arrows, lanes } = this.model;
    document.title = trace.title;
    element("title").textContent = trace.title;
    if (trace.replay) element("replay-text").textContent = trace.replay;
    else element("replay").hidden = true;
    const span = trace.events.length > 0 ? trace.events[trace.events.length - 1].time - trace.events[0].time : 0;
    element("summary").textContent =
      `${counted(lanes.length, "member")}, ${counted(trace.members.length, "membership")}, ` +
      `${counted(trace.events.length, "event")} in ${duration(span)}, ${counted(messages.size, "message")}` +
      (trace.isComplete ? "" : "; the run was cut short");
    Object.assign(document.documentElement.dataset, { lanes: lanes.length, events: trace.events.length, arrows: arrows.length });
    const list = element("violations");
    list.hidden = this.model.violations.length === 0;
    list.innerHTML = this.model.violations.map(({ property, sentence, event }) =>
      `<li><button type="button" ${event === undefined ? "disabled" : `data-go="${event}"`}>` +
      `<b>${escaped(property)}</b> ${escaped(sentence)}</button></li>`).join("");
  }

  writeControls() {
    const present = FLOORS.filter((floor) => this.model.events.some((event) => event.floor === floor)).reverse();
    element("floors").innerHTML = present.map((floor) =>
      `<label><input type="checkbox" data-floor="${floor}" ${this.filters.floors.has(floor) ? "checked" : ""}>${FLOOR_WORDS[floor]}</label>`).join("");
    element("lanes").innerHTML = this.model.lanes.map(({ name }, lane) =>
      `<label><input type="checkbox" data-show="${lane}" checked>${escaped(name)}</label>`).join("");
  }

  listen() {
    this.stage.addEventListener("scroll", () => this.draw());
    window.addEventListener("resize", () => this.arrange());
    document.addEventListener("change", (change) => this.takeChange(change.target));
    document.addEventListener("click", (click) => this.takeClick(click.target));
    document.addEventListener("keydown", (press) => this.takeKey(press));
    this.picture.addEventListener("mousemove", (move) => this.hover(move));
    this.picture.addEventListener("mouseleave", () => this.hover(null));
    this.stage.addEventListener("wheel", (turn) => this.takeWheel(turn), { passive: false });
    element("search").addEventListener("input", () => this.search(element("search").value));
  }

  takeChange(target) {
    const { floor, show } = target.dataset;
    if (floor) toggle(this.filters.floors, floor, target.checked);
    else if (show !== undefined) toggle(this.filters.hiddenLanes, Number(show), !target.checked);
    else if (target.id === "control") this.filters.control = target.checked;
    else if (target.id === "every-floor") this.filters.everyFloor = target.checked;
    else if (target.id === "spacing") this.spacing = target.value;
    else return;
    this.arrange();
  }

  takeClick(target) {
    const go = target.closest("[data-go]");
    if (go) return this.choose(Number(go.dataset.go));
    switch (target.closest("button")?.id) {
      case "nearer": return this.zoom(1.3);
      case "farther": return this.zoom(1 / 1.3);
      case "fit": return this.fit();
      case "earlier": return this.walk(-1);
      case "later": return this.walk(1);
      case "next-found": return this.walkFound(1);
      case "copy": return void navigator.clipboard?.writeText(this.model.trace.replay);
      default:
    }
    const mark = target.closest("#picture [data-e]");
    if (mark) this.choose(Number(mark.dataset.e), false);
  }

  takeKey(press) {
    const isTyping = press.target.matches("input[type=search], select");
    if (isTyping) {
      if (press.key === "Enter") this.walkFound(press.shiftKey ? -1 : 1);
      if (press.key === "Escape") press.target.blur();
      return;
    }
    if (press.ctrlKey || press.metaKey || press.altKey) return;
    const actions = {
      ArrowRight: () => this.walk(1, press.shiftKey), ArrowLeft: () => this.walk(-1, press.shiftKey),
      "+": () => this.zoom(1.3), "=": () => this.zoom(1.3), "-": () => this.zoom(1 / 1.3), 0: () => this.fit(),
      "/": () => element("search").focus(), n: () => this.walkFound(1), N: () => this.walkFound(-1),
      Home: () => this.choose(this.layout.shown[0]), End: () => this.choose(this.layout.shown[this.layout.shown.length - 1]),
      Escape: () => this.choose(null),
    };
    if (!actions[press.key]) return;
    press.preventDefault();
    actions[press.key]();
  }

  takeWheel(turn) {
    if (!turn.ctrlKey && !turn.metaKey) return;
    turn.preventDefault();
    this.zoom(turn.deltaY < 0 ? 1.15 : 1 / 1.15, turn.clientX - this.stage.getBoundingClientRect().left);
  }

  // ------------------------------------------------------------------------------------------ the diagram

  arrange() {
    this.layout = placeEvents(this.model, this.filters, this.spacing);
    this.resize();
  }

  resize() {
    const height = this.stage.clientHeight;
    this.lanes = placeLanes(this.model, this.filters, height);
    const width = HEAD_WIDTH + 60 + this.layout.width * this.step;
    element("extent").style.width = `${width}px`;
    element("extent").style.height = `${Math.max(this.lanes.total, height - 1)}px`;
    this.draw();
  }

  // At most once a frame.
  draw() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.drawNow();
    });
  }

  drawNow() {
    const { clientWidth: width, clientHeight: height, scrollLeft: left, scrollTop: top } = this.stage;
    this.picture.setAttribute("width", width);
    this.picture.setAttribute("height", height);
    element("drawing").innerHTML = drawScene({ ...this, left, top, width, height });
    this.picture.classList.toggle("dimmed", this.lit !== null);
    this.picture.classList.toggle("small", this.step < 9);
  }

  zoom(factor, at = this.stage.clientWidth / 2) {
    const column = (this.stage.scrollLeft + at - HEAD_WIDTH) / this.step;
    this.step = Math.min(Math.max(this.step * factor, 1.5), 80);
    this.resize();
    this.stage.scrollLeft = column * this.step - at + HEAD_WIDTH;
  }

  fittingStep() {
    return (this.stage.clientWidth - HEAD_WIDTH - 60) / this.layout.width;
  }

  fit() {
    this.step = Math.min(Math.max(this.fittingStep(), 1.5), 40);
    this.resize();
  }

  // ----------------------------------------------------------------------------------- choosing and finding

  choose(index, scrolls = true) {
    this.selected = index ?? null;
    this.lit = index === null || index === undefined ? null : this.model.events[index].messageKey ?? null;
    this.writePanel();
    if (index !== null && index !== undefined && scrolls) this.show(index);
    this.draw();
  }

  show(index) {
    const x = this.layout.places[index] * this.step + 18;
    const room = this.stage.clientWidth - HEAD_WIDTH;
    const { scrollLeft } = this.stage;
    if (x < scrollLeft + 30 || x > scrollLeft + room - 60) this.stage.scrollLeft = x - room / 2;
    const top = this.lanes.tops.get(this.model.laneOf[this.model.events[index].member]);
    if (top === undefined) return;
    const { scrollTop, clientHeight } = this.stage;
    if (top < scrollTop + RULER_HEIGHT || top + this.lanes.laneHeight > scrollTop + clientHeight) {
      this.stage.scrollTop = top - clientHeight / 2;
    }
  }

  walk(direction, staysAtMember = false) {
    const { shown } = this.layout;
    const member = this.selected === null ? null : this.model.events[this.selected].member;
    const lane = member === null ? null : this.model.laneOf[member];
    let position = this.selected === null ? (direction > 0 ? -1 : shown.length) : nearest(shown, this.selected);
    do position += direction;
    while (staysAtMember && lane !== null && shown[position] !== undefined &&
      this.model.laneOf[this.model.events[shown[position]].member] !== lane);
    if (shown[position] !== undefined) this.choose(shown[position]);
  }

  search(query) {
    this.query = query.trim().toLowerCase();
    this.found = new Set();
    if (this.query !== "") {
      for (const event of this.model.events) if (this.textOf(event).includes(this.query)) this.found.add(event.index);
    }
    const hidden = [...this.found].filter((index) => !isShown(this.model, this.model.events[index], this.filters)).length;
    element("found").textContent = this.query === "" ? "" :
      `${this.found.size} found` + (hidden > 0 ? `, ${hidden} filtered out` : "");
    this.draw();
  }

  textOf(event) {
    this.texts ??= [];
    this.texts[event.index] ??=
      (describe(this.model, event) + " " + fieldsOf(this.model, event).map((row) => row.join(" ")).join(" ")).toLowerCase();
    return this.texts[event.index];
  }

  walkFound(direction) {
    const shown = this.layout.shown.filter((index) => this.found.has(index));
    if (shown.length === 0) return;
    const now = this.selected ?? (direction > 0 ? -1 : Infinity);
    const next = direction > 0 ? shown.find((index) => index > now) : shown.findLast((index) => index < now);
    this.choose(next ?? (direction > 0 ? shown[0] : shown[shown.length - 1]));
  }

  // ------------------------------------------------------------------------------------- tooltip and panel

  hover(move) {
    const tip = element("tip");
    const mark = move?.target.closest("[data-e]") ?? null;
    const lit = mark?.dataset.m ?? (this.selected === null ? null : this.model.events[this.selected].messageKey ?? null);
    if (lit !== this.lit) {
      this.lit = lit;
      this.light();
    }
    tip.hidden = mark === null;
    if (mark === null) return;
    tip.innerHTML = this.eventsAt(Number(mark.dataset.e)).map((event) =>
      `<b>${escaped(describe(this.model, event))}</b><br>event ${event.index}, ${escaped(duration(event.time))}`).join("<br>");
    const room = document.documentElement.clientWidth;
    tip.style.left = `${Math.min(move.clientX + 14, room - tip.offsetWidth - 8)}px`;
    const below = move.clientY + 18;
    const isLow = below + tip.offsetHeight > document.documentElement.clientHeight - 4;
    tip.style.top = `${isLow ? move.clientY - tip.offsetHeight - 10 : below}px`;
  }

  // An event and the step of the machine that stands in the same place.
  eventsAt(index) {
    const { events } = this.model;
    const folded = events[index + 1];
    const isThere = folded?.kind === "robust" && folded.member === events[index].member &&
      this.layout.places[index + 1] === this.layout.places[index];
    return isThere ? [events[index], folded] : [events[index]];
  }

  // Lights the arrows of one message without drawing everything again, which would lose the mouse.
  light() {
    this.picture.classList.toggle("dimmed", this.lit !== null);
    for (const part of this.picture.querySelectorAll("[data-m]")) part.classList.toggle("lit", part.dataset.m === this.lit);
  }

  writePanel() {
    const panel = element("details");
    if (this.selected === null) {
      panel.innerHTML = "<p class='hint'>Click an event, or step through them with ← and →.</p>";
      return;
    }
    const event = this.model.events[this.selected];
    const rows = fieldsOf(this.model, event)
      .map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join("");
    panel.innerHTML = `<h2>${escaped(describe(this.model, event))}</h2><table>${rows}</table>${this.journeyOf(event)}`;
  }

  // What else happened to the message of an event.
  journeyOf(event) {
    const message = this.model.messages.get(event.messageKey);
    if (!message) return "";
    const stops = (message.send === null ? [] : [message.send]).concat(message.ends);
    const items = stops.map((index) => {
      const stop = this.model.events[index];
      const isHere = index === event.index ? " class='here'" : "";
      return `<li${isHere}><button type="button" data-go="${index}">${escaped(memberName(this.model, stop.member))} · ` +
        `${stop.kind} · ${duration(stop.time)}</button></li>`;
    });
    return `<h3>This message</h3><ol>${items.join("")}</ol>`;
  }
}

function counted(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

function toggle(set, value, isIn) {
  if (isIn) set.add(value);
  else set.delete(value);
}

// The position of the last of the ordered numbers that is not above the given one.
function nearest(numbers, number) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

new Page(readTrace(element("trace").textContent), JSON.parse(element("judgement").textContent));
