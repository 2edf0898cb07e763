// The proof page: takes a receipt, credit or charge by file, drop or paste, and shows each link and its sense.
// All words are the server's, in the page; here is no sentence.

import { decimalsOf } from "./bill.mjs";
import { node, verifyOnChain } from "./chain.mjs";
import { utf8 } from "./keccak.mjs";
import { MAX_BYTES, verify } from "./receipt.mjs";
import { both, zoneOf } from "./times.mjs";

const $ = (id) => document.getElementById(id);
const LANG = document.documentElement.lang;
const LOCALE = LANG === "en" ? "en-GB" : LANG;
const COMMA = LANG === "en" ? ", " : "，";
const words = {};
for (const held of $("words").children) words[held.dataset.word] = held.textContent;

const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

function money(minor, currency) {
  const digits = decimalsOf(currency);
  const exactly = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const shape = new Intl.NumberFormat(LOCALE, { style: "currency", currency, currencyDisplay: "code", ...exactly });
  return shape.format(Number(minor) / 10 ** digits);
}

function duration(seconds) {
  const units = [["hour", 3600n], ["minute", 60n], ["second", 1n]];
  let left = BigInt(seconds);
  const said = [];
  for (const [unit, size] of units) {
    const number = left / size;
    left %= size;
    if (number) said.push(new Intl.NumberFormat(LOCALE, { style: "unit", unit, unitDisplay: "short" }).format(number));
  }
  return said.join(" ") || new Intl.NumberFormat(LOCALE, { style: "unit", unit: "second", unitDisplay: "short" }).format(0);
}

let zone = zoneOf("");

/** An instant, or an interval. */
function instant(...ms) {
  const { local, utc } = both(zone, ...ms);
  return utc === null ? `${local} UTC` : say("both", { local, utc });
}

const zoned = () => say(zone.isUtc ? "zone.utc" : zone.own ? "zone.own" : "zone.lot", { zone: zone.zone });

const when = (event) => [
  instant(event.at), say("give", { doubt: Number(event.uncertainty_s) / 1000 }), words[`clock.${event.clock}`],
].join(COMMA);

/** A draft has no place on the chain yet: what it lacks stays empty. */
function shownOf({ booking, tariff, events, stay, lines, total_minor, record, proof, chain, gateway }) {
  const price = money(tariff.per_hour_minor, tariff.currency);
  const stayed = BigInt(Math.max(0, Math.floor((stay.departed_at - stay.arrived_at) / 1000)));
  const spared = stayed > record.billed_s ? stayed - record.billed_s : 0n;
  return {
    space: booking.space, booking: booking.id, gateway: gateway.id, zone: zoned(),
    accounts: say("accounts", { driver: record.driver_account, owner: record.owner_account }),
    fee: `${Number(record.fee_bps) / 100} %`,
    arrived: when(events[0].body), departed: when(events.at(-1).body),
    sure: stay.billed.length ? stay.billed.map(({ starts_at, ends_at }) => instant(starts_at, ends_at)) : "–",
    agreed: say(tariff.timetable.length ? "agreed.timed" : "agreed", { price, step: tariff.step_s, tariff: tariff.id, version: tariff.version }),
    total: money(total_minor, tariff.currency),
    favour: [
      say("favour", { stayed: duration(stayed), certain: duration(record.billed_s), doubt: duration(spared) }),
      ...(stay.departed_at > booking.window.ends_at ? [say("grace", { grace: duration(booking.terms.grace_s) })] : []),
    ].join(" "),
    stay: record.stay, chain: chain.chain_id, batch: chain.batch, block: chain.block_number,
    ledger: chain.ledger, transaction: chain.transaction, root: proof?.root, signer: gateway.signer,
    lines: lines.map((line) => [sentence(line, tariff), money(line.amount_minor, tariff.currency)]),
  };
}

