// Promise: the table of numbers that a widget shows in the page is the one that Python computes, to 1e-6.

import { readFileSync } from "node:fs";
import { test } from "node:test";

import { readTranslator } from "../../attnkit/widgets/frame/checkpoint.mjs";
import { Seq2Seq } from "../../attnkit/widgets/frame/seq2seq.mjs";
import { LanguageModel, Transformer } from "../../attnkit/widgets/frame/transformer.mjs";
import { assertClose, golden } from "./close.mjs";

const weights = new URL("../../attnkit/weights/", import.meta.url);
const bytesOf = (name) => new Uint8Array(readFileSync(new URL(`${name}.safetensors`, weights)));
/** A table as JSON has it: null for −∞, which tests/test_mask_builder.py tells from a missing number. */
const listed = (part) => (part === -Infinity ? null : Array.isArray(part) ? part.map(listed) : part);
const shipped = (name) => readTranslator(bytesOf(name), [Seq2Seq, Transformer, LanguageModel]);

for (const [i, { widget, translators, state, table }] of golden("widgets.json").entries()) {
  test(`${widget}, state ${i}`, async () => {
    const module = await import(`../../attnkit/widgets/${widget}.mjs`);
    const { rows, ...rest } = module.table(state, ...translators.map(shipped));
    assertClose({ ...rest, rows: listed(rows) }, table);
  });
}
