// What a node says of a receipt or a credit: the links that the file alone cannot show. Only words of 32
// bytes are asked for and read, so that the whole ABI needed is below (contract ABI specification).

import { word } from "./digests.mjs";
import { hex, keccak, utf8 } from "./keccak.mjs";

const ZERO = "0x" + "00".repeat(32);
const topic = (signature) => hex(keccak(utf8(signature)));
const selector = (signature) => topic(signature).slice(0, 10);
const BATCH = topic("Batch(uint256,bytes32,bytes32,uint256[])");
const UNPAID = topic("Unpaid(uint256,uint32,uint256)");

/** A node at `url` as a function; it raises whatever kept an answer away. */
export const node = (url, patienceMs = 10_000) => async (method, params) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const found = await answer.json();
  if (found.error) throw new Error(found.error.message ?? "the node refused");
  return found.result;
};

function fits(found, pattern) {
  if (typeof found !== "string" || !pattern.test(found)) throw new Error("no usable answer");
  return found.toLowerCase();
}

// As nodes spell numbers and bytes; another spelling is no answer, and no verdict.
const quantity = (found) => BigInt(fits(found, /^0x[0-9a-fA-F]{1,64}$/));
const bytes = (found) => fits(found, /^0x(?:[0-9a-fA-F]{2})*$/);

const call = async (ask, to, data, block = "latest") => bytes(await ask("eth_call", [{ to, data }, block]));

/** Where a record stands on the chain: {name, ok, missing?}, each after `of`. */
async function placeOf({ chain, proof, record }, ask, of) {
  const root = await call(ask, chain.ledger, selector("batch_root(uint256)") + hex(word(chain.batch)).slice(2));
  const links = [{ name: `${of}batch root`, ok: root === proof.root && root !== ZERO }];
  const mined = await ask("eth_getTransactionReceipt", [chain.transaction]);
  if (mined === null || quantity(mined.status) !== 1n) return [...links, { name: `${of}transaction`, ok: false }];
  const there = quantity(mined.blockNumber) === chain.block_number && bytes(mined.blockHash) === chain.block_hash;
  links.push({ name: `${of}transaction`, ok: there && mined.logs.some((log) => filed(log, chain)) });
  const missing = unpaid(mined.logs, chain, record);
  return [...links, { name: `${of}payment`, ok: missing === null, missing }];
}

/** [{name, ok, missing?}]: `missing` is what was not paid, in minor units. */
export async function verifyOnChain({ receipt, credit }, ask) {
  const { chain, gateway, title } = receipt;
  const links = [];
  const link = (name, ok) => links.push({ name, ok });
  link("chain id", quantity(await ask("eth_chainId", [])) === chain.chain_id);
  // Of this receipt a node of another chain can know nothing.
  if (!links[0].ok) return links;
  const registry = await call(ask, chain.ledger, selector("registry()"));
  link("registry", registry.slice(2).slice(-40) === chain.registry.slice(2).toLowerCase());
  // As it was when the stay was filed: keys and titles change later.
  const asked = selector("gateway_of(address)") + gateway.signer.slice(2).toLowerCase().padStart(64, "0");
  const then = "0x" + chain.block_number.toString(16);
  link("gateway key", (await call(ask, chain.registry, asked, then)) === hex(keccak(utf8(gateway.id))));
  if (title) {
    const library = await call(ask, chain.registry, selector("root()"), then);
    link("title root", library === title.root && library !== ZERO);
  }
  links.push(...(await placeOf(receipt, ask, "")));
  if (credit) links.push(...(await placeOf(credit, ask, "credit ")));
  return links;
}

function isOf(log, chain, ...topics) {
  const found = log.topics.map(bytes);
  const same = found.length === topics.length && found.every((topic, i) => topic === topics[i]);
  return bytes(log.address) === chain.ledger.toLowerCase() && same;
}

/** The batch's words stand after the two roots, their place and their number. */
function filed(log, chain) {
  if (!isOf(log, chain, BATCH, hex(word(chain.batch)))) return false;
  const data = bytes(log.data).slice(2);
  for (let at = 256; at < data.length; at += 64) if ("0x" + data.slice(at, at + 64) === chain.word) return true;
  return false;
}

function unpaid(logs, chain, record) {
  const found = logs.find((log) => isOf(log, chain, UNPAID, hex(word(record.stay))));
  return found ? BigInt("0x0" + bytes(found.data).slice(66, 130)) : null;
}
