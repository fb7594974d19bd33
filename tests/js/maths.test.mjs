// Promise: the page's formulas give attnkit's numbers, to 1e-6.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as maths from "../../attnkit/widgets/frame/maths.mjs";
import { assertClose, golden, TOLERANCE } from "./close.mjs";

for (const [i, { function: name, arguments: given, answer }] of golden("formulas.json").entries()) {
  test(`${name}, case ${i}`, () => {
    const before = structuredClone(given);
    assertClose(maths[name](...given), answer);
    assert.deepEqual(given, before, `${name} must not change its arguments`);
  });
}

test("every formula is held by a case", () => {
  const held = new Set(golden("formulas.json").map((c) => c.function));
  const formulas = Object.keys(maths).filter((name) => !["dot", "norm", "cosine", "scaled", "hull"].includes(name));
  assert.deepEqual([...held].sort(), formulas.sort());
});

test("the hull of a square with a point inside and one on an edge is its corners", () => {
  const corners = [[0, 0], [2, 0], [2, 2], [0, 2]];
  assert.deepEqual(maths.hull([[1, 1], [2, 2], [1, 0], [0, 2], [0, 0], [2, 0]]), corners);
  assert.deepEqual(maths.hull([[3, 1], [0, 0]]), [[0, 0], [3, 1]]);
});

test("the comparison itself can fail", () => {
  assert.throws(() => assertClose([1], [1 + 3 * TOLERANCE]));
  assert.throws(() => assertClose({ a: 1 }, { a: 1, b: 2 }));
  assert.throws(() => assertClose(null, 0));
});
