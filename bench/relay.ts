/**
 * What it costs to pass a file on: HTTP server → our upload path → HTTP server, each in a process of its own,
 * beside `curl | curl -T -` in the same run. Targets: wall at most 1.4 times the baseline; memory over the
 * idle process at most 60 MB, at most 100 MB for 8 at once. Run: `node bench/relay.ts`.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);
const MB = 1e6;
const ROUNDS = 5;
const SMALL_HEAP = "--max-semi-space-size=1";
const SERVERS = fileURLToPath(new URL("support/relay-servers.ts", import.meta.url));
const CHILD = fileURLToPath(new URL("support/relay-child.ts", import.meta.url));

const measureSchema = z.object({
  wallMs: z.number(),
  cpuMs: z.number(),
  idleBytes: z.number(),
  peakBytes: z.number(),
});
type Measure = z.infer<typeof measureSchema>;

const processes: ChildProcess[] = [];

async function serve(role: "source" | "sink"): Promise<string> {
  const child = spawn(process.execPath, [SERVERS, role], { stdio: ["ignore", "pipe", "inherit"] });
  processes.push(child);
  const [port] = await once(child.stdout, "data");
  return `http://127.0.0.1:${Number(String(port))}`;
}

interface Scenario {
  flags: string[];
  sizeBytes: number;
  files?: number;
  sessionId?: string;
}

const source = await serve("source");
const sink = await serve("sink");

async function relay({ flags, sizeBytes, files = 1, sessionId = "s" }: Scenario): Promise<Measure> {
  const args = [...flags, CHILD, source, sink, String(sizeBytes), String(files), sessionId];
  const { stdout } = await run(process.execPath, args);
  return measureSchema.parse(JSON.parse(stdout));
}

/** Wall time of the baseline in ms, the start of both processes (about 15 ms) included. */
async function curl(sizeBytes: number): Promise<number> {
  const startedAt = performance.now();
  await run("sh", [
    "-c",
    'curl -s "$1" | curl -s -X POST -T - "$2"',
    "sh",
    `${source}/${sizeBytes}`,
    `${sink}/x`,
  ]);
  return performance.now() - startedAt;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function report(name: string, measures: Measure[], limitMb: number, baselineMs?: number): void {
  const wallMs = median(measures.map((measure) => measure.wallMs));
  const overMb = Math.max(...measures.map((measure) => measure.peakBytes - measure.idleBytes)) / MB;
  const idleMb = median(measures.map((measure) => measure.idleBytes)) / MB;
  const cpuMs = median(measures.map((measure) => measure.cpuMs));
  const ratio = baselineMs === undefined ? "" : `  ratio ${(wallMs / baselineMs).toFixed(2)} (≤ 1.40)`;
  console.log(
    `${name.padEnd(34)} wall ${(wallMs / 1000).toFixed(2)} s  cpu ${(cpuMs / 1000).toFixed(2)} s` +
      `  memory +${overMb.toFixed(0)} MB over ${idleMb.toFixed(0)} MB idle (≤ ${limitMb})${ratio}`,
  );
}

try {
  const size = 500 * MB;
  const baseline: number[] = [];
  const small: Measure[] = [];
  const usual: Measure[] = [];
  await curl(size);
  for (let round = 0; round < ROUNDS; round++) {
    baseline.push(await curl(size));
    small.push(await relay({ flags: [SMALL_HEAP], sizeBytes: size }));
    usual.push(await relay({ flags: [], sizeBytes: size }));
  }
  const baselineMs = median(baseline);
  console.log(`500 MB: median wall of ${ROUNDS}, highest memory of ${ROUNDS}`);
  console.log(`${"curl | curl -T -".padEnd(34)} wall ${(baselineMs / 1000).toFixed(2)} s  baseline`);
  report(`500 MB, ${SMALL_HEAP}`, small, 60, baselineMs);
  report("500 MB, default flags", usual, 60, baselineMs);
  for (const flags of [[SMALL_HEAP], []]) {
    const mode = flags.length > 0 ? "small" : "default";
    report(`2 GB, ${mode}`, [await relay({ flags, sizeBytes: 2000 * MB })], 60);
    const slow = { flags, sizeBytes: 200 * MB, sessionId: "rate20" };
    report(`200 MB to a 20 MB/s sink, ${mode}`, [await relay(slow)], 60);
    report(`8 × 500 MB at once, ${mode}`, [await relay({ flags, sizeBytes: size, files: 8 })], 100);
  }
} finally {
  for (const child of processes) child.kill();
}
