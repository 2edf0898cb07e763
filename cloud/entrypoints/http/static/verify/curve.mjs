// Who signed a digest: public-key recovery on secp256k1 (SEC 1 section 4.1.6, SEC 2 section 2.4.1).

import { checksummed, hex, keccak, unhex } from "./keccak.mjs";

const FIELD = 2n ** 256n - 2n ** 32n - 977n;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const BASE = [
  0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  1n,
];
const NOWHERE = [0n, 1n, 0n];

function mod(value, by = FIELD) {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

function power(base, exponent) {
  let found = 1n;
  for (let left = exponent, square = base; left > 0n; left >>= 1n) {
    if (left & 1n) found = (found * square) % FIELD;
    square = (square * square) % FIELD;
  }
  return found;
}

/** By Euclid; `value` and `by` have no common factor. */
function inverse(value, by) {
  let [a, b, x, y] = [mod(value, by), by, 1n, 0n];
  while (a > 1n) {
    const times = b / a;
    [a, b, x, y] = [b - times * a, a, y - times * x, x];
    if (a === 0n) return 0n;
  }
  return mod(x, by);
}

/** Points are Jacobian: x = X / Z², y = Y / Z³; Z = 0 is the point at infinity. */
function double([x, y, z]) {
  if (y === 0n || z === 0n) return NOWHERE;
  const yy = (y * y) % FIELD, s = (4n * x * yy) % FIELD, m = (3n * x * x) % FIELD;
  const newX = mod(m * m - 2n * s);
  return [newX, mod(m * (s - newX) - 8n * yy * yy), (2n * y * z) % FIELD];
}

function add(a, b) {
  if (a[2] === 0n) return b;
  if (b[2] === 0n) return a;
  const aa = (a[2] * a[2]) % FIELD, bb = (b[2] * b[2]) % FIELD;
  const u = (a[0] * bb) % FIELD, s = (((a[1] * bb) % FIELD) * b[2]) % FIELD;
  const h = mod(b[0] * aa - u), r = mod(((b[1] * aa) % FIELD) * a[2] - s);
  if (h === 0n) return r === 0n ? double(a) : NOWHERE;
  const hh = (h * h) % FIELD, hhh = (hh * h) % FIELD, v = (u * hh) % FIELD;
  const x = mod(r * r - hhh - 2n * v);
  return [x, mod(r * (v - x) - s * hhh), (((a[2] * b[2]) % FIELD) * h) % FIELD];
}

/** a·P + b·Q in one pass over the bits. */
function sum(a, p, b, q) {
  const both = add(p, q);
  let found = NOWHERE;
  for (let bit = 255n; bit >= 0n; bit--) {
    found = double(found);
    const first = (a >> bit) & 1n, second = (b >> bit) & 1n;
    if (first && second) found = add(found, both);
    else if (first) found = add(found, p);
    else if (second) found = add(found, q);
  }
  return found;
}

/** The signer's address of 65 bytes r ‖ s ‖ v as hex, or null for what is no signature of ours. */
export function recover(digest, signature) {
  const [r, s] = [2, 66].map((start) => BigInt("0x" + signature.slice(start, start + 64)));
  const parity = BigInt(parseInt(signature.slice(130), 16) - 27);
  // The upper half of s would be a second spelling of the same signature.
  if ((parity !== 0n && parity !== 1n) || r === 0n || s === 0n || r >= ORDER || s > ORDER / 2n) return null;
  const square = mod(r * r * r + 7n);
  const root = power(square, (FIELD + 1n) / 4n);
  if ((root * root) % FIELD !== square) return null;
  const y = (root & 1n) === parity ? root : FIELD - root;
  const back = inverse(r, ORDER), e = BigInt(hex(digest));
  const [x, yy, z] = sum(mod(-e * back, ORDER), BASE, mod(s * back, ORDER), [r, y, 1n]);
  if (z === 0n) return null;
  const out = inverse(z, FIELD), outer = (out * out) % FIELD;
  const point = [(x * outer) % FIELD, (((yy * outer) % FIELD) * out) % FIELD];
  const bytes = unhex("0x" + point.map((part) => part.toString(16).padStart(64, "0")).join(""));
  return checksummed(hex(keccak(bytes).slice(12)));
}