/** Which words tell of a line: of a stretch, or of a tax that is within the total. */
function wordsOf({ code, starts_at, included_minor }) {
  if (starts_at !== null && (code === "parking" || code === "overstay")) return `line.${code}.timed`;
  return code === "tax" && included_minor > 0n ? "line.tax.within" : `line.${code}`;
}

const CAPS = { day_cap: "day_cap_minor", minimum: "minimum_minor" };

const sentence = (line, tariff) => say(wordsOf(line), {
  time: duration(line.billed_s),
  price: money(line.per_hour_minor, tariff.currency),
  cap: money(tariff[CAPS[line.code] ?? "cap_minor"] ?? 0n, tariff.currency),
  span: line.starts_at === null || line.ends_at === null ? "" : instant(line.starts_at, line.ends_at),
  percent: Number(tariff.tax_bps) / 100,
  tax: money(line.included_minor, tariff.currency),
  unit: money(tariff.round_to_minor, tariff.currency),
});

const creditOf = ({ reason, record, proof, chain, corrects }) => ({
  "credit.amount": say("corrects", {
    back: money(record.amount_minor, corrects.tariff.currency),
    total: money(corrects.record.amount_minor, corrects.tariff.currency), stay: corrects.record.stay,
  }),
  "credit.accounts": say("accounts", { driver: record.driver_account, owner: record.owner_account }),
  "credit.reason": reason, "credit.stay": record.stay, "credit.batch": chain.batch, "credit.block": chain.block_number,
  "credit.transaction": chain.transaction, "credit.root": proof.root,
});

const chargeOf = ({ booking, tariff, reason, record, proof, chain }) => ({
  "charge.amount": money(record.amount_minor, tariff.currency), "charge.code": words[`code.${record.code}`],
  "charge.accounts": say("accounts", { driver: record.payer_account, owner: record.payee_account }),
  "charge.at": instant(record.at), "charge.reason": reason || "–", "charge.space": booking.space, "charge.booking": booking.id,
  "charge.stay": record.stay, "charge.to": record.adds_to ?? "–", "charge.chain": chain.chain_id, "charge.batch": chain.batch,
  "charge.block": chain.block_number, "charge.ledger": chain.ledger, "charge.transaction": chain.transaction,
  "charge.root": proof.root, "charge.zone": zoned(),
});

/** Several texts stand under one another. */
function fill(place, told) {
  place.replaceChildren(...[told].flat().map((text) => {
    const line = document.createElement(Array.isArray(told) ? "div" : "span");
    line.textContent = text;
    return line;
  }));
}

function show({ receipt, credit, charge, pending }, ok) {
  $("statement").hidden = !receipt;
  $("due").hidden = !charge;
  $("broken").hidden = ok || !(receipt ?? charge);
  $("back").hidden = !credit;
  $("place").hidden = Boolean(pending);
  if (!(receipt ?? charge)) return;
  const shown = charge ? chargeOf(charge) : { ...shownOf(receipt), ...(credit ? creditOf(credit) : {}) };
  for (const place of document.querySelectorAll("[data-fill]")) fill(place, shown[place.dataset.fill] ?? "");
  if (charge) return;
  $("lines").replaceChildren(...shown.lines.map((cells) => {
    const row = document.createElement("tr");
    cells.forEach((text, i) => { row.insertCell().textContent = text; if (i) row.cells[i].className = "num"; });
    return row;
  }));
}

