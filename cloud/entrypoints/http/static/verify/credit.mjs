// A credit: a settlement of its own that pays back a part of another. What it adds to the links of
// the receipt that it corrects. That other credits of the same stay exist, one file cannot tell.

import { reasonDigest, recordLeads, wordOf } from "./digests.mjs";

// All that a counter-record says of the stay; payer and payee change places.
const SAME = [
  "space", "space_number", "booking", "tariff", "gateway", "arrival", "departure", "starts_at", "ends_at",
  "billed_s", "currency", "fee_bps",
];

const alike = (a, b, names) => names.every((name) => a[name] === b[name]);

function credited({ record, reason, chain, corrects: { record: before } }) {
  if (record.credit_of !== before.stay || record.stay === before.stay || !alike(record, before, SAME)) return false;
  if (record.lines !== reasonDigest(reason)) return false;
  const turned = record.driver_account === before.owner_account && record.owner_account === before.driver_account;
  const within = record.amount_minor > 0n && record.amount_minor <= before.amount_minor;
  return turned && within && wordOf(record) === chain.word;
}

/** In the same ledger, not before what it corrects, and in a batch whose root it leads to. */
function filed({ record, proof, chain: here, corrects: { chain: there, proof: other } }) {
  if (!alike(here, there, ["chain_id", "ledger", "registry"])) return false;
  if (here.batch < there.batch || here.block_number < there.block_number) return false;
  const one = alike(here, there, ["transaction", "block_number", "block_hash"]) && proof.root === other.root;
  return (here.batch !== there.batch || one) && recordLeads(record, proof);
}

export const CREDIT_LINKS = [["credit", credited], ["credit proof", filed]];
