// Promise: weights are asked for once, however many widgets want them, and again after a failure.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Seq2Seq } from "../../attnkit/widgets/frame/seq2seq.mjs";
import { loadTranslator } from "../../attnkit/widgets/frame/weights.mjs";
import { golden } from "./close.mjs";

const BYTES = Uint8Array.from(Buffer.from(golden("translators.json")[0].file, "base64"));

/** Bytes as anywidget hands them over: they need not begin where their buffer does. */
function view(bytes) {
  const shifted = new Uint8Array(bytes.length + 5);
  shifted.set(bytes, 5);
  return new DataView(shifted.buffer, 5);
}

/** A model whose other side answers each question with the next of these answers. */
function modelWith(...answers) {
  const listeners = new Set();
  const questions = [];
  return {
    questions,
    listeners,
    on: (event, listener) => event === "msg:custom" && listeners.add(listener),
    off: (event, listener) => listeners.delete(listener),
    send(question) {
      questions.push(question);
      const [content, buffers] = answers.shift();
      setTimeout(() => [...listeners].forEach((listener) => listener(content, buffers)));
    },
  };
}

test("many widgets get one translator from one question", async () => {
  const [first, second] = [modelWith([{ weights: "many" }, [view(BYTES)]]), modelWith()];
  const found = await Promise.all([loadTranslator(first, "many", [Seq2Seq]), loadTranslator(second, "many", [Seq2Seq]), loadTranslator(first, "many", [Seq2Seq])]);
  assert.equal(new Set(found).size, 1);
  assert.deepEqual(found[0].translate(["let's", "go"]).words, golden("translators.json")[0].answers[0].translation.words);
  assert.deepEqual([first.questions, second.questions], [[{ weights: "many" }], []]);
  assert.equal(first.listeners.size, 0);
});

test("each question hears its own answer", async () => {
  const wrong = [{ weights: "b", error: "no b" }];
  const model = modelWith(wrong, [{ weights: "a" }, [view(BYTES)]]);
  const [b, a] = await Promise.allSettled([loadTranslator(model, "b", [Seq2Seq]), loadTranslator(model, "a", [Seq2Seq])]);
  assert.deepEqual([b.reason.message, a.status], ["no b", "fulfilled"]);
});

test("after a failure they can be asked for again", async () => {
  const damaged = [{ weights: "again" }, [view(BYTES.subarray(0, 99))]];
  const model = modelWith([{ weights: "again", error: "Are you online?" }], damaged, [{ weights: "again" }, [view(BYTES)]]);
  await assert.rejects(loadTranslator(model, "again", [Seq2Seq]), /^Error: Are you online\?/);
  await assert.rejects(loadTranslator(model, "again", [Seq2Seq]), /^Error: These weights are damaged/);
  assert.equal((await loadTranslator(model, "again", [Seq2Seq])).config.attention, "none");
  assert.equal(model.questions.length, 3);
});

test("a question that cannot be sent is a failure, too", async () => {
  const closed = { on() {}, off() {}, send: () => assert.fail("This widget is closed.") };
  await assert.rejects(loadTranslator(closed, "closed", [Seq2Seq]), /This widget is closed\./);
});
