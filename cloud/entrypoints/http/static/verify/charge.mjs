// A charge: what is due without a stay. What the frozen terms say of it is reckoned again; that nobody
// came, when it was cancelled and why anything was decided, no file shows.

import { bookingDigest, chargeLeads, chargeWord, reasonDigest, tariffDigest } from "./digests.mjs";

// Whose amounts follow from no terms: a person decided them, and gave a reason.
const DECIDED = ["compensation", "reassignment", "correction"];

/** The booking and the tariff are those that the record names, bound by the grant's own name. */
function agreed({ booking, tariff, record }) {
  const found = bookingDigest(booking);
  if (found !== record.booking || found !== "0x" + booking.grant || booking.space !== record.space) return false;
  return tariffDigest(tariff) === booking.tariff && tariff.currency === record.currency;
}

function between({ code, payer_account: payer, payee_account: payee }, { driver_account: driver, owner_account: owner }) {
  if (code === "compensation") return payer === owner && payee === driver;
  // Who caused a move may be anybody.
  return payee === owner && (code === "reassignment" || payer === driver);
}

const ms = (seconds) => seconds * 1000n;

function byTheTerms({ code, at, amount_minor: amount }, { terms, window }) {
  const [now, begin] = [BigInt(at), BigInt(window.starts_at)];
  if (code === "no_show") return amount === terms.no_show_fee_minor && now >= begin + ms(terms.no_show_timeout_s);
  return amount === (now > begin - ms(terms.cancel_until_s) ? terms.cancel_fee_minor : 0n);
}

function due({ booking, record, reason }) {
  if (!between(record, booking) || (record.adds_to !== null) !== (record.code === "correction")) return false;
  return DECIDED.includes(record.code) ? reason !== "" : byTheTerms(record, booking);
}

function charged({ record, reason, chain }) {
  if (record.payer_account === record.payee_account || record.amount_minor === 0n) return false;
  return record.stay !== record.adds_to && record.reason === reasonDigest(reason) && chargeWord(record) === chain.word;
}

export const CHARGE_LINKS = [
  ["agreed", agreed], ["due", due], ["charge", charged], ["charge proof", ({ record, proof }) => chargeLeads(record, proof)],
];
