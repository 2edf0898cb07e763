// Which time of a stay its signed events prove, and what the frozen tariff asks for that time.
// Doubt is the driver's: each event is sure only outside its uncertainty, and divisions round down.

const HOUR_S = 3600n;
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

function line(code, billed_s, per_hour_minor, amount_minor) {
  const size = amount_minor < 0n ? -amount_minor : amount_minor;
  if (size > MAX_MINOR || per_hour_minor > MAX_MINOR) throw new NoBill(code);
  return { code, billed_s, per_hour_minor, amount_minor };
}

function stepped(code, tariff, seconds, rate) {
  const billed_s = seconds - (seconds % tariff.step_s);
  return line(code, billed_s, rate, (billed_s * rate) / HOUR_S);
}

/** The lines of the bill, in their order: parking, free, cap, overstay. Raises NoBill. */
export function billFor(tariff, booking, billed) {
  const ends_at = booking.window.ends_at, rate = tariff.per_hour_minor;
  const inside_s = secondsWithin(billed, -Infinity, ends_at);
  const late_s = secondsWithin(billed, ends_at + Number(booking.terms.grace_s) * 1000, Infinity);
  const lines = [stepped("parking", tariff, inside_s, rate)];
  const free_s = inside_s < tariff.free_s ? inside_s : tariff.free_s;
  if (free_s > 0n) {
    const rest = stepped("parking", tariff, inside_s - free_s, rate);
    lines.push(line("free", free_s, 0n, rest.amount_minor - lines[0].amount_minor));
  }
  const over = tariff.cap_minor === null ? 0n : sumOf(lines) - tariff.cap_minor;
  if (over > 0n) lines.push(line("cap", 0n, 0n, -over));
  if (late_s > 0n) lines.push(stepped("overstay", tariff, late_s, (rate * tariff.overstay_percent) / 100n));
  return lines;
}

/** What the window that was asked for costs, used exactly. Raises NoBill. */
export const quoteFor = (tariff, booking) => sumOf(billFor(tariff, booking, [booking.window]));

export const sumOf = (lines) => lines.reduce((sum, { amount_minor }) => sum + amount_minor, 0n);
