// What a receipt, a credit, a charge and what waits to be one may hold, field by field. Nothing else may stand in it and no value is guessed
// from another type: whole numbers are bigints, instants become milliseconds since 1970 (UTC).

import { NotJson, parse } from "./json.mjs";
import { checksummed } from "./keccak.mjs";

/** `where` is the path to the field that does not fit, as events.0.body.at. */
export class Unfit extends Error {
  constructor(where) { super(where); this.where = where; }
}

const ZERO = "0x" + "00".repeat(32);
const EXACT = 2n ** 53n - 1n;
const WORD32 = 2n ** 32n - 1n;
const WORD48 = 2n ** 48n - 1n;
const INSTANT = /^(19[7-9]\d|20\d\d|21\d\d)-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const MAX_SECONDS = 10_000_000;

const check = (holds, where) => { if (!holds) throw new Unfit(where); };

const whole = (low, high) => (value, where) => {
  check(typeof value === "bigint" && value >= low && value <= high, where);
  return value;
};

const written = (pattern) => (value, where) => {
  check(typeof value === "string" && pattern.test(value), where);
  return value;
};

const oneOf = (...words) => (value, where) => {
  check(words.includes(value), where);
  return value;
};

function text(value, where) {
  check(typeof value === "string", where);
  return value;
}

/** Lengths are counted in characters, not in UTF-16 units. */
const sized = (low, high) => (value, where) => {
  const length = typeof value === "string" ? [...value].length : -1;
  check(length >= low && length <= high, where);
  return value;
};

function instant(value, where) {
  check(typeof value === "string" && INSTANT.test(value), where);
  const ms = Date.parse(value);
  check(!Number.isNaN(ms) && new Date(ms).toISOString() === value, where);
  return ms;
}

/** Seconds of at most three decimals, as whole milliseconds. */
function milliseconds(value, where) {
  check(typeof value === "bigint" || typeof value === "number", where);
  check(value >= 0 && value <= MAX_SECONDS, where);
  const seconds = Number(value);
  check(Number(seconds.toFixed(3)) === seconds, where);
  return BigInt(Math.round(seconds * 1000));
}

function address(value, where) {
  check(typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value) && value === checksummed(value), where);
  return value;
}

/** May be absent, and then is `fallback`. */
const or = (fallback, shape) => Object.assign((value, where) => shape(value, where), { fallback });

/** May be absent or null. */
const perhaps = (shape) => or(null, (value, where) => (value === null ? null : shape(value, where)));

const many = (shape, low = 0, high = Infinity) => (value, where) => {
  check(Array.isArray(value) && value.length >= low && value.length <= high, where);
  return value.map((item, i) => shape(item, `${where}.${i}`));
};

const record = (shapes) => (value, where) => {
  const under = (name) => (where ? `${where}.${name}` : name);
  check(value instanceof Map, where);
  for (const name of value.keys()) check(Object.hasOwn(shapes, name), under(name));
  const found = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const given = value.has(name);
    check(given || "fallback" in shape, under(name));
    found[name] = given ? shape(value.get(name), under(name)) : shape.fallback;
  }
  return found;
};

