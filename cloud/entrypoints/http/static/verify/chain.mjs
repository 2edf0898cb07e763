// What a node says of a receipt, a credit or a charge: the links that the file alone cannot show. Only words of 32
// bytes are asked for and read, so that the whole ABI needed is below (contract ABI specification).

import { word } from "./digests.mjs";
import { hex, keccak, utf8 } from "./keccak.mjs";

const ZERO = "0x" + "00".repeat(32);
const topic = (signature) => hex(keccak(utf8(signature)));
const selector = (signature) => topic(signature).slice(0, 10);
const BATCH = topic("Batch(uint256,bytes32,bytes32,uint256[])");
const UNPAID = topic("Unpaid(uint256,uint32,uint256)");

/** The node does not tell this: most keep no state of old blocks. */
export class Refused extends Error {}

/** A node at `url` as a function; it raises whatever kept an answer away. */
export const node = (url, patienceMs = 10_000) => async (method, params) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const found = await answer.json();
  if (found.error) throw new Refused(found.error.message);
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

/** The questions of where a record stands on the chain; each link's name after `of`. */
function placeOf({ chain, proof, record }, ask, of) {
  const rooted = async () => {
    const root = await call(ask, chain.ledger, selector("batch_root(uint256)") + hex(word(chain.batch)).slice(2));
    return [{ name: `${of}batch root`, ok: root === proof.root && root !== ZERO }];
  };
  const mined = async () => {
    const found = await ask("eth_getTransactionReceipt", [chain.transaction]);
    if (found === null || quantity(found.status) !== 1n) return [{ name: `${of}transaction`, ok: false }];
    const there = quantity(found.blockNumber) === chain.block_number && bytes(found.blockHash) === chain.block_hash;
    const ok = there && found.logs.some((log) => filed(log, chain));
    const missing = unpaid(found.logs, chain, record);
    return [{ name: `${of}transaction`, ok }, { name: `${of}payment`, ok: missing === null, missing }];
  };
  return [[[`${of}batch root`], rooted], [[`${of}transaction`, `${of}payment`], mined]];
}

const one = (name, holds) => [[name], async () => [{ name, ok: await holds() }]];

const registered = ({ chain }, ask) => one("registry", async () =>
  (await call(ask, chain.ledger, selector("registry()"))).slice(2).slice(-40) === chain.registry.slice(2).toLowerCase());

/** The registry's questions: as it was when the stay was filed, as keys and titles change later. */
function registryOf({ chain, gateway, title }, ask) {
  const then = "0x" + chain.block_number.toString(16);
  const signer = gateway.signer.slice(2).toLowerCase().padStart(64, "0");
  return [
    registered({ chain }, ask),
    one("gateway key", async () => (await call(ask, chain.registry, selector("gateway_of(address)") + signer, then)) ===
      hex(keccak(utf8(gateway.id)))),
    ...(title ? [one("title root", async () => {
      const library = await call(ask, chain.registry, selector("root()"), then);
      return library === title.root && library !== ZERO;
    })] : []),
  ];
}

/**
 * {links: [{name, ok, missing?}], unlearnt}: `missing` is what was not paid, in minor units; `unlearnt`
 * names the links of which the node refuses to tell. Raises if it does not even tell its chain.
 */
export async function verifyOnChain({ receipt, credit, charge }, ask) {
  const { chain_id } = (charge ?? receipt).chain;
  const links = [{ name: "chain id", ok: quantity(await ask("eth_chainId", [])) === chain_id }];
  const unlearnt = [];
  // Of this receipt a node of another chain can know nothing.
  if (!links[0].ok) return { links, unlearnt };
  // Of a charge no gateway has signed anything.
  const questions = charge ? [registered(charge, ask), ...placeOf(charge, ask, "")] : [
    ...registryOf(receipt, ask), ...placeOf(receipt, ask, ""), ...(credit ? placeOf(credit, ask, "credit ") : []),
  ];
  for (const [names, asked] of questions) {
    try {
      links.push(...(await asked()));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      unlearnt.push(...names);
    }
  }
  return { links, unlearnt };
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
