/**
 * 1,000 jobs in one process that dies by `kill -9`: 400 running turns, a message that waits behind each of them, and
 * 200 exports. How long until the next process has taken all of them up, and until each has its end: one answer a
 * job, none lost, none doubled, nothing sent to the backend twice; beside the same jobs coming to their ends without
 * a crash. `node bench/recovery.ts`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./support/child.ts";
import { printTable } from "./support/figures.ts";

const TURNS = 400;
const EXPORTS = 200;
const JOBS = 2 * TURNS + EXPORTS;
/** Instead of 30 s: what is measured is the bot and not its patience. */
const EXPORT_POLL_MS = 1_000;
/** By then everything has come that will come; a doubled answer would show. */
const AFTERMATH_MS = 3_000;
const TIMEOUT_MS = 60_000;

interface Result {
  /** From the crash to the moment all jobs are known to the next process; null without a crash. */
  takenUpMs: number | null;
  endedMs: number;
  lost: number;
  doubled: number;
  sentTwice: number;
}

/** What each conversation is owed: a turn and the message behind it, or an export. */
function owedTo(conversation: string): number {
  return Number(conversation.split(":")[1]) < TURNS ? 2 : 1;
}

async function scenario(end: "crash" | "peace"): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
  const nemo = new Child(new URL("support/nemo-child.ts", import.meta.url));
  const url = await nemo.ask<string>("url");
  const env = {
    DATA_DIR: dataDir,
    LOG_LEVEL: "error",
    NEMO_API_URL: url,
    NEMO_WEB_URL: url,
    NEMO_TOKEN: "bench",
    EXPORT_POLL_MS: String(EXPORT_POLL_MS),
  };
  const answers = new Map<string, number>();
  let lastAt = 0;
  const startBot = () => {
    const bot = new Child(new URL("support/recovery-child.ts", import.meta.url), [], env);
    bot.onNews = (conversation) => {
      lastAt = performance.now();
      answers.set(String(conversation), (answers.get(String(conversation)) ?? 0) + 1);
    };
    return bot;
  };
  let bot = startBot();
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
    const startedAt = performance.now();
    let takenUpMs: number | null = null;
    if (end === "crash") {
      await bot.kill();
      await nemo.ask("edit");
      await nemo.ask("quick");
      bot = startBot();
      const jobs = await bot.ask<number>("start");
      takenUpMs = performance.now() - startedAt;
      if (jobs !== JOBS) console.log(`${jobs} jobs were taken up instead of ${JOBS}`);
    } else {
      await nemo.ask("quick");
      await nemo.ask("finish");
    }
    await until(async () => (await bot.ask<number>("depth")) === 0);
    const endedMs = lastAt - startedAt;
    await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS));
    let lost = 0;
    let doubled = 0;
    for (let person = 0; person < TURNS + EXPORTS; person++) {
      const conversation = `bench:${person}`;
      const difference = (answers.get(conversation) ?? 0) - owedTo(conversation);
      lost += Math.max(0, -difference);
      doubled += Math.max(0, difference);
    }
    const { doubled: sentTwice } = await nemo.ask<{ doubled: number }>("sent");
    return { takenUpMs, endedMs, lost, doubled, sentTwice };
  } finally {
    await bot.kill();
    await nemo.kill();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > TIMEOUT_MS) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const peace = await scenario("peace");
const crash = await scenario("crash");
const seconds = (ms: number | null) => (ms === null ? "" : `${(ms / 1000).toFixed(2)} s`);
const row = (name: string, of: (result: Result) => string | number, target = "") => [
  name,
  String(of(crash)),
  String(of(peace)),
  target,
];
printTable(
  `${TURNS} turns, ${TURNS} messages behind them, ${EXPORTS} exports polled every ${EXPORT_POLL_MS} ms`,
  [
    ["", "after kill -9", "no crash", ""],
    row("all taken up after", ({ takenUpMs }) => seconds(takenUpMs)),
    row("all ended after", ({ endedMs }) => seconds(endedMs)),
    row("answers lost", ({ lost }) => lost, "target: 0"),
    row("answers doubled", ({ doubled }) => doubled, "target: 0"),
    row("sent to the backend twice", ({ sentTwice }) => sentTwice, "target: 0"),
  ],
);
