/**
 * 1,000 jobs in one process that dies by `kill -9`: 400 running turns, a message that waits behind each of them, and
 * 200 exports. How long until all of them are at work again, and until each has its end: one answer a job, none
 * lost, none doubled, nothing sent to the backend twice; beside the same jobs coming to their ends without a crash.
 * The process dies while nothing moves and starts again, or dies amid the answers, or leaves its work to another one
 * on Redis. Target there: at most 8 s until it is taken over. `node bench/recovery.ts`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./support/child.ts";
import { printTable } from "./support/figures.ts";
import type { Answered } from "./support/recovery-child.ts";
import { startRedis } from "./support/redis.ts";

const TURNS = 400;
const EXPORTS = 200;
const JOBS = 2 * TURNS + EXPORTS;
/** Instead of 30 s: what is measured is the bot and not its waiting. */
const EXPORT_POLL_MS = 1_000;
/** By then everything has come that will come; a doubled answer would show. */
const AFTERMATH_MS = 3_000;
const TIMEOUT_MS = 60_000;

type Death = "none" | "restart" | "amid the answers" | "takeover";

interface Result {
  /** From the crash to the moment every turn and every export was asked for again; null without a crash, and amid answers. */
  takenUpMs: number | null;
  endedMs: number;
  lost: number;
  doubled: number;
  /** Came once more by a name that the chat knew, and were not shown again. */
  caught: number;
  sentTwice: number;
}

/** What each conversation is owed: a turn and the message behind it, or an export. */
function owedTo(person: number): number {
  return person < TURNS ? 2 : 1;
}

async function scenario(death: Death, storage: Record<string, string> = {}): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
  const nemo = new Child(new URL("support/nemo-child.ts", import.meta.url));
  const url = await nemo.ask<string>("url");
  const env = {
    ...storage,
    DATA_DIR: dataDir,
    LOG_LEVEL: "error",
    NEMO_API_URL: url,
    NEMO_WEB_URL: url,
    NEMO_TOKEN: "bench",
    EXPORT_POLL_MS: String(EXPORT_POLL_MS),
  };
  const answers = new Map<string, number>();
  const names = new Set<string>();
  let told = 0;
  let caught = 0;
  let lastAt = 0;
  const startBot = () => {
    const bot = new Child(new URL("support/recovery-child.ts", import.meta.url), [], env);
    bot.onNews = (news) => {
      // Both ends are ours.
      const { conversationId, idempotencyKey } = news as Answered;
      lastAt = performance.now();
      told += 1;
      if (idempotencyKey !== undefined && names.has(idempotencyKey)) caught += 1;
      else answers.set(conversationId, (answers.get(conversationId) ?? 0) + 1);
      if (idempotencyKey !== undefined) names.add(idempotencyKey);
    };
    return bot;
  };
  let bot = startBot();
  const first = bot;
  try {
    await bot.ask("start");
    for (let person = 0; person < TURNS; person++) {
      await bot.ask("say", [person, `Make film number ${person}`]);
      await bot.ask("say", [person, `And add title ${person}`]);
    }
    for (let person = TURNS; person < TURNS + EXPORTS; person++) await bot.ask("say", [person, "export"]);
    await nemo.ask("reach", TURNS);
    await until(async () => {
      const { all } = await nemo.ask<{ all: number }>("sent");
      return all === TURNS + EXPORTS && (await bot.ask<number>("depth")) === JOBS;
    });
    // Greetings and the like.
    answers.clear();
    told = 0;
    if (death === "takeover") {
      bot = startBot();
      await bot.ask("start");
    }
    let startedAt = performance.now();
    let takenUpMs: number | null = null;
    if (death === "none" || death === "amid the answers") {
      await nemo.ask("quick");
      await nemo.ask("finish");
    }
    if (death === "amid the answers") await until(async () => told > JOBS / 3);
    if (death !== "none") {
      startedAt = performance.now();
      await first.kill();
      await nemo.ask("forget");
      await nemo.ask("edit");
      await nemo.ask("quick");
    }
    if (death === "restart" || death === "amid the answers") {
      bot = startBot();
      await bot.ask("start");
    }
    if (death === "restart" || death === "takeover") {
      await until(async () => (await nemo.ask<number>("asked")) === TURNS + EXPORTS);
      takenUpMs = performance.now() - startedAt;
    }
    await until(async () => (await bot.ask<number>("depth")) === 0);
    const endedMs = lastAt - startedAt;
    await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS));
    let lost = 0;
    let doubled = 0;
    for (let person = 0; person < TURNS + EXPORTS; person++) {
      const difference = (answers.get(`bench:${person}`) ?? 0) - owedTo(person);
      lost += Math.max(0, -difference);
      doubled += Math.max(0, difference);
    }
    const { doubled: sentTwice } = await nemo.ask<{ doubled: number }>("sent");
    return { takenUpMs, endedMs, lost, doubled, caught, sentTwice };
  } finally {
    await first.kill();
    await bot.kill();
    await nemo.kill();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > TIMEOUT_MS) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const columns: { name: string; result: Result }[] = [];
columns.push({ name: "no crash", result: await scenario("none") });
columns.push({ name: "restart", result: await scenario("restart") });
columns.push({ name: "amid answers", result: await scenario("amid the answers") });
const redis = await startRedis();
if (redis) {
  columns.push({ name: "takeover", result: await scenario("takeover", { REDIS_URL: redis.url }) });
  await redis.stop();
}
const seconds = (ms: number | null) => (ms === null ? "" : `${(ms / 1000).toFixed(2)} s`);
const row = (name: string, of: (result: Result) => string | number, target = "") => [
  name,
  ...columns.map(({ result }) => String(of(result))),
  target,
];
printTable(
  `${TURNS} turns, ${TURNS} messages behind them, ${EXPORTS} exports polled every ${EXPORT_POLL_MS} ms`,
  [
    ["", ...columns.map(({ name }) => name), ""],
    row(
      "all at work again after",
      ({ takenUpMs }) => seconds(takenUpMs),
      "target for a takeover: at most 8 s",
    ),
    row("all ended after", ({ endedMs }) => seconds(endedMs)),
    row("answers lost", ({ lost }) => lost, "target: 0"),
    row("answers doubled", ({ doubled }) => doubled, "target: 0"),
    row("caught by their name", ({ caught }) => caught),
    row("sent to the backend twice", ({ sentTwice }) => sentTwice, "target: 0"),
  ],
);
