// Promise: the table of numbers that a widget shows in the page is the one that Python computes, to 1e-6.

import { test } from "node:test";

import { assertClose, golden } from "./close.mjs";

for (const [i, { widget, state, table }] of golden("widgets.json").entries()) {
  test(`${widget}, state ${i}`, async () => {
    const module = await import(`../../attnkit/widgets/${widget}.mjs`);
    assertClose(module.table(state), table);
  });
}
