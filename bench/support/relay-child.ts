/**
 * The process under measurement of `bench/relay.ts`: it takes files from an address and uploads them, all at
 * once, then prints its times and its memory as JSON.
 * `node relay-child.ts <source> <sink> <bytes> <files> <session>`
 */
import { request } from "undici";
import type { BackendCaller } from "../../src/core/ports/video-backend.ts";
import { NemoClient } from "../../src/nemo/client.ts";
import { quietLog } from "./quiet-log.ts";

const [sourceUrl = "", sinkUrl = "", size = "0", count = "1", sessionId = "s"] = process.argv.slice(2);
const sizeBytes = Number(size);
const clock = { now: Date.now, sleep: async () => {} };
const nemo = new NemoClient({ apiUrl: sinkUrl, webUrl: sinkUrl, retryWaitMs: 1, log: quietLog, clock });
const caller: BackendCaller = {
  account: { owner: "operator", clientId: "bench", token: "bench", userId: null, expiresAt: null },
  skill: { name: "bench", version: "1", platform: "bench" },
  reloadAccount: async () => {},
  saveAccount: async () => {},
};
const { signal } = new AbortController();

async function relay(): Promise<void> {
  const file = {
    name: "clip.mp4",
    mimeType: "video/mp4",
    sizeBytes,
    open: async () => (await request(`${sourceUrl}/${sizeBytes}`, { signal })).body,
  };
  await nemo.uploadFiles(caller, { sessionId, files: [file] }, signal);
}

const idleBytes = process.memoryUsage.rss();
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
await Promise.all(Array.from({ length: Number(count) }, relay));
const cpu = process.cpuUsage(cpuBefore);
const wallMs = performance.now() - startedAt;
// `maxRSS` is in KiB and never falls: the peak.
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ wallMs, cpuMs: (cpu.user + cpu.system) / 1000, idleBytes, peakBytes }));
await nemo.close();
