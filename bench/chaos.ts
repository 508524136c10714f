/**
 * A bot between Telegram and a backend that is killed by `kill -9` over and over while many groups talk to it.
 * Afterwards each message has had exactly one answer, its words were sent to the agent exactly once, and those of a
 * group in order. Fails when one was lost, left in silence or sent twice. Doubled answers are counted: one whose
 * delivery Telegram could not confirm before the kill is sent again. `node bench/chaos.ts [messages] [kills] [seed]`
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startSandbox } from "../src/sandbox/sandbox.ts";
import { startFakeTelegram } from "../test/fakes/telegram/fake-telegram.ts";
import type { ChatPlayer } from "../test/fakes/telegram/players.ts";
import { startBotProcess } from "../test/support/bot-process.ts";
import { printTable } from "./support/figures.ts";

const [messages = 2_000, kills = 20, seed = 1] = process.argv.slice(2).map(Number);
/** Messages of one group; Telegram takes about 20 of ours a minute in each. */
const PER_GROUP = 10;
/** Messages of one group that may wait; the bot takes 20. */
const MOST_WAITING = 3;
/** How long it lives, at least and at most. */
const LIVES_MS = [300, 3_000] as const;
/** Without any answer for so long, nothing comes any more. */
const PATIENCE_MS = 90_000;

interface Asked {
  text: string;
  questionId: number;
}

/** Numbers in [0, 1) that the seed decides. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

const random = randomFrom(seed);
const telegram = await startFakeTelegram({ pollTimeoutCapMs: 500, conflictDelayMs: 10 });
const TOKEN = "bench";
const nemo = await startSandbox({
  silentShare: 0,
  guiShare: 0,
  ffmpeg: null,
  registeredTokens: [TOKEN],
  prices: { edit: 0, generation: 0 },
});
const bot = await startBotProcess({
  TELEGRAM_BOT_TOKEN: telegram.token,
  TELEGRAM_API_ROOT: telegram.apiRoot,
  NEMO_API_URL: nemo.url,
  NEMO_WEB_URL: nemo.webUrl,
  // One account for all: free ones are few.
  NEMO_TOKEN: TOKEN,
  LOG_LEVEL: "error",
});
const groups = Array.from({ length: Math.ceil(messages / PER_GROUP) }, (_, index) => ({
  chat: telegram.group({ title: `Group ${index}` }),
  asked: [] as Asked[],
}));

function endsOf(chat: ChatPlayer, { questionId }: Asked): number {
  return chat.botMessages().filter((message) => message.replyToId === questionId).length;
}

let said = 0;
let killed = 0;
let isOver = false;
const startedAt = performance.now();

async function killer(): Promise<void> {
  while (!isOver && killed < kills) {
    const [least, most] = LIVES_MS;
    const polls = telegram.calls("getUpdates").length;
    while (!isOver && telegram.calls("getUpdates").length === polls) await sleep(20);
    await sleep(least + random() * (most - least));
    if (isOver) return;
    await bot.stop("SIGKILL");
    killed += 1;
    bot.restart();
  }
}

async function talk(): Promise<void> {
  while (said < messages) {
    for (const { chat, asked } of groups) {
      if (said >= messages || asked.length >= PER_GROUP) continue;
      if (asked.filter((one) => endsOf(chat, one) === 0).length >= MOST_WAITING) continue;
      const text = `add the title "T${said}"`;
      asked.push({ text, questionId: chat.say(`@${telegram.bot.username} ${text}`).id });
      said += 1;
      if (said % 50 === 0) await sleep(20);
    }
    await sleep(100);
  }
}

const killing = killer();
await talk();
let answered = 0;
let lastAt = performance.now();
for (;;) {
  const now = groups.reduce(
    (sum, { chat, asked }) => sum + asked.filter((one) => endsOf(chat, one) > 0).length,
    0,
  );
  if (now !== answered) {
    answered = now;
    lastAt = performance.now();
  }
  if ((answered === messages && killed >= kills) || performance.now() - lastAt > PATIENCE_MS) break;
  await sleep(500);
}
isOver = true;
await killing;
// What is doubled would show by now.
await sleep(5_000);

const sent = new Map<string, number>();
const order = new Map<string, number>();
let position = 0;
for (const request of nemo.requests("POST /run_sse")) {
  const text = /T\d+/.exec(JSON.stringify(request.json))?.[0] ?? "";
  sent.set(text, (sent.get(text) ?? 0) + 1);
  if (!order.has(text)) order.set(text, position++);
}
const name = (text: string) => /T\d+/.exec(text)?.[0] ?? "";
const all = groups.flatMap(({ chat, asked }) => asked.map((one) => ({ chat, one })));
const ends = all.map(({ chat, one }) => endsOf(chat, one));
const silent = ends.filter((count) => count === 0).length;
const doubled = ends.filter((count) => count > 1).length;
const lost = all.filter(({ chat, one }) => endsOf(chat, one) === 0 && !sent.has(name(one.text))).length;
const twice = [...sent.values()].filter((count) => count > 1).length;
const outOfOrder = groups.filter(({ asked }) => {
  const places = asked.flatMap(({ text }) => order.get(name(text)) ?? []);
  return places.some((place, index) => place < (places[index - 1] ?? -1));
}).length;
const inOwnWords = all.filter(({ chat, one }) =>
  chat
    .botMessages()
    .some(({ replyToId, text }) => replyToId === one.questionId && text.includes(name(one.text))),
).length;
printTable(`${messages} messages, ${killed} x kill -9, seed ${seed}`, [
  ["lost", String(lost)],
  ["silent", String(silent)],
  ["doubled", String(doubled)],
  ["sent twice", String(twice)],
  ["groups out of order", String(outOfOrder)],
  ["answered in the agent's own words", String(inOwnWords)],
  ["seconds", ((performance.now() - startedAt) / 1_000).toFixed(0)],
]);
await bot[Symbol.asyncDispose]();
await telegram.stop();
await nemo.stop();
process.exit(lost + silent + twice + outOfOrder > 0 ? 1 : 0);
