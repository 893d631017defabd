// Decides where things stand: a column for each event that is shown, a height for each line.

// Which events are shown, given the filters: floors and lines that are switched on.
function isShown(model, event, filters) {
  if (event.member >= 0 && filters.hiddenLanes.has(model.laneOf[event.member])) return false;
  if (filters.marked.has(event.index)) return true;
  return filters.floors.has(event.floor) && (!event.isEcho || filters.everyFloor);
}

// Gives each event a place along time, counted in columns. An event that is not shown stands where the last one did,
// so that what begins or ends with it keeps its place. What happens at one moment at several members shares a column,
// unless one of it is the cause of another.
function placeEvents(model, filters, spacing) {
  const usual = usualGap(model.events);
  const places = new Float64Array(model.events.length);
  const gaps = [];
  let column = { at: 0, time: null, members: new Set(), sent: new Set(), placeOf: new Map(), isEmpty: true };
  const shown = [];
  for (const event of model.events) {
    if (!isShown(model, event, filters)) {
      places[event.index] = column.at + (column.isEmpty ? 0 : 0.3);
      continue;
    }
    if (isFolded(column, event)) {
      places[event.index] = column.placeOf.get(event.member);
      shown.push(event.index);
      continue;
    }
    if (!fitsInto(column, event)) {
      const gap = column.time === null ? 0 : event.time - column.time;
      const step = stepAfter(gap, usual, spacing, column, event);
      if (step.isIdle) gaps.push({ from: column.at, to: column.at + step.columns, gap });
      column = { at: column.at + step.columns, members: new Set(), sent: new Set(), placeOf: new Map() };
    }
    column.isEmpty = false;
    column.time = event.time;
    column.members.add(event.member);
    column.placeOf.set(event.member, column.at);
    if (event.messageKey !== undefined) column.sent.add(event.messageKey);
    places[event.index] = column.at;
    shown.push(event.index);
  }
  return { places, shown, gaps, width: column.at + 1 };
}

// A step of a robust machine stands where the event is that made it step.
function isFolded(column, event) {
  return event.kind === "robust" && event.robust.outcome === "accepted" && event.time === column.time &&
    column.placeOf.has(event.member);
}

function fitsInto(column, event) {
  if (column.isEmpty) return true;
  if (event.time !== column.time || column.members.has(event.member)) return false;
  if (event.member < 0 || column.members.has(-1)) return false;
  return event.messageKey === undefined || !column.sent.has(event.messageKey);
}

// How far the next column is. What a member does at one moment stands close together; a long time in which nothing
// happens is compressed and marked.
function stepAfter(gap, usual, spacing, column, event) {
  const isIdle = gap > 12 * usual;
  if (spacing === "time") {
    const columns = Math.min(Math.max(gap / usual, gap === 0 ? 0.6 : 0.35), 12);
    return { columns, isIdle: gap / usual > 12 };
  }
  if (gap === 0 && column.members.has(event.member)) return { columns: 0.7, isIdle: false };
  return { columns: isIdle ? 2.6 : 1, isIdle };
}

// The median of the times between events that do not happen at once, in microseconds.
function usualGap(events) {
  const gaps = [];
  for (let index = 1; index < events.length; index += 1) {
    const gap = events[index].time - events[index - 1].time;
    if (gap > 0) gaps.push(gap);
  }
  gaps.sort((first, second) => first - second);
  return gaps.length === 0 ? 1 : gaps[gaps.length >> 1];
}

// Heights of the parts of a line, in pixels, so that the lines fill the window if they are few.
function placeLanes(model, filters, height) {
  const shown = model.lanes.map((_, lane) => lane).filter((lane) => !filters.hiddenLanes.has(lane));
  const room = (height - RULER_HEIGHT - 12) / Math.max(shown.length, 1);
  const laneHeight = Math.round(Math.min(Math.max(room, 62), 150));
  const tops = new Map(shown.map((lane, position) => [lane, RULER_HEIGHT + 6 + position * laneHeight]));
  const bar = Math.round(laneHeight / 2) + 1;
  return { shown, tops, laneHeight, bar, total: RULER_HEIGHT + 12 + shown.length * laneHeight };
}

const RULER_HEIGHT = 40;
const HEAD_WIDTH = 104;
const BAR_HEIGHT = 16;
