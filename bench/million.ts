/**
 * What 1,000,000 stored conversations cost a process that works with a few of them: its memory after some thousand
 * random reads and changes, beside the same on an empty store; and the file on disk. Target: at most 25 MB more.
 * `node bench/million.ts [how many]` (Linux)
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./support/child.ts";
import { median, printTable } from "./support/figures.ts";

const CONVERSATIONS = Number(process.argv[2] ?? 1_000_000);
const CALLS = 5_000;
const ROUNDS = 5;
const CHILD = new URL("support/million-child.ts", import.meta.url);

const full = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
const env = { NEMO_TOKEN: "bench", DATA_DIR: full };

/** Memory of a fresh process after its work, and how long that took. */
async function use(dataDir: string, expected: number): Promise<{ rssBytes: number; ms: number }> {
  const child = new Child(CHILD, [], { ...env, DATA_DIR: dataDir });
  try {
    // Nothing yet: it answers once the store is open.
    await child.ask("use", [0, 1]);
    const startedAt = performance.now();
    const found = await child.ask<number>("use", [CALLS, CONVERSATIONS]);
    const ms = performance.now() - startedAt;
    if (found < expected) throw new Error(`${found} of ${CALLS} conversations were found`);
    return { rssBytes: await child.rssBytes(), ms };
  } finally {
    await child.kill();
  }
}

try {
  const filler = new Child(CHILD, [], env);
  const startedAt = performance.now();
  await filler.ask("fill", CONVERSATIONS);
  const fillMs = performance.now() - startedAt;
  await filler.kill();
  const { size } = await stat(join(full, "nemobot.sqlite"));
  const million: { rssBytes: number; ms: number }[] = [];
  const none: { rssBytes: number; ms: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const empty = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
    none.push(await use(empty, 0));
    await rm(empty, { recursive: true, force: true });
    million.push(await use(full, CALLS));
  }
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const rss = (rounds: typeof none) => median(rounds.map(({ rssBytes }) => rssBytes));
  const perS = (rounds: typeof none) =>
    `${Math.round(CALLS / (median(rounds.map(({ ms }) => ms)) / 1000))}/s`;
  printTable(
    `${CONVERSATIONS} stored conversations, ${CALLS} random ones read and changed; median of ${ROUNDS}`,
    [
      ["", "full store", "empty store", ""],
      ["memory of the process", mb(rss(million)), mb(rss(none)), ""],
      ["more", mb(rss(million) - rss(none)), "", "target: at most 25 MB"],
      ["read and changed", perS(million), perS(none), ""],
      ["the file", mb(size), "", `filled in ${(fillMs / 1000).toFixed(0)} s, past the store`],
    ],
  );
} finally {
  await rm(full, { recursive: true, force: true });
}
