/**
 * Start to ready: from the start of the process to the first line of the terminal chat, against an empty
 * Node in the same run. Target: at most 14 times the empty Node. `node bench/start.ts`
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, printTable } from "./support/figures.ts";

const RUNS = 15;
const MAIN = join(import.meta.dirname, "../src/main.ts");

/** The practice chat keeps its project. */
const dataDir = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
const env = { ...process.env, DATA_DIR: dataDir };

/** Milliseconds until the process writes its first byte, or until it ends when it writes none. */
function timeToFirstByte(args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"], env });
    let firstByteMs: number | null = null;
    child.stdout.on("data", () => {
      firstByteMs ??= performance.now() - startedAt;
      child.stdin.end();
    });
    child.on("error", reject);
    child.on("close", () => resolve(firstByteMs ?? performance.now() - startedAt));
  });
}

const empty: number[] = [];
const bot: number[] = [];
const ratios: number[] = [];
// The first run of each fills the compile cache.
await timeToFirstByte(["-e", "0"]);
await timeToFirstByte([MAIN, "console", "--sandbox"]);
for (let run = 0; run < RUNS; run++) {
  const emptyMs = await timeToFirstByte(["-e", "0"]);
  const botMs = await timeToFirstByte([MAIN, "console", "--sandbox"]);
  empty.push(emptyMs);
  bot.push(botMs);
  ratios.push(botMs / emptyMs);
}
printTable("Start to ready", [
  ["empty Node", `${Math.round(median(empty))} ms`, ""],
  ["bot with sandbox, first line", `${Math.round(median(bot))} ms`, ""],
  ["ratio", `${median(ratios).toFixed(1)}x`, "target: at most 14x"],
]);
await rm(dataDir, { recursive: true, force: true });
