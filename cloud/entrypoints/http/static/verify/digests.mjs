// The digests that hold a receipt together: EIP-712 events and structs, the word, the Merkle tree.

import { canonical } from "./json.mjs";
import { hex, join, keccak, unhex, utf8 } from "./keccak.mjs";

const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const EVENT =
  "Event(string gateway,uint64 epoch,uint64 seq,string kind,string space,string occupancy,uint64 atMs," +
  "uint64 uncertaintyMs,uint64 reportedAtMs,string bootId,uint64 boottimeNs,string clock,bytes32 previous," +
  "bytes32 evidence,bytes32 plate,string match,string grant)";
const TARIFF =
  "Tariff(string id,uint256 version,string currency,uint256 perHourMinor,uint256 stepS,uint256 freeS," +
  "uint256 capMinor,uint256 overstayPercent,uint256 dayCapMinor,uint256 minimumMinor,uint256 bookingFeeMinor," +
  "uint256 roundToMinor,uint256 rounding,uint256 taxBps,uint256 taxAdded,bytes32 overstayTiers,bytes32 timetable)";
const TERMS =
  "Terms(uint256 noShowFeeMinor,uint256 lateStopS,uint256 cancelUntilS,uint256 cancelFeeMinor," +
  "uint256 changeUntilS,uint256 minS,uint256 maxS)";
const BOOKING =
  "Booking(string id,string space,uint256 startsMs,uint256 endsMs,uint256 earlyStartS," +
  "uint256 noShowTimeoutS,uint256 graceS,bytes32 tariff,uint256 driverAccount,uint256 ownerAccount," +
  "uint256 quotedMinor,uint256 confirmedMs,bytes32 terms)";
const SETTLEMENT =
  "Settlement(uint256 stay,string space,uint256 spaceNumber,bytes32 booking,bytes32 tariff," +
  "address gateway,bytes32 arrival,bytes32 departure,bytes32 lines,uint256 startsMs,uint256 endsMs," +
  "uint256 billedS,uint256 amountMinor,string currency,uint256 driverAccount,uint256 ownerAccount," +
  "uint256 feeBps,uint256 creditOf)";
const CHARGE =
  "Charge(uint256 stay,bytes32 booking,string space,uint256 spaceNumber,string code," +
  "uint256 payerAccount,uint256 payeeAccount,uint256 amountMinor,string currency,uint256 atMs," +
  "bytes32 reason,uint256 addsTo)";
const NO_CAP = 2n ** 256n - 1n;
const MAX_UINT256 = 2n ** 256n - 1n;

/** A value has no place where it must stand. */
export class TooLarge extends Error {}

export function word(number) {
  const value = BigInt(number);
  if (value < 0n || value > MAX_UINT256) throw new TooLarge(String(value));
  return unhex("0x" + value.toString(16).padStart(64, "0"));
}

const padded = (digits) => unhex("0x" + digits.slice(2).padStart(64, "0"));

/** EIP-712 hashStruct: the type's hash, then one word a member, in the order of the type. */
function struct(type, values) {
  const kinds = type.slice(type.indexOf("(") + 1, -1).split(",").map((member) => member.split(" ")[0]);
  const words = kinds.map((kind, i) => {
    if (kind === "string") return keccak(utf8(values[i]));
    return kind.startsWith("uint") ? word(values[i]) : padded(values[i]);
  });
  return keccak(join(keccak(utf8(type)), ...words));
}

export function eventDigest(event, chain) {
  const separator = struct(DOMAIN, ["Berth", "1", chain.chain_id, chain.ledger]);
  const body = struct(EVENT, [
    event.gateway, event.epoch, event.seq, event.kind, event.space ?? "", event.occupancy ?? "", event.at,
    event.uncertainty_s, event.reported_at, event.boot_id, event.boottime_ns, event.clock, event.previous,
    event.evidence, event.plate, event.match, event.grant ?? "",
  ]);
  return keccak(join(Uint8Array.of(0x19, 0x01), separator, body));
}

/** Of an array of structs of numbers, as a contract's ABI encodes it. */
const tableDigest = (rows) => hex(keccak(join(...[32, rows.length, ...rows.flat()].map(word))));

const ROUNDINGS = ["down", "nearest", "up"];

const tiersDigest = ({ overstay_tiers }) =>
  tableDigest(overstay_tiers.map(({ from_s, per_hour_minor }) => [from_s, per_hour_minor]));

