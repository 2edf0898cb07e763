// Which time of a stay its signed events prove, and what the frozen tariff asks for that time.
// Doubt is the driver's: each event is sure only outside its uncertainty, and divisions round down.

const HOUR_S = 3600n;
const BPS = 10_000n;
const MAX_MINOR = 2n ** 32n - 1n;

// Decimals of the currencies that are not of hundredths (ISO 4217, list one).
const DECIMALS = Object.fromEntries([
  [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"], [3, "BHD IQD JOD KWD LYD OMR TND"],
  [4, "CLF UYW"],
].flatMap(([digits, codes]) => codes.split(" ").map((code) => [code, digits])));

/** How many decimals a currency's amounts have. */
export const decimalsOf = (currency) => DECIMALS[currency] ?? 2;

/** A line that no bill can hold. */
export class NoBill extends Error {}

/** When an event happened, on the clock that its boot started (ms): unlike the time of day, never set. */
const sinceBoot = (event) => Number(event.boottime_ns / 1_000_000n) - (event.reported_at - event.at);

/** Where the time that ends with `event` ends for certain, or null if nothing tells. */
function surelyUntil(begun, event) {
  const doubt = Number(event.uncertainty_s);
  if (event.clock !== "unsynced") return event.at - doubt;
  // A clock that was never set tells no time of day, but the same boot measured how long it was.
  return event.boot_id === begun.boot_id ? begun.at + sinceBoot(event) - sinceBoot(begun) - doubt : null;
}

/** The certainly occupied intervals [from, until) in ms, or null if the events are not of one stay. */
export function provenStay(events) {
  const told = events.map((event) => event.occupancy);
  if (told[0] !== "occupied" || told.indexOf("free") !== told.length - 1) return null;
  const billed = [];
  let begun = null;
  for (const event of events) {
    if (event.occupancy === "occupied") {
      if (begun === null && event.clock !== "unsynced") begun = event;
    } else if (begun !== null) {
      const from = begun.at + Number(begun.uncertainty_s), until = surelyUntil(begun, event);
      if (until !== null && from < until) billed.push({ starts_at: from, ends_at: until });
      begun = null;
    }
  }
  return { arrived_at: events[0].at, departed_at: events.at(-1).at, billed };
}

/** Whole seconds of the intervals between two instants. */
export function secondsWithin(intervals, since, until) {
  let ms = 0;
  for (const { starts_at, ends_at } of intervals) {
    ms += Math.max(0, Math.min(ends_at, until) - Math.max(starts_at, since));
  }
  return BigInt(Math.floor(ms / 1000));
}

const EMPTY = { starts_at: null, ends_at: null, included_minor: 0n };

function line(code, billed_s, per_hour_minor, amount_minor, more = {}) {
  const size = amount_minor < 0n ? -amount_minor : amount_minor;
  if (size > MAX_MINOR || per_hour_minor > MAX_MINOR) throw new NoBill(code);
  return { code, billed_s, per_hour_minor, amount_minor, ...EMPTY, ...more };
}

const stepped = ({ step_s }, seconds) => seconds - (seconds % step_s);
const surcharged = (tariff, rate) => (rate * tariff.overstay_percent) / 100n;
const least = (a, b) => (a < b ? a : b);
const most = (a, b) => (a > b ? a : b);

/** The parts of the intervals between two instants. */
const clipped = (billed, since, until) => billed
  .map(({ starts_at, ends_at }) => ({ starts_at: Math.max(starts_at, since), ends_at: Math.min(ends_at, until) }))
  .filter(({ starts_at, ends_at }) => starts_at < ends_at);

/** An interval cut at the edges of the timetable; what no stretch holds has none. */
function piecesOf(timetable, { starts_at, ends_at }) {
  const found = [];
  let at = starts_at;
  const upTo = (until, stretch) => {
    if (until > at) { found.push([stretch, at, until]); at = until; }
  };
  for (const stretch of timetable) {
    upTo(Math.min(stretch.starts_at, ends_at), null);
    if (stretch.ends_at > at && stretch.starts_at < ends_at) upTo(Math.min(stretch.ends_at, ends_at), stretch);
  }
  upTo(ends_at, null);
  return found;
}

/**
 * How many of the billed seconds from `first` to before `last` have which rate, in their order. The billed time is
 * put end to end: a second has the rate of the stretch it begins in, by how many were billed before it.
 */
function sharesOf({ timetable, per_hour_minor }, billed, first, last, counted = 0n) {
  const plain = [{ after_s: 0n, per_hour_minor }], found = [];
  let before = 0;
  for (const interval of billed) {
    for (const [stretch, since, until] of piecesOf(timetable, interval)) {
      const begun = (at) => BigInt(Math.ceil((before + at - interval.starts_at) / 1000));
      const rates = stretch?.rates ?? plain;
      rates.forEach((rate, i) => {
        const from = most(most(begun(since), rate.after_s - counted), first);
        const end = i + 1 < rates.length ? rates[i + 1].after_s - counted : last;
        const seconds = least(least(begun(until), end), last) - from;
        if (seconds > 0n) joined(found, { stretch, rate: rate.per_hour_minor, seconds });
      });
    }
    before += interval.ends_at - interval.starts_at;
  }
  return found;
}

function joined(found, share) {
  const last = found.at(-1);
  if (last && last.stretch === share.stretch && last.rate === share.rate) last.seconds += share.seconds;
  else found.push(share);
}

/** A line for each share, rounded together: their sum is the whole, rounded down once. */
function linesOf(code, shares) {
  let worth = 0n;
  const lines = shares.map(({ stretch, rate, seconds }) => {
    const before = worth;
    worth += seconds * rate;
    const { starts_at = null, ends_at = null } = stretch ?? {};
    return line(code, seconds, rate, worth / HOUR_S - before / HOUR_S, { starts_at, ends_at });
  });
  if (worth / HOUR_S > MAX_MINOR) throw new NoBill(code);
  return { lines, worth };
}

/** What is over a day's cap is taken off, the days in their order. */
function dayCaps({ timetable, day_cap_minor }, shares, worth) {
  if (day_cap_minor === null) return [];
  const days = [...new Set(timetable.map(({ day }) => day))];
  const lines = [];
  for (const day of days) {
    const ofDay = shares.filter(({ stretch }) => stretch?.day === day);
    const over = ofDay.reduce((sum, { rate, seconds }) => sum + rate * seconds, 0n) - day_cap_minor * HOUR_S;
    if (over <= 0n) continue;
    const whole = timetable.filter((stretch) => stretch.day === day);
    const bounds = { starts_at: whole[0].starts_at, ends_at: whole.at(-1).ends_at };
    lines.push(line("day_cap", 0n, 0n, (worth - over) / HOUR_S - worth / HOUR_S, bounds));
    worth -= over;
  }
  return lines;
}

function parkingLines(tariff, inside) {
  const inside_s = secondsWithin(inside, -Infinity, Infinity), rate = tariff.per_hour_minor;
  const free_s = least(inside_s, tariff.free_s), charged_s = stepped(tariff, inside_s - free_s);
  const lines = [];
  if (tariff.timetable.length) {
    if (free_s > 0n) lines.push(line("free", free_s, 0n, 0n));
    const shares = sharesOf(tariff, inside, free_s, free_s + charged_s);
    const parking = linesOf("parking", shares);
    lines.push(...parking.lines, ...dayCaps(tariff, shares, parking.worth));
  } else {
    const whole_s = stepped(tariff, inside_s), whole = (whole_s * rate) / HOUR_S;
    lines.push(line("parking", whole_s, rate, whole));
    if (free_s > 0n) lines.push(line("free", free_s, 0n, (charged_s * rate) / HOUR_S - whole));
  }
  const over = tariff.cap_minor === null ? 0n : sumOf(lines) - tariff.cap_minor;
  if (over > 0n) lines.push(line("cap", 0n, 0n, -over));
  const short = tariff.minimum_minor - sumOf(lines);
  // Where nothing is proved, or all of it is free, there is nothing to raise.
  if (charged_s > 0n && short > 0n) lines.push(line("minimum", 0n, 0n, short));
  return lines;
}

function overstayLines(tariff, late, inside_s) {
  const late_s = secondsWithin(late, -Infinity, Infinity), charged_s = stepped(tariff, late_s);
  if (late_s === 0n) return [];
  const tiers = tariff.overstay_tiers;
  if (tiers.length) {
    const shares = tiers.map(({ from_s, per_hour_minor }, i) => {
      const end = i + 1 < tiers.length ? least(tiers[i + 1].from_s, charged_s) : charged_s;
      return { stretch: null, rate: per_hour_minor, seconds: end - from_s };
    });
    return linesOf("overstay", shares.filter(({ seconds }) => seconds > 0n)).lines;
  }
  if (tariff.timetable.length) {
    const shares = sharesOf(tariff, late, 0n, charged_s, inside_s);
    return linesOf("overstay", shares.map((share) => ({ ...share, rate: surcharged(tariff, share.rate) }))).lines;
  }
  const rate = surcharged(tariff, tariff.per_hour_minor);
  return [line("overstay", charged_s, rate, (charged_s * rate) / HOUR_S)];
}

/** Half a step is rounded down, too, where the nearest one is asked for. */
function rounded({ round_to_minor: unit, rounding }, due) {
  const raised = { down: 0n, nearest: (unit - 1n) / 2n, up: unit - 1n }[rounding];
  return ((due + raised) / unit) * unit;
}

/** What stands below the bill: the booking's fee, the tax, the rounding. */
function closed(tariff, lines) {
  const bps = tariff.tax_bps, within = tariff.tax === "included";
  if (tariff.booking_fee_minor > 0n) lines.push(line("booking_fee", 0n, 0n, tariff.booking_fee_minor));
  if (bps > 0n && !within) lines.push(line("tax", 0n, 0n, (sumOf(lines) * bps) / BPS));
  const due = sumOf(lines), change = rounded(tariff, due) - due;
  if (change !== 0n) lines.push(line("rounding", 0n, 0n, change));
  if (bps > 0n && within) {
    const included_minor = (sumOf(lines) * bps) / (BPS + bps);
    if (included_minor > MAX_MINOR) throw new NoBill("tax");
    lines.push(line("tax", 0n, 0n, 0n, { included_minor }));
  }
  return lines;
}

/** The lines of the bill, in their order. Raises NoBill. */
export function billFor(tariff, booking, billed) {
  const { window: { ends_at }, terms } = booking;
  const forgiven = ends_at + Number(most(terms.grace_s, terms.late_stop_s)) * 1000;
  const inside = clipped(billed, -Infinity, ends_at), late = clipped(billed, forgiven, Infinity);
  const inside_s = secondsWithin(inside, -Infinity, Infinity);
  return closed(tariff, [...parkingLines(tariff, inside), ...overstayLines(tariff, late, inside_s)]);
}

/** What the window that was asked for costs, used exactly. Raises NoBill. */
export const quoteFor = (tariff, booking) => sumOf(billFor(tariff, booking, [booking.window]));

export const sumOf = (lines) => lines.reduce((sum, { amount_minor }) => sum + amount_minor, 0n);
