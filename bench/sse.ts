/**
 * How fast a turn's stream is decoded: bytes → UTF-8 → frames → JSON → validated events, beside `JSON.parse`
 * alone on the same events. Target: at least 0.6 of it. Run: `node bench/sse.ts`.
 */
import { TurnDecoder } from "../src/nemo/stream/decoder.ts";

const EVENTS = 20_000;
const ROUNDS = 9;
const TARGET = 0.6;

/** Events like those of a real ADK server, about 1 KB each: text chunks, then now and then a tool's result. */
function adkEvent(index: number): string {
  const text = `Chunk ${index}: I put the title over the first clip, softened the music below it and kept the cut. `;
  return JSON.stringify({
    invocationId: "e-3f9b23d0-d55e-46df-8013-aa9e7724c261",
    author: "nemo_agent",
    id: `ev${index}`,
    actions: { stateDelta: {}, artifactDelta: {}, requestedAuthConfigs: {}, requestedToolConfirmations: {} },
    longRunningToolIds: [],
    timestamp: 1795203030638 + index,
    content: {
      role: "model",
      parts: [
        {
          text: text.repeat(5),
          thoughtSignature: "CiQBVKhc7ki3ZrZ0Q1pLbm93aW5nVGhlU2lnbmF0dXJlSXNPcGFxdWU=",
        },
      ],
    },
    usageMetadata: {
      promptTokenCount: 812,
      candidatesTokenCount: 14,
      totalTokenCount: 826,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 812 }],
    },
    partial: index % 10 !== 9,
  });
}

const payloads = Array.from({ length: EVENTS }, (_, index) => adkEvent(index));
const stream = Buffer.from(payloads.map((payload) => `data: ${payload}\n\n`).join(""));
const sizeMb = stream.byteLength / 1e6;
let kept = 0;

function parseAlone(): void {
  for (const payload of payloads) if (JSON.parse(payload) !== null) kept += 1;
}

function decode(chunkBytes: number): void {
  const decoder = new TurnDecoder({ maxEventBytes: 8 * 1024 * 1024 });
  for (let start = 0; start < stream.byteLength; start += chunkBytes) {
    kept += decoder.feed(stream.subarray(start, start + chunkBytes)).length;
  }
  kept += decoder.end().length;
}

const subjects = [
  { name: "JSON.parse alone", run: parseAlone, times: [] as number[] },
  { name: "decoder, 16 KB chunks", run: () => decode(16 * 1024), times: [] as number[] },
  { name: "decoder, 64 KB chunks", run: () => decode(64 * 1024), times: [] as number[] },
];

// In turns, so that a busy machine slows all of them alike; the first rounds only warm up.
for (let round = -3; round < ROUNDS; round++) {
  for (const subject of subjects) {
    const start = performance.now();
    subject.run();
    if (round >= 0) subject.times.push(performance.now() - start);
  }
}

const speeds = subjects.map(({ name, times }) => {
  const medianMs = times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
  return { name, mbPerS: sizeMb / (medianMs / 1000), eventsPerS: EVENTS / (medianMs / 1000) };
});
const baseline = speeds[0]?.mbPerS ?? Number.NaN;

console.log(`${EVENTS} events of ${Math.round(stream.byteLength / EVENTS)} B, median of ${ROUNDS}`);
for (const { name, mbPerS, eventsPerS } of speeds) {
  const ratio = mbPerS / baseline;
  const verdict =
    mbPerS === baseline ? "baseline" : `target ${TARGET}: ${ratio >= TARGET ? "reached" : "missed"}`;
  console.log(
    `${name.padEnd(22)} ${mbPerS.toFixed(0).padStart(5)} MB/s ${Math.round(eventsPerS).toString().padStart(8)} events/s` +
      `  ratio ${ratio.toFixed(2)}  ${verdict}`,
  );
}
if (kept === 0) console.log("nothing was decoded");
