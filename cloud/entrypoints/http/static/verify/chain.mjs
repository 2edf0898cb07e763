// What a node says of a receipt: the links that the receipt alone cannot show. Only words of 32
// bytes are asked for and read, so that the whole ABI needed is below (contract ABI specification).

import { word } from "./digests.mjs";
import { hex, keccak, unhex, utf8 } from "./keccak.mjs";

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

const call = (ask, to, data, block = "latest") => ask("eth_call", [{ to, data }, block]);

/** [{name, ok, missing?}]: `missing` is what was not paid, in minor units. */
export async function verifyOnChain({ chain, gateway, proof, record, title }, ask) {
  const links = [];
  const link = (name, ok, more = {}) => links.push({ name, ok, ...more });
  link("chain id", BigInt(await ask("eth_chainId", [])) === chain.chain_id);
  // Of this receipt a node of another chain can know nothing.
  if (!links[0].ok) return links;
  const registry = await call(ask, chain.ledger, selector("registry()"));
  link("registry", registry.slice(-40).toLowerCase() === chain.registry.slice(2).toLowerCase());
  // As it was when the stay was filed: keys and titles change later.
  const asked = selector("gateway_of(address)") + gateway.signer.slice(2).toLowerCase().padStart(64, "0");
  const then = "0x" + chain.block_number.toString(16);
  link("gateway key", (await call(ask, chain.registry, asked, then)) === hex(keccak(utf8(gateway.id))));
  if (title) {
    const library = await call(ask, chain.registry, selector("root()"), then);
    link("title root", library === title.root && library !== ZERO);
  }
  const root = await call(ask, chain.ledger, selector("batch_root(uint256)") + hex(word(chain.batch)).slice(2));
  link("batch root", root === proof.root && root !== ZERO);
  const mined = await ask("eth_getTransactionReceipt", [chain.transaction]);
  if (mined === null || BigInt(mined.status) !== 1n) {
    link("transaction", false);
    return links;
  }
  const there = BigInt(mined.blockNumber) === chain.block_number && mined.blockHash === chain.block_hash;
  link("transaction", there && mined.logs.some((log) => filed(log, chain)));
  const missing = unpaid(mined.logs, chain, record);
  link("payment", missing === null, { missing });
  return links;
}

const isOf = (log, chain, ...topics) =>
  log.address.toLowerCase() === chain.ledger.toLowerCase() && log.topics.join() === topics.join();

/** The batch's words stand after the two roots, their place and their number. */
function filed(log, chain) {
  if (!isOf(log, chain, BATCH, hex(word(chain.batch)))) return false;
  const data = log.data.slice(2);
  for (let at = 256; at < data.length; at += 64) if ("0x" + data.slice(at, at + 64) === chain.word) return true;
  return false;
}

function unpaid(logs, chain, record) {
  const found = logs.find((log) => isOf(log, chain, UNPAID, hex(word(record.stay))));
  return found ? BigInt(hex(unhex(found.data).slice(32, 64))) : null;
}
