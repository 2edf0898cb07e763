// Keccak-256 (the padding of Ethereum, not of SHA-3): FIPS 202 section 3, lanes as two 32-bit halves.

const RATE_BYTES = 136;
const ROUNDS = 24;
const TURNS = [];
const FROM = [];
const CONSTANTS = [];

// The rotations, the order of lanes and the round constants, as FIPS 202 derives them.
(() => {
  for (let i = 0; i < 25; i++) TURNS.push(0), FROM.push(0);
  let x = 1, y = 0;
  for (let t = 0; t < 24; t++) {
    TURNS[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  for (let a = 0; a < 5; a++) for (let b = 0; b < 5; b++) FROM[b + 5 * ((2 * a + 3 * b) % 5)] = a + 5 * b;
  let register = 1;
  for (let round = 0; round < ROUNDS; round++) {
    let low = 0, high = 0;
    for (let j = 0; j < 7; j++) {
      const bit = 2 ** j - 1;
      if (register & 1) { if (bit < 32) low |= 1 << bit; else high |= 1 << (bit - 32); }
      register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1;
    }
    CONSTANTS.push([low, high]);
  }
})();

function permute(low, high) {
  const sumLow = new Int32Array(5), sumHigh = new Int32Array(5);
  const newLow = new Int32Array(25), newHigh = new Int32Array(25);
  for (const [constantLow, constantHigh] of CONSTANTS) {
    for (let x = 0; x < 5; x++) {
      sumLow[x] = low[x] ^ low[x + 5] ^ low[x + 10] ^ low[x + 15] ^ low[x + 20];
      sumHigh[x] = high[x] ^ high[x + 5] ^ high[x + 10] ^ high[x + 15] ^ high[x + 20];
    }
    for (let x = 0; x < 5; x++) {
      const before = (x + 4) % 5, after = (x + 1) % 5;
      const a = sumLow[before] ^ ((sumLow[after] << 1) | (sumHigh[after] >>> 31));
      const b = sumHigh[before] ^ ((sumHigh[after] << 1) | (sumLow[after] >>> 31));
      for (let i = x; i < 25; i += 5) { low[i] ^= a; high[i] ^= b; }
    }
    turn(low, high, newLow, newHigh);
    for (let row = 0; row < 25; row += 5) {
      for (let x = 0; x < 5; x++) {
        const one = row + ((x + 1) % 5), two = row + ((x + 2) % 5);
        low[row + x] = newLow[row + x] ^ (~newLow[one] & newLow[two]);
        high[row + x] = newHigh[row + x] ^ (~newHigh[one] & newHigh[two]);
      }
    }
    low[0] ^= constantLow;
    high[0] ^= constantHigh;
  }
}

function turn(low, high, newLow, newHigh) {
  for (let i = 0; i < 25; i++) {
    const from = FROM[i], by = TURNS[from] & 31;
    const swapped = TURNS[from] >= 32;
    const a = swapped ? high[from] : low[from], b = swapped ? low[from] : high[from];
    newLow[i] = by ? (a << by) | (b >>> (32 - by)) : a;
    newHigh[i] = by ? (b << by) | (a >>> (32 - by)) : b;
  }
}

/** 32 bytes of any bytes. */
export function keccak(data) {
  const blocks = Math.floor(data.length / RATE_BYTES) + 1;
  const padded = new Uint8Array(blocks * RATE_BYTES);
  padded.set(data);
  padded[data.length] ^= 0x01;
  padded[padded.length - 1] ^= 0x80;
  const words = new DataView(padded.buffer);
  const low = new Int32Array(25), high = new Int32Array(25);
  for (let start = 0; start < padded.length; start += RATE_BYTES) {
    for (let lane = 0; lane < RATE_BYTES / 8; lane++) {
      low[lane] ^= words.getInt32(start + lane * 8, true);
      high[lane] ^= words.getInt32(start + lane * 8 + 4, true);
    }
    permute(low, high);
  }
  const found = new DataView(new ArrayBuffer(32));
  for (let lane = 0; lane < 4; lane++) {
    found.setInt32(lane * 8, low[lane], true);
    found.setInt32(lane * 8 + 4, high[lane], true);
  }
  return new Uint8Array(found.buffer);
}

const ENCODER = new TextEncoder();

export const utf8 = (text) => ENCODER.encode(text);

export const hex = (bytes) => "0x" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function unhex(text) {
  const found = new Uint8Array((text.length - 2) / 2);
  for (let i = 0; i < found.length; i++) found[i] = parseInt(text.slice(2 + 2 * i, 4 + 2 * i), 16);
  return found;
}

export function join(...parts) {
  const found = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { found.set(part, at); at += part.length; }
  return found;
}

/** EIP-55: a letter is a capital where the hash of the address has a digit of 8 or more. */
export function checksummed(address) {
  const digits = address.slice(2).toLowerCase();
  const marks = hex(keccak(utf8(digits))).slice(2);
  return "0x" + Array.from(digits, (digit, i) => (parseInt(marks[i], 16) >= 8 ? digit.toUpperCase() : digit)).join("");
}