/** A row for each rate of each stretch. */
const timetableDigest = ({ timetable }) => tableDigest(timetable.flatMap(({ starts_at, ends_at, day, rates }) =>
  rates.map(({ after_s, per_hour_minor }) => [starts_at, ends_at, day, after_s, per_hour_minor])));

export const tariffDigest = (tariff) => hex(struct(TARIFF, [
  tariff.id, tariff.version, tariff.currency, tariff.per_hour_minor, tariff.step_s, tariff.free_s,
  tariff.cap_minor ?? NO_CAP, tariff.overstay_percent, tariff.day_cap_minor ?? NO_CAP, tariff.minimum_minor,
  tariff.booking_fee_minor, tariff.round_to_minor, ROUNDINGS.indexOf(tariff.rounding), tariff.tax_bps,
  tariff.tax === "added" ? 1 : 0, tiersDigest(tariff), timetableDigest(tariff),
]));

const termsDigest = (terms) => hex(struct(TERMS, [
  terms.no_show_fee_minor, terms.late_stop_s, terms.cancel_until_s, terms.cancel_fee_minor, terms.change_until_s,
  terms.min_s, terms.max_s,
]));

/** Of all that was agreed; the grant's id is this digest. */
export const bookingDigest = ({ window, terms, ...booking }) => hex(struct(BOOKING, [
  booking.id, booking.space, window.starts_at, window.ends_at, terms.early_start_s, terms.no_show_timeout_s,
  terms.grace_s, booking.tariff, booking.driver_account, booking.owner_account, booking.quoted_minor,
  booking.confirmed_at, termsDigest(terms),
]));

const settlementDigest = (record) => struct(SETTLEMENT, [
  record.stay, record.space, record.space_number, record.booking, record.tariff, record.gateway,
  record.arrival, record.departure, record.lines, record.starts_at, record.ends_at, record.billed_s,
  record.amount_minor, record.currency, record.driver_account, record.owner_account, record.fee_bps,
  record.credit_of ?? 0n,
]);

const chargeDigest = (record) => struct(CHARGE, [
  record.stay, record.booking, record.space, record.space_number, record.code, record.payer_account,
  record.payee_account, record.amount_minor, record.currency, record.at, record.reason, record.adds_to ?? 0n,
]);

const instantOf = (ms) => (ms === null ? null : new Date(ms).toISOString());

const plainLine = ({ starts_at, ends_at, ...line }) =>
  new Map(Object.entries({ ...line, starts_at: instantOf(starts_at), ends_at: instantOf(ends_at) }));

export const linesDigest = (lines) => hex(keccak(utf8(canonical(lines.map(plainLine)))));

/** Stands where a settlement has its lines' digest: a credit has no lines of its own. */
export const reasonDigest = (reason) => hex(keccak(utf8(canonical(new Map([["reason", reason]])))));

const BITS = [32n, 32n, 48n, 40n, 24n, 32n, 32n, 16n];
const packed = (...values) => hex(word(values.reduce((found, value, i) => (found << BITS[i]) | value, 0n)));
const second = (ms) => BigInt(Math.floor(ms / 1000));

/** What the ledger reads: driver 32, payee 32, stay 48, start 40, duration 24, amount 32, space 32, tag 16. */
export function wordOf(record) {
  const credit = record.credit_of === null ? 0n : 1n << 15n;
  return packed(
    record.driver_account, record.owner_account, record.stay, second(record.starts_at), record.billed_s,
    record.amount_minor, record.space_number, credit | record.fee_bps,
  );
}

/** Of no duration, and without a tag. */
export const chargeWord = (record) => packed(
  record.payer_account, record.payee_account, record.stay, second(record.at), 0n, record.amount_minor,
  record.space_number, 0n,
);

const leafOf = (payload) => hex(keccak(join(Uint8Array.of(0), payload)));

export const recordLeaf = (record) => leafOf(settlementDigest(record));

/** Leaves and nodes are tagged, so that neither passes as the other; a pair is hashed in its order. */
function leadsTo(payload, { root, siblings }) {
  let found = leafOf(payload);
  for (const sibling of siblings) {
    const [first, second] = found <= sibling ? [found, sibling] : [sibling, found];
    found = hex(keccak(join(Uint8Array.of(1), unhex(first), unhex(second))));
  }
  return found === root;
}

export const recordLeads = (record, proof) => leadsTo(settlementDigest(record), proof);
export const chargeLeads = (record, proof) => leadsTo(chargeDigest(record), proof);

/** A leaf of the title library is the hash of the space's name and the digest of its title. */
export const titleLeads = (space, title) => leadsTo(join(keccak(utf8(space)), unhex(title.digest)), title);