/** `asker`: whose node told of the chain: "file" (nobody's), "own" (this server's) or "named". */
function mark(links, found, asker = "file", unlearnt = []) {
  const currency = (found.receipt ?? found.charge)?.tariff.currency;
  for (const item of document.querySelectorAll("[data-link]")) {
    const link = links.find(({ name }) => name === item.dataset.link);
    item.hidden = !link;
    if (!link) continue;
    item.className = link.ok ? "pass" : "fail";
    item.querySelector(".mark").textContent = words[item.className];
    item.querySelector("[data-ok]").hidden = !link.ok;
    item.querySelector("[data-broken]").hidden = link.ok;
    item.querySelector("[data-more]").textContent = more(link, currency);
  }
  $("untitled").hidden = !found.receipt || found.receipt.title !== null;
  const broken = links.filter(({ ok }) => !ok);
  const waits = found.pending || unlearnt.length;
  $("verdict").className = broken.length ? "verdict fail" : waits ? "verdict wait" : "verdict pass";
  $("verdict").textContent = verdictOf(links, broken, found, { asker, unlearnt });
}

/** Which words tell of what waits. */
function waitsOf({ receipt, pending }) {
  if (pending.code !== undefined) return "charge";
  return pending.credit_of === undefined ? (receipt ? "held" : "bare") : "credit";
}

function verdictOf(links, broken, { receipt, credit, charge, pending }, { asker, unlearnt }) {
  const titles = (names) => names
    .map((name) => `“${document.querySelector(`[data-link="${name}"] strong`).textContent}”`).join(words.and);
  if (broken.length) return say("some", { names: titles(broken.map(({ name }) => name)) });
  if (pending) {
    return say(`waits.${waitsOf({ receipt, pending })}`, { stay: pending.stay, count: links.length });
  }
  if (unlearnt.length) return say("unlearnt", { names: titles(unlearnt), block: (receipt ?? charge).chain.block_number });
  const all = say(`all.${asker}`, { count: links.length, ledger: (receipt ?? charge).chain.ledger });
  const more = charge ? [words.operator] : [say(credit ? "alone" : "once", { stay: receipt.record.stay }), words.registrar];
  return [all, ...more].join(LANG === "en" ? " " : "");
}

function more({ ok, where, missing }, currency) {
  if (missing) return say("unpaid", { missing: money(missing, currency) });
  return ok ? "" : where === undefined ? "" : say("at", { where: where || words.none });
}

let asked = 0;

/** Whose node stands at an address; one that is no address is told by asking it. */
const askerOf = (url) => (new URL(url, location.href).origin === location.origin ? "own" : "named");

/** `lots`: the zone of the lot, where this page knows of which lot the file is. */
async function judge(bytes, lots = "") {
  const turn = ++asked;
  const found = verify(bytes);
  const { receipt, charge, pending, links } = found;
  zone = zoneOf(lots);
  $("found").hidden = false;
  $("silent").hidden = true;
  show(found, links.every((link) => link.ok));
  mark(links, found);
  const url = $("node").value.trim();
  if (!(receipt ?? charge) || pending || !url) return;
  $("verdict").textContent = words.asking;
  try {
    const told = await verifyOnChain(found, node(url));
    if (turn === asked) mark([...links, ...told.links], found, askerOf(url), told.unlearnt);
  } catch {
    // Whatever a stranger's node answers, it is no verdict on the receipt.
    if (turn !== asked) return;
    $("silent").hidden = false;
    mark(links, found);
  }
}

/** One byte more than is allowed tells that it is too large. */
async function take(file) {
  const bytes = new Uint8Array(await file.slice(0, MAX_BYTES + 1).arrayBuffer());
  $("text").value = new TextDecoder().decode(bytes);
  $("empty").hidden = true;
  await judge(bytes);
}

/** What the page came with. */
const GIVEN = $("text").value.trim();

async function pasted() {
  const text = $("text").value.trim();
  $("empty").hidden = text !== "";
  if (text) return judge(utf8(text), text === GIVEN ? $("found").dataset.zone : "");
  asked += 1;
  $("found").hidden = true;
}

$("given").addEventListener("submit", (event) => { event.preventDefault(); pasted(); });
$("file").addEventListener("change", ({ target }) => { if (target.files.length) take(target.files[0]); });
$("print").addEventListener("click", () => print());
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) take(file);
});
if (GIVEN) pasted();
