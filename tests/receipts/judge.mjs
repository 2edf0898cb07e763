// Reads cases, one JSON line each {"text": base64, "answers"?: {question: answer}}, and writes for
// each, as a line, the names of the links that do not hold.

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
  const told = found.receipt && answers ? await verifyOnChain(found.receipt, ask) : [];
  const broken = [...found.links, ...told].filter(({ ok }) => !ok).map(({ name }) => name);
  process.stdout.write(JSON.stringify(broken) + "\n");
}
