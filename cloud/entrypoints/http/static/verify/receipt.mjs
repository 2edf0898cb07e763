// A second verifier of Berth receipts, credits and charges, written from the format and not from the first one. It runs
// unchanged in a browser and in Node, asks nobody, and needs no library. Read `LINKS` first.

import { billFor, NoBill, provenStay, quoteFor, secondsWithin, sumOf } from "./bill.mjs";
import { CHARGE_LINKS } from "./charge.mjs";
import { CREDIT_LINKS } from "./credit.mjs";
import { recover } from "./curve.mjs";
import {
  bookingDigest, eventDigest, linesDigest, recordLeads, recordLeaf, tariffDigest, titleLeads, TooLarge, wordOf,
} from "./digests.mjs";
import { read, Unfit } from "./format.mjs";
import { NotJson } from "./json.mjs";
import { hex } from "./keccak.mjs";

export const MAX_BYTES = 1 << 20;

const same = (a, b) => JSON.stringify(a, plain) === JSON.stringify(b, plain);
const plain = (_, value) => (typeof value === "bigint" ? `${value}n` : value);

// Each link: its name, and whether it holds for (receipt, what was worked out of its events).
const LINKS = [
  ["titles", ({ title, booking }) => titleLeads(booking.space, title)],
  ["signatures", ({ events, gateway }, { digests }) => events.every(({ body, signature }, i) =>
    recover(digests[i], signature) === gateway.signer && body.gateway === gateway.id)],
  ["sequence", ({ events, booking }, { names }) => events.every(({ body }, i) => {
    if (body.space !== booking.space) return false;
    return i === 0 || (isAfter(body, events[i - 1].body) && body.previous === names[i - 1]);
  })],
  ["clock", ({ stay, events }) => {
    const begins = events.map(({ body }) => body).filter(tellsTime).map((body) => body.at + Number(body.uncertainty_s));
    return stay.billed.every(({ starts_at }) => begins.includes(starts_at));
  }],
  ["booking", agreed],
  ["tariff", ({ tariff, booking, record }) => {
    const found = tariffDigest(tariff);
    const named = found === booking.tariff && found === record.tariff && tariff.currency === record.currency;
    return named && quoteFor(tariff, booking) === booking.quoted_minor;
  }],
  ["times", ({ stay, record }, { proven }) => proven !== null && same(stay, proven) &&
    record.starts_at === proven.arrived_at && record.ends_at === proven.departed_at],
  ["arithmetic", ({ tariff, booking, lines, total_minor }, { proven }) => {
    if (proven === null) return false;
    const found = billFor(tariff, booking, proven.billed);
    return same(found, lines) && sumOf(found) === total_minor;
  }],
  ["record", recorded],
  ["proof", ({ record, proof }) => recordLeads(record, proof)],
];

const isAfter = (a, b) => (a.epoch === b.epoch ? a.seq > b.seq : a.epoch > b.epoch);

/** What is billed begins by a clock that was set. */
const tellsTime = ({ occupancy, clock }) => occupancy === "occupied" && clock !== "unsynced";

/** The stay is of this booking, by the grant that the gateway signed at the arrival. */
function agreed({ booking, record, events }) {
  const found = bookingDigest(booking);
  if (found !== record.booking || found !== "0x" + booking.grant) return false;
  const bodies = events.map(({ body }) => body);
  if (bodies[0].grant !== booking.grant || bodies[0].match !== "accepted") return false;
  const another = ({ match, grant }) =>
    match === "other" || match === "ambiguous" || (grant !== null && grant !== booking.grant);
  if (bodies.some(another)) return false;
  return ["driver_account", "owner_account", "space"].every((name) => booking[name] === record[name]);
}

/** The record that was filed says what the receipt shows. */
function recorded({ record, lines, total_minor, gateway, chain }, { names, proven }) {
  // A counter-record pays back for another stay; its receipt is not one of a stay.
  if (proven === null || record.credit_of !== null) return false;
  return record.arrival === names[0] && record.departure === names.at(-1) &&
    record.lines === linesDigest(lines) && record.amount_minor === total_minor &&
    record.gateway === gateway.signer && wordOf(record) === chain.word &&
    record.billed_s === secondsWithin(proven.billed, -Infinity, Infinity);
}

function holds(check, receipt, worked) {
  try {
    return check(receipt, worked);
  } catch (error) {
    if (error instanceof TooLarge || error instanceof NoBill) return false;
    throw error;
  }
}

/** Each link of a receipt, or of a draft, which has no batch. What is not shown is not said to hold. */
function linksOf(receipt, without = []) {
  const bodies = receipt.events.map(({ body }) => body);
  const digests = bodies.map((body) => eventDigest(body, receipt.chain));
  const worked = { digests, names: digests.map(hex), proven: provenStay(bodies) };
  const shown = LINKS.filter(([name]) => !without.includes(name) && (name !== "titles" || receipt.title !== null));
  return shown.map(([name, check]) => ({ name, ok: holds(check, receipt, worked) }));
}

/** A draft as a receipt that stands nowhere yet; its word is the one that will be filed. */
const placed = ({ chain_id, ledger, ...told }) => ({ ...told, chain: { chain_id, ledger, word: wordOf(told.record) } });

/** What will be filed is what the draft shows. */
const drafted = ({ stay, total_minor, currency, booking, leaf, draft: { record, booking: agreed } }) =>
  stay === record.stay && total_minor === record.amount_minor && currency === record.currency &&
  booking === agreed.id && leaf === recordLeaf(record);

const own = (links, paper) => links.map(([name, check]) => ({ name, ok: holds(check, paper) }));

function judged({ receipt, credit, charge, pending }) {
  if (receipt) return { receipt, links: linksOf(receipt) };
  if (credit) return { receipt: credit.corrects, credit, links: [...linksOf(credit.corrects), ...own(CREDIT_LINKS, credit)] };
  if (charge) return { charge, links: own(CHARGE_LINKS, charge) };
  if (!pending.draft) return { pending, links: [] };
  const draft = placed(pending.draft);
  const links = [...linksOf(draft, ["proof"]), { name: "draft", ok: holds(drafted, pending) }];
  return { receipt: draft, pending, links };
}

/**
 * {links: [{name, ok, where?}], receipt?, credit?, charge?, pending?}: `where` is the field that is no
 * receipt's, or "". A credit's `receipt` is the one it corrects. `pending` is not filed yet: such a
 * file is fetched again later, and its `receipt`, if it carries a draft of one, has no `proof`.
 */
export function verify(bytes) {
  try {
    if (bytes.length > MAX_BYTES) throw new NotJson("too large for a receipt");
    const found = judged(read(bytes));
    return { ...found, links: [{ name: "format", ok: true }, ...found.links] };
  } catch (error) {
    if (!(error instanceof NotJson || error instanceof Unfit)) throw error;
    return { links: [{ name: "format", ok: false, where: error.where ?? "" }] };
  }
}
