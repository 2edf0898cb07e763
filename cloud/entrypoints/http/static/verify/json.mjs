// JSON, read strictly and written canonically. A whole number is a bigint, any other a number, so
// that 1 and 1.0 stay apart. No name may stand twice in one object: which of the two would count?

export class NotJson extends Error {}

const MAX_DEPTH = 32;
// The other verifier's reader takes no more digits of a whole number, and must read the same.
const MAX_DIGITS = 4300;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const WORDS = [["true", true], ["false", false], ["null", null]];

class Reader {
  constructor(text) { this.text = text; this.at = 0; }

  taken(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  is(char) {
    this.taken(SPACE);
    if (this.text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  need(char) { if (!this.is(char)) throw new NotJson(`'${char}' is missing at ${this.at}`); }

  value(depth) {
    if (depth > MAX_DEPTH) throw new NotJson("nested too deep");
    if (this.is("{")) return this.object(depth);
    if (this.is("[")) return this.array(depth);
    if (this.is('"')) return this.string();
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) { this.at += word.length; return value; }
    }
    const found = this.taken(NUMBER);
    if (!found) throw new NotJson(`no value at ${this.at}`);
    if (found[0].replace("-", "").split(/[.eE]/)[0].length > MAX_DIGITS) throw new NotJson("too many digits");
    return found[1] === undefined && found[2] === undefined ? BigInt(found[0]) : Number(found[0]);
  }

  object(depth) {
    const found = new Map();
    if (this.is("}")) return found;
    do {
      this.need('"');
      const name = this.string();
      if (found.has(name)) throw new NotJson(`${name} stands twice`);
      this.need(":");
      found.set(name, this.value(depth + 1));
    } while (this.is(","));
    this.need("}");
    return found;
  }

  array(depth) {
    const found = [];
    if (this.is("]")) return found;
    do found.push(this.value(depth + 1)); while (this.is(","));
    this.need("]");
    return found;
  }

  string() {
    let found = "";
    for (;;) {
      found += this.taken(PLAIN)[0];
      const char = this.text[this.at++];
      if (char === '"') break;
      if (char !== "\\") throw new NotJson("a text does not end");
      found += this.escaped();
    }
    if (!found.isWellFormed()) throw new NotJson("half of a surrogate pair");
    return found;
  }

  escaped() {
    const char = this.text[this.at++];
    if (char === "u") {
      const code = this.taken(/[0-9a-fA-F]{4}/y);
      if (code) return String.fromCharCode(parseInt(code[0], 16));
    } else if (Object.hasOwn(ESCAPES, char ?? "")) return ESCAPES[char];
    throw new NotJson(`no such escape at ${this.at}`);
  }
}

/** Objects become Maps. Raises NotJson. */
export function parse(text) {
  const reader = new Reader(text);
  const found = reader.value(0);
  reader.taken(SPACE);
  if (reader.at !== text.length) throw new NotJson(`more than one value at ${reader.at}`);
  return found;
}

/** RFC 8785: names in the order of their UTF-16 units, no space, ECMAScript's spelling of numbers. */
export function canonical(value) {
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  if (value instanceof Map) {
    const names = [...value.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return "{" + names.map((name) => JSON.stringify(name) + ":" + canonical(value.get(name))).join(",") + "}";
  }
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}