const name = written(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const digest = written(/^0x[0-9a-f]{64}$/);
const count = whole(0n, EXACT);
const minor = whole(0n, WORD32);
const account = whole(1n, WORD32);
const stay = whole(1n, WORD48);
const times = record({ starts_at: instant, ends_at: instant });

const TERMS = {
  early_start_s: or(1800n, count),
  no_show_timeout_s: or(3600n, count),
  grace_s: or(600n, whole(600n, 86_400n)),
  no_show_fee_minor: or(0n, minor),
  late_stop_s: or(0n, whole(0n, 86_400n)),
  cancel_until_s: or(0n, count),
  cancel_fee_minor: or(0n, minor),
  change_until_s: or(0n, count),
  min_s: or(0n, count),
  max_s: or(0n, count),
};

const BOOKING = {
  id: name, space: name, grant: name, window: times, terms: record(TERMS), tariff: digest,
  driver_account: account, owner_account: account, quoted_minor: minor, confirmed_at: instant,
};

const MAX_STRETCHES = 1024;
const MAX_RATES = 16;

/** Steps that begin at 0 and ascend in `bound`. */
const steps = (bound, low) => (value, where) => {
  const found = many(record({ [bound]: count, per_hour_minor: minor }), low, MAX_RATES)(value, where);
  check(found.every((step, i) => (i === 0 ? step[bound] === 0n : step[bound] > found[i - 1][bound])), where);
  return found;
};

const STRETCH = record({
  starts_at: instant, ends_at: instant, rates: steps("after_s", 1), day: or(0n, whole(0n, 2n ** 16n - 1n)),
});

function stretch(value, where) {
  const found = STRETCH(value, where);
  check(found.starts_at < found.ends_at, where);
  return found;
}

/** Stretches that follow one another, and so do their days. */
function timetable(value, where) {
  const found = many(stretch, 0, MAX_STRETCHES)(value, where);
  check(found.every((next, i) => {
    const last = found[i - 1];
    return i === 0 || (last.ends_at <= next.starts_at && last.day <= next.day);
  }), where);
  return found;
}

const TARIFF = {
  id: name,
  // No upper bound of its own: it must fit the word it is hashed in.
  version: (value, where) => whole(1n, typeof value === "bigint" ? value : 0n)(value, where),
  currency: written(/^[A-Z]{3}$/),
  per_hour_minor: minor,
  step_s: or(60n, whole(1n, 3600n)),
  free_s: or(0n, count),
  cap_minor: perhaps(minor),
  overstay_percent: or(150n, whole(100n, 500n)),
  timetable: or([], timetable),
  day_cap_minor: perhaps(minor),
  minimum_minor: or(0n, minor),
  booking_fee_minor: or(0n, minor),
  overstay_tiers: or([], steps("from_s", 0)),
  round_to_minor: or(1n, whole(1n, 10_000n)),
  rounding: or("down", oneOf("down", "nearest", "up")),
  tax_bps: or(0n, whole(0n, 10_000n)),
  tax: or("included", oneOf("included", "added")),
};

const EVENT = {
  gateway: name,
  epoch: whole(1n, WORD32),
  seq: whole(1n, EXACT),
  kind: oneOf("arrival", "departure", "snapshot", "boot", "gap", "fault"),
  space: perhaps(name),
  occupancy: perhaps(oneOf("free", "occupied", "unknown")),
  at: instant,
  uncertainty_s: milliseconds,
  reported_at: instant,
  boot_id: sized(1, 64),
  boottime_ns: whole(0n, 2n ** 63n - 1n),
  clock: oneOf("synced", "holdover", "unsynced"),
  previous: or(ZERO, digest),
  evidence: or(ZERO, digest),
  plate: or(ZERO, digest),
  match: or("none", oneOf("accepted", "ambiguous", "other", "none")),
  grant: perhaps(name),
};

const LINE = {
  code: oneOf("parking", "free", "day_cap", "cap", "minimum", "overstay", "booking_fee", "tax", "rounding"),
  billed_s: count, per_hour_minor: minor, amount_minor: whole(-WORD32, WORD32),
  starts_at: perhaps(instant), ends_at: perhaps(instant), included_minor: or(0n, minor),
};

const RECORD = {
  stay, space: name, space_number: account, booking: digest, tariff: digest, gateway: address,
  arrival: digest, departure: digest, lines: digest, starts_at: instant, ends_at: instant,
  billed_s: whole(0n, 2n ** 24n - 1n), amount_minor: minor, currency: text,
  driver_account: account, owner_account: account,
  fee_bps: or(0n, whole(0n, 1000n)), credit_of: perhaps(stay),
};

const CHAIN = {
  chain_id: count, ledger: address, registry: address, batch: whole(1n, EXACT), word: digest,
  transaction: digest, block_number: count, block_hash: digest,
};

const SIGNED = { body: record(EVENT), signature: written(/^0x[0-9a-f]{130}$/) };
const SHOWN = { arrived_at: instant, departed_at: instant, billed: many(times) };

const PROOF = { root: digest, siblings: many(digest) };

// What a receipt tells, wherever it is filed.
const TOLD = {
  gateway: record({ id: name, signer: address }),
  booking: record(BOOKING),
  tariff: record(TARIFF),
  events: many(record(SIGNED), 2, 1000),
  stay: record(SHOWN),
  lines: many(record(LINE)),
  total_minor: minor,
  record: record(RECORD),
  title: perhaps(record({ ...PROOF, digest })),
};

const RECEIPT = record({
  format: oneOf("berth-receipt"), version: oneOf(2n), ...TOLD, proof: record(PROOF), chain: record(CHAIN),
});

const CREDIT = record({
  format: oneOf("berth-credit"), version: oneOf(1n), corrects: RECEIPT, reason: sized(1, 400),
  record: record(RECORD), proof: record(PROOF), chain: record(CHAIN),
});

const CODE = oneOf("no_show", "cancellation", "compensation", "reassignment", "correction");

const CHARGE_RECORD = {
  stay, booking: digest, space: name, space_number: account, code: CODE, payer_account: account,
  payee_account: account, amount_minor: minor, currency: text, at: instant, reason: digest, adds_to: perhaps(stay),
};

const CHARGE = record({
  format: oneOf("berth-charge"), version: oneOf(1n), booking: record(BOOKING), tariff: record(TARIFF),
  reason: sized(0, 400), record: record(CHARGE_RECORD), proof: record(PROOF), chain: record(CHAIN),
});

const countOrNull = (value, where) => (value === null ? null : count(value, where));

const PENDING = record({
  format: oneOf("berth-receipt"), version: oneOf(2n), status: oneOf("pending"), booking: name, stay: count,
  total_minor: minor, currency: text, leaf: digest,
  batch: countOrNull,
  draft: perhaps(record({ chain_id: count, ledger: address, ...TOLD })),
});

const PENDING_CREDIT = record({
  format: oneOf("berth-credit"), version: oneOf(1n), status: oneOf("pending"), booking: name, stay: count,
  credit_of: count, amount_minor: minor, currency: text, reason: text, leaf: digest, batch: countOrNull,
});

const PENDING_CHARGE = record({
  format: oneOf("berth-charge"), version: oneOf(1n), status: oneOf("pending"), booking: name, stay: count,
  code: CODE, amount_minor: minor, currency: text, reason: text, leaf: digest, batch: countOrNull,
});

// By the format that it says: the kind of file, its shape, and its shape while it waits.
const KINDS = {
  "berth-receipt": ["receipt", RECEIPT, PENDING],
  "berth-credit": ["credit", CREDIT, PENDING_CREDIT],
  "berth-charge": ["charge", CHARGE, PENDING_CHARGE],
};

/** The kind of file that this claims to be, and its shape. */
function claimed(told) {
  const says = (name) => (told instanceof Map ? told.get(name) : undefined);
  const format = says("format");
  const [kind, shape, waits] = KINDS[Object.hasOwn(KINDS, format) ? format : "berth-receipt"];
  return says("status") === "pending" ? ["pending", waits] : [kind, shape];
}

/** {receipt}, {credit}, {charge} or {pending}. Raises NotJson, or Unfit with the field's path. */
export function read(bytes) {
  let found;
  try {
    found = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotJson("these bytes are not UTF-8 text");
  }
  const told = parse(found);
  const [kind, shape] = claimed(told);
  return { [kind]: shape(told, "") };
}
