// Reads cases, one JSON line each {"text": base64, "answers"?: {question: answer}}, and writes for
// each, as a line, the names of the links that do not hold; "(pending)" is one more where it is.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder] = process.argv.slice(2);
const at = (name) => import(new URL(name, pathToFileURL(folder + "/")).href);
const [{ verify }, { verifyOnChain }] = await Promise.all([at("receipt.mjs"), at("chain.mjs")]);
const NOTHING = { eth_call: "0x" + "00".repeat(32), eth_getTransactionReceipt: null };

for await (const line of createInterface({ input: process.stdin })) {
  const { text, answers } = JSON.parse(line);
  const found = verify(Uint8Array.from(Buffer.from(text, "base64")));
  const ask = async (method, params) => answers[JSON.stringify([method, params])] ?? NOTHING[method];
  const asked = found.receipt && !found.pending && answers;
  // A node that answers nonsense is no verdict: the page says so, as berth-verify does.
  const told = asked ? await verifyOnChain(found, ask).catch(() => null) : [];
  if (told === null) {
    process.stdout.write('["(silent)"]\n');
    continue;
  }
  const broken = [...found.links, ...told].filter(({ ok }) => !ok).map(({ name }) => name);
  process.stdout.write(JSON.stringify(found.pending ? [...broken, "(pending)"] : broken) + "\n");
}
