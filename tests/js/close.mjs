// Compare nested data: words exactly, numbers to 1e-6.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const TOLERANCE = 1e-6;

export function golden(file) {
  return JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), "utf-8"));
}

export function assertClose(got, wanted, path = "answer", tolerance = TOLERANCE) {
  if (typeof wanted === "number") {
    assert.equal(typeof got, "number", `${path} must be a number; got ${got}`);
    const error = Math.abs(got - wanted);
    assert.ok(error <= tolerance * Math.max(1, Math.abs(wanted)), `${path} must be ${wanted}; got ${got}`);
  } else if (wanted !== null && typeof wanted === "object") {
    assert.deepEqual(Object.keys(got), Object.keys(wanted), path);
    for (const key of Object.keys(wanted)) assertClose(got[key], wanted[key], `${path}.${key}`, tolerance);
  } else {
    assert.equal(got, wanted, path);
  }
}
