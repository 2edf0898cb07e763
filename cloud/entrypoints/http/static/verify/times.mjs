// Instants for people: on a zone's wall clock, with UTC beside it, as a receipt travels further than
// its lot. What zone that is, no receipt says, so it is never part of a verdict.

const PARTS = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };

/** "2026-05-01 08:05:00" of an instant in ms. Raises RangeError for a zone that no clock knows. */
function wall(ms, timeZone) {
  const shape = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", { ...PARTS, hourCycle: "h23", timeZone });
  const at = Object.fromEntries(shape.formatToParts(ms).map(({ type, value }) => [type, value]));
  return `${at.year}-${at.month}-${at.day} ${at.hour}:${at.minute}:${at.second}`;
}

const SEASONS = [Date.UTC(2026, 0), Date.UTC(2026, 6)];

function isKnown(zone) {
  try {
    return Boolean(zone && wall(0, zone));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The lot's zone if it is known, else this device's: {zone, own, isUtc}. */
export function zoneOf(lots) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = [lots, own].find(isKnown) ?? "UTC";
  return { zone, own: zone !== lots, isUtc: SEASONS.every((ms) => wall(ms, zone) === wall(ms, "UTC")) };
}

const isOneDay = (a, b) => a.slice(0, 10) === b.slice(0, 10);
const from = (begin, end) => `${begin} – ${isOneDay(begin, end) ? end.slice(11) : end}`;

/** {local, utc} of an instant or an interval: `utc` has no date where that is the same, and is null in UTC. */
export function both({ zone, isUtc }, ...instants) {
  const [local, utc] = [zone, "UTC"].map((where) => instants.map((ms) => wall(ms, where)));
  const isSame = [...local, ...utc].every((at) => isOneDay(at, local[0]));
  const told = (ends) => (ends.length === 1 ? ends[0] : from(...ends));
  return { local: told(local), utc: isUtc ? null : isSame ? told(utc).slice(11) : told(utc) };
}
