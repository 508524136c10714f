/**
 * 10,000 conversations in a turn at once in one process: what an open turn costs in memory, how late the event loop
 * is while every stream gets its heartbeats, and how long all of them take to end in one burst; beside as many
 * streams of the same backend held open by undici alone. Targets: at most 60 KB an open turn, p99 at most 50 ms.
 * `node bench/conversations.ts [how many]` (Linux)
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Child } from "./support/child.ts";
import { printTable } from "./support/figures.ts";

const ASKED = Number(process.argv[2] ?? 10_000);
/** Files that a process opens besides its streams. */
const SPARE_FILES = 500;
/** So many come at once: people are not all there in one moment, as they are in the burst at the end. */
const STEP = 100;
/** Turns that are over before anything is measured: what is loaded and compiled belongs to the idle process. */
const WARM_UP = 200;
/** More than a round of heartbeats, so that every stream has been read. */
const CALM_MS = 12_000;
const WATCH_MS = 10_000;

interface Loop {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  cpuShare: number;
}

interface Figures {
  idleBytes: number;
  openBytes: number;
  /** Of the heap alone, garbage left out. */
  liveBytes: number;
  loop: Loop;
  drainMs: number;
}

/** As many as the limit of open files allows; Node has raised it as far as it may. */
async function affordable(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8");
  const maxFiles = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.min(ASKED, maxFiles - SPARE_FILES);
}

async function measure(role: "bot" | "bare", conversations: number): Promise<Figures> {
  const dataDir = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
  const nemo = new Child(new URL("support/nemo-child.ts", import.meta.url));
  const url = await nemo.ask<string>("url");
  const env = {
    DATA_DIR: dataDir,
    LOG_LEVEL: "warn",
    NEMO_API_URL: url,
    NEMO_WEB_URL: url,
    NEMO_TOKEN: "bench",
  };
  const bot = new Child(new URL("support/conversations-child.ts", import.meta.url), [role], env);
  try {
    /** Resolves once the turns of these people are open. */
    const say = async (from: number, to: number) => {
      for (let start = from; start < to; start += STEP) {
        const end = Math.min(start + STEP, to);
        await bot.ask("say", [start, end]);
        await nemo.ask("reach", end - from);
      }
    };
    await say(0, WARM_UP);
    await nemo.ask("finish");
    await bot.ask("drained");
    const idleBytes = await bot.rssBytes();
    await say(WARM_UP, WARM_UP + conversations);
    await nemo.ask("beat");
    await sleep(CALM_MS);
    const loop = await bot.ask<Loop>("watchLoop", WATCH_MS);
    const openBytes = await bot.rssBytes();
    // Not before: V8 is thriftier in a process whose garbage was collected on demand once.
    const openLiveBytes = await bot.ask<number>("liveHeapBytes");
    const startedAt = performance.now();
    const finished = nemo.ask("finish");
    const answers = await bot.ask<number>("drained");
    const drainMs = performance.now() - startedAt;
    await finished;
    if (answers !== WARM_UP + conversations) throw new Error(`${answers} answers came`);
    const liveBytes = openLiveBytes - (await bot.ask<number>("liveHeapBytes"));
    return { idleBytes, openBytes, liveBytes, loop, drainMs };
  } finally {
    await bot.kill();
    await nemo.kill();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const conversations = await affordable();
if (conversations < ASKED) console.log(`Only ${conversations}: the limit of open files allows no more.`);
const bare = await measure("bare", conversations);
const bot = await measure("bot", conversations);
const perTurn = (bytes: number) => `${(bytes / conversations / 1000).toFixed(1)} KB`;
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const ms = (value: number) => `${value.toFixed(1)} ms`;
const row = (name: string, of: (figures: Figures) => string, target = "") => [
  name,
  of(bot),
  of(bare),
  target,
];
printTable(`${conversations} conversations in a turn, each stream with a heartbeat every 10 s`, [
  ["", "bot", "bare undici", ""],
  row(
    "memory an open turn",
    ({ openBytes, idleBytes }) => perTurn(openBytes - idleBytes),
    "target: at most 60 KB",
  ),
  row("of it alive in the heap", ({ liveBytes }) => perTurn(liveBytes)),
  row("memory of the process", (figures) => mb(figures.openBytes)),
  row("idle before", (figures) => mb(figures.idleBytes)),
  row("event-loop delay, p50", ({ loop }) => ms(loop.p50Ms)),
  row("event-loop delay, p99", ({ loop }) => ms(loop.p99Ms), "target: at most 50 ms"),
  row("event-loop delay, highest", ({ loop }) => ms(loop.maxMs)),
  row("share of a core", ({ loop }) => `${(loop.cpuShare * 100).toFixed(0)} %`),
  row("all end in one burst", ({ drainMs }) => `${(drainMs / 1000).toFixed(2)} s`),
]);
