// Reads cases, one JSON line each {"text": base64, "answers"?: {question: answer}}, and writes for
// each, as a line, the names of the links that do not hold; "(pending)" is one more where it is, and
// "(unlearnt NAME)" for each of which the node did not tell. The answer {"refused": true} is none.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder] = process.argv.slice(2);
const at = (name) => import(new URL(name, pathToFileURL(folder + "/")).href);
const [{ verify }, { Refused, verifyOnChain }] = await Promise.all([at("receipt.mjs"), at("chain.mjs")]);
const NOTHING = { eth_call: "0x" + "00".repeat(32), eth_getTransactionReceipt: null };

for await (const line of createInterface({ input: process.stdin })) {
  const { text, answers } = JSON.parse(line);
  const found = verify(Uint8Array.from(Buffer.from(text, "base64")));
  const ask = async (method, params) => {
    const told = answers[JSON.stringify([method, params])] ?? NOTHING[method];
    if (told?.refused) throw new Refused("missing trie node");
    return told;
  };
  const asked = (found.receipt || found.charge) && !found.pending && answers;
  // A node that answers nonsense is no verdict: the page says so, as berth-verify does.
  const told = asked ? await verifyOnChain(found, ask).catch(() => null) : { links: [], unlearnt: [] };
  if (told === null) {
    process.stdout.write('["(silent)"]\n');
    continue;
  }
  const broken = [...found.links, ...told.links].filter(({ ok }) => !ok).map(({ name }) => name);
  broken.push(...told.unlearnt.map((name) => `(unlearnt ${name})`));
  process.stdout.write(JSON.stringify(found.pending ? [...broken, "(pending)"] : broken) + "\n");
}
