/**
 * A bot between Telegram and a backend that is killed by `kill -9` over and over while many groups talk to it.
 * Afterwards each message has had exactly one answer, its words were sent to the agent exactly once, and those of a
 * group in order. Fails when one was lost, left in silence, sent twice or taken away. Doubled answers are counted: one
 * whose delivery Telegram could not confirm before the kill is sent again; and living messages left behind: those which
 * Telegram had not named before the kill. With `cluster` it is an ingress and three workers
 * on a Redis, which are killed or frozen for up to twelve seconds.
 * `node bench/chaos.ts [messages] [kills] [seed] [alone | cluster]`
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startSandbox } from "../src/sandbox/sandbox.ts";
import { startFakeTelegram } from "../test/fakes/telegram/fake-telegram.ts";
import type { ChatPlayer, SeenMessage } from "../test/fakes/telegram/players.ts";
import { type BotProcess, startBotProcess } from "../test/support/bot-process.ts";
import { printTable } from "./support/figures.ts";
import { startRedis } from "./support/redis.ts";

const [messages = 2_000, kills = 20, seed = 1] = process.argv.slice(2, 5).map(Number);
const isCluster = process.argv[5] === "cluster";
const WORKERS = 3;
/** Longer than a lease: others take over what a frozen one has. */
const FROZEN_MS = [2_000, 12_000] as const;
/** Messages of one group; Telegram takes about 20 of ours a minute in each. */
const PER_GROUP = 10;
/** Messages of one group that may wait; the bot takes 20. */
const MOST_WAITING = 3;
/** How long it lives, at least and at most. */
const LIVES_MS = [300, 3_000] as const;
/** Without any answer for so long, nothing comes any more. */
const PATIENCE_MS = 90_000;
/** How long turns take, in turn: some end before their living message is there, some after a person is called back. */
const TURNS_MS = [0, 300, 1_500, 0, 4_000, 11_000, 300, 700];

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
const telegram = await startFakeTelegram({ pollTimeoutCapMs: 500, conflictDelayMs: 10, rates: false });
const TOKEN = "bench";
const nemo = await startSandbox({
  silentShare: 0,
  guiShare: 0,
  ffmpeg: null,
  registeredTokens: [TOKEN],
  prices: { edit: 0, generation: 0 },
});
for (let turn = 0; turn < messages; turn++) {
  const ms = TURNS_MS[turn % TURNS_MS.length] ?? 0;
  nemo.scenario.add({ on: "turn", do: { kind: "delay", ms } });
}
const redis = isCluster ? await startRedis() : null;
const settings = {
  TELEGRAM_BOT_TOKEN: telegram.token,
  TELEGRAM_API_ROOT: telegram.apiRoot,
  NEMO_API_URL: nemo.url,
  NEMO_WEB_URL: nemo.webUrl,
  // One account for all: free ones are few.
  NEMO_TOKEN: TOKEN,
  LOG_LEVEL: "error",
  ...(redis ? { REDIS_URL: redis.url, ENCRYPTION_KEY: "5".repeat(64) } : {}),
};
const bots: BotProcess[] = redis
  ? await Promise.all(
      ["ingress", ...Array.from({ length: WORKERS }, () => "worker")].map((ROLE) =>
        startBotProcess({ ...settings, ROLE }),
      ),
    )
  : [await startBotProcess(settings)];
const groups = Array.from({ length: Math.ceil(messages / PER_GROUP) }, (_, index) => ({
  chat: telegram.group({ title: `Group ${index}` }),
  asked: [] as Asked[],
}));

/** What shows how work goes, or where it waits, has a button that stops it. */
function isLiving({ buttons }: SeenMessage): boolean {
  return buttons.flat().some(({ text }) => text === "Cancel");
}

function endsOf(chat: ChatPlayer, { questionId }: Asked): number {
  return chat.botMessages().filter((message) => message.replyToId === questionId && !isLiving(message))
    .length;
}

/** What the bot has taken away again. */
function removedFrom(chat: ChatPlayer): SeenMessage[] {
  const calls = telegram.calls("deleteMessage").filter(({ params }) => params.chat_id === chat.id);
  const ids = new Set(calls.map(({ params }) => Number(params.message_id)));
  return [...ids].map((id) => chat.message(id)).filter(({ isDeleted }) => isDeleted);
}

let said = 0;
let killed = 0;
let isOver = false;
const startedAt = performance.now();

/** Kills one of them and starts it again, or freezes it for a while. */
async function disturb(bot: BotProcess): Promise<void> {
  if (bot !== bots[0] && random() < 0.5) {
    bot.signal("SIGSTOP");
    const [least, most] = FROZEN_MS;
    await sleep(least + random() * (most - least));
    bot.signal("SIGCONT");
    return;
  }
  await bot.stop("SIGKILL");
  bot.restart();
}

async function killer(): Promise<void> {
  const [least, most] = LIVES_MS;
  const disturbed = new Set<BotProcess>();
  while (!isOver && killed < kills) {
    const polls = telegram.calls("getUpdates").length;
    while (!isOver && telegram.calls("getUpdates").length === polls) await sleep(20);
    await sleep(least + random() * (most - least));
    const bot = bots[Math.floor(random() * bots.length)];
    // One of them has to be at work.
    if (isOver || !bot || disturbed.has(bot) || (isCluster && disturbed.size >= WORKERS - 1)) continue;
    killed += 1;
    disturbed.add(bot);
    const over = disturb(bot).finally(() => disturbed.delete(bot));
    if (!isCluster) await over;
  }
  while (disturbed.size > 0) await sleep(50);
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
const sameWords = all.filter(({ chat, one }) => {
  const texts = chat.botMessages().filter(({ replyToId }) => replyToId === one.questionId);
  return texts.length === 2 && texts[0]?.text === texts[1]?.text;
}).length;
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
const leftBehind = groups.reduce((sum, { chat }) => sum + chat.botMessages().filter(isLiving).length, 0);
const takenAway = groups.reduce(
  (sum, { chat }) => sum + removedFrom(chat).filter((one) => !isLiving(one)).length,
  0,
);
const how = isCluster ? "kills and freezes of an ingress and three workers" : "x kill -9";
printTable(`${messages} messages, ${killed} ${how}, seed ${seed}`, [
  ["lost", String(lost)],
  ["silent", String(silent)],
  ["doubled", String(doubled)],
  ["of these, the same words twice", String(sameWords)],
  ["sent twice", String(twice)],
  ["groups out of order", String(outOfOrder)],
  ["living messages left behind", String(leftBehind)],
  ["answers taken away", String(takenAway)],
  ["answered in the agent's own words", String(inOwnWords)],
  ["seconds", ((performance.now() - startedAt) / 1_000).toFixed(0)],
]);
for (const bot of bots) await bot[Symbol.asyncDispose]();
await redis?.stop();
await telegram.stop();
await nemo.stop();
process.exit(lost + silent + twice + outOfOrder + takenAway > 0 ? 1 : 0);
