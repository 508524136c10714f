/**
 * A 500 MB file from Telegram through the bot to the backend, each in a process of its own, beside
 * `curl | curl -T -` over the same way in the same run. By file: a local Bot API server's folder. By HTTP: the
 * download of the cloud, whose 20 MB a server that names no size leaves behind. Targets: memory at most 60 MB over
 * the idle bot; by HTTP wall at most 1.4 times the baseline (a file has none: curl reads it at next to no cost). `node bench/telegram-relay.ts` (Linux)
 */
import { type ChildProcess, execFile, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { privateMessage, startBotApiStub } from "./support/bot-api-stub.ts";
import { median, printTable } from "./support/figures.ts";
import { startNemoStub } from "./support/nemo-stub.ts";
import { memoryOf, resetPeak } from "./support/process-memory.ts";

const MB = 1e6;
const SIZE_BYTES = 500 * MB;
const ROUNDS = 5;
const MAIN = join(import.meta.dirname, "../src/main.ts");
const run = promisify(execFile);

const uploadSchema = z.object({ startedAtMs: z.number(), endedAtMs: z.number(), sizeBytes: z.number() });

/** In the process of the backend: tells its address, then every upload. */
async function serveBackend(): Promise<void> {
  const nemo = await startNemoStub({ onUpload: (upload) => process.send?.(upload) });
  process.send?.(nemo.url);
}

interface Way {
  name: string;
  localDir: string | null;
}

async function measure(way: Way, backend: ChildProcess, nemoUrl: string): Promise<string[][]> {
  const dataDir = await mkdtemp(join(tmpdir(), "nemobot-bench-"));
  const path = way.localDir ? join(way.localDir, "clip.mp4") : "videos/clip.mp4";
  let isIdle: () => void = () => {};
  const idle = () => new Promise<void>((resolve) => (isIdle = resolve));
  const telegram = await startBotApiStub({
    file: { path, sizeBytes: SIZE_BYTES },
    onCall: ({ params }) => {
      const text = String(params.text ?? "");
      if (text.includes("What should I do with it?") || text.includes("Commands")) isIdle();
    },
  });
  const bot = spawn(process.execPath, ["--max-semi-space-size=1", MAIN], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      PATH: process.env.PATH ?? "",
      DATA_DIR: dataDir,
      LOG_LEVEL: "warn",
      NEMO_API_URL: nemoUrl,
      NEMO_WEB_URL: nemoUrl,
      NEMO_TOKEN: "bench",
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.apiRoot,
      ...(way.localDir ? { TELEGRAM_LOCAL_FILES_DIR: way.localDir } : {}),
    },
  });
  const pid = bot.pid ?? 0;
  const source = way.localDir ? `file://${path}` : `${telegram.apiRoot}/file/bot/${path}`;
  const baselines: number[] = [];
  const walls: number[] = [];
  const peaks: number[] = [];
  try {
    const greeted = idle();
    telegram.push([privateMessage(0, { text: "help" })]);
    await greeted;
    const { rssBytes: idleBytes } = await memoryOf(pid);
    // The first round only warms up: file cache and connections.
    for (let round = 0; round <= ROUNDS; round++) {
      const startedAt = performance.now();
      const curled = once(backend, "message");
      await run("sh", ["-c", 'curl -s "$1" | curl -s -X POST -T - "$2"', "sh", source, `${nemoUrl}/sink`]);
      await curled;
      const baselineMs = performance.now() - startedAt;
      await resetPeak(pid);
      const answered = idle();
      const arrived = once(backend, "message");
      const video = {
        file_id: "f",
        file_unique_id: "f",
        duration: 1,
        width: 1,
        height: 1,
        file_name: "clip.mp4",
      };
      telegram.push([privateMessage(round, { video })]);
      const [message] = await arrived;
      const upload = uploadSchema.parse(message);
      if (upload.sizeBytes < SIZE_BYTES) throw new Error("the file did not arrive whole");
      const { peakBytes } = await memoryOf(pid);
      await answered;
      if (round === 0) continue;
      baselines.push(baselineMs);
      walls.push(upload.endedAtMs - upload.startedAtMs);
      peaks.push(peakBytes - idleBytes);
    }
    const ratio = median(walls) / median(baselines);
    return [
      [`${way.name}: curl | curl -T -`, `${(median(baselines) / 1000).toFixed(2)} s`, ""],
      [`${way.name}: bot`, `${(median(walls) / 1000).toFixed(2)} s`, ""],
      [`${way.name}: ratio`, `${ratio.toFixed(2)}x`, way.localDir ? "" : "target: at most 1.40x"],
      [
        `${way.name}: highest memory`,
        `+${(Math.max(...peaks) / MB).toFixed(0)} MB`,
        `over ${(idleBytes / MB).toFixed(0)} MB idle; target: at most 60 MB`,
      ],
    ];
  } finally {
    const ended = once(bot, "close");
    bot.kill();
    await ended;
    telegram.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const localDir = await mkdtemp(join(tmpdir(), "nemobot-bench-files-"));
  const backend = fork(import.meta.filename, ["backend"]);
  try {
    const [nemoUrl] = await once(backend, "message");
    const file = await open(join(localDir, "clip.mp4"), "w");
    for (let written = 0; written < SIZE_BYTES; written += 10 * MB)
      await file.write(Buffer.alloc(10 * MB, "v"));
    await file.close();
    const rows = [
      ...(await measure({ name: "by file", localDir }, backend, String(nemoUrl))),
      ...(await measure({ name: "by HTTP", localDir: null }, backend, String(nemoUrl))),
    ];
    printTable(`500 MB from Telegram to the backend, median of ${ROUNDS}`, rows);
  } finally {
    backend.kill();
    await rm(localDir, { recursive: true, force: true });
  }
}

await (process.argv[2] === "backend" ? serveBackend() : main());
