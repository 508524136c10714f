/**
 * From a text of the backend to the Bot API call that carries it, with 1,000 conversations in a turn at once,
 * and the memory a conversation in a turn costs. `node bench/telegram-latency.ts` (Linux)
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { privateMessage, startBotApiStub } from "./support/bot-api-stub.ts";
import { Child } from "./support/child.ts";
import { percentile, printTable } from "./support/figures.ts";
import { finishTurn, startNemoStub } from "./support/nemo-stub.ts";

const CONVERSATIONS = 1_000;
/** Answers that are measured one at a time; the rest come all at once. */
const SINGLE = 500;
/** After this long what starting cost has calmed down. */
const CALM_MS = 5_000;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

const arrivedAt = new Map<string, number>();
let lastCallAt = 0;
let isGreeted = false;
const nemo = await startNemoStub();
const telegram = await startBotApiStub({
  onCall: ({ method, params, at }) => {
    const text = String(params.text ?? "");
    if (method !== "getUpdates" && method !== "sendChatAction") lastCallAt = at;
    if (method === "sendMessage" && text.startsWith("Answer")) arrivedAt.set(text, at);
    if (text.includes("Commands")) isGreeted = true;
  },
});
const dataDir = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
const bot = new Child(new URL("support/telegram-child.ts", import.meta.url), [], {
  DATA_DIR: dataDir,
  LOG_LEVEL: "warn",
  NEMO_API_URL: nemo.url,
  NEMO_WEB_URL: nemo.url,
  NEMO_TOKEN: "bench",
  TELEGRAM_BOT_TOKEN: telegram.token,
  TELEGRAM_API_ROOT: telegram.apiRoot,
});
try {
  telegram.push([privateMessage(CONVERSATIONS, { text: "help" })]);
  await until(() => isGreeted);
  const idleBytes = await bot.rssBytes();
  const people = Array.from({ length: CONVERSATIONS }, (_, person) => person);
  telegram.push(people.map((person) => privateMessage(person, { text: `Make film number ${person}` })));
  await until(() => nemo.turns.size === CONVERSATIONS);
  await until(() => performance.now() - lastCallAt > CALM_MS);
  const busyBytes = await bot.rssBytes();
  // Not before: V8 is thriftier in a process whose garbage was collected on demand once.
  const busyLiveBytes = await bot.ask<number>("liveHeapBytes");

  const saidAt = new Map<string, number>();
  const speak = (person: number) => {
    const turn = nemo.turns.get(`Make film number ${person}`);
    if (!turn) throw new Error(`there is no turn of person ${person}`);
    saidAt.set(`Answer ${person}.`, performance.now());
    finishTurn(turn, `Answer ${person}.`);
  };
  const latencies = () =>
    [...saidAt].map(([text, at]) => (arrivedAt.get(text) ?? Number.POSITIVE_INFINITY) - at);
  for (const person of people.slice(0, SINGLE)) {
    speak(person);
    await until(() => arrivedAt.has(`Answer ${person}.`));
  }
  const single = latencies();
  saidAt.clear();
  const burst = people.slice(SINGLE);
  for (const person of burst) speak(person);
  await until(() => burst.every((person) => arrivedAt.has(`Answer ${person}.`)));
  const together = latencies();
  const liveBytes = busyLiveBytes - (await bot.ask<number>("liveHeapBytes"));

  const each = (bytes: number) => `${(bytes / CONVERSATIONS / 1000).toFixed(0)} kB`;
  printTable(`Backend text to Bot API call, ${CONVERSATIONS} conversations in a turn`, [
    ["one at a time, p50", percentile(single, 0.5), ""],
    ["one at a time, p99", percentile(single, 0.99), ""],
    [`${burst.length} at once, p50`, percentile(together, 0.5), ""],
    [`${burst.length} at once, p99`, percentile(together, 0.99), "all of them in one moment"],
    ["memory a conversation", each(busyBytes - idleBytes), "its open stream and all garbage included"],
    ["alive in the heap", each(liveBytes), "a conversation"],
    ["memory of the bot", `${(busyBytes / 1e6).toFixed(0)} MB`, `${(idleBytes / 1e6).toFixed(0)} MB idle`],
  ]);
} finally {
  await bot.kill();
  telegram.stop();
  nemo.stop();
  await rm(dataDir, { recursive: true, force: true });
}
