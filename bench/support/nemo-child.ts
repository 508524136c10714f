/**
 * The backend of `nemo-stub.ts` in a process of its own, with a film in every project and a heartbeat on every open
 * turn. Source: nemo-api.md, "Draft" and "The SSE stream", "Keep-alive".
 */
import { setTimeout as sleep } from "node:timers/promises";
import { answerParent } from "./child.ts";
import { finishTurn, startNemoStub } from "./nemo-stub.ts";

/** What the heartbeats of all streams are spread over. */
const HEARTBEAT_MS = 10_000;
const TICK_MS = 10;
const HEARTBEAT = 'data: {"type":"heartbeat"}\n\n';

/** A short film, as the state of a project that people work on: clips, music and a title. */
function film(title: string): unknown {
  const clips = Array.from({ length: 5 }, (_, clip) => ({
    id: `clip-${clip}`,
    s: clip * 4000,
    d: 4000,
    m: { title: `clip ${clip}.mp4`, url: `https://cdn.example.com/clips/${clip}.mp4` },
  }));
  return {
    t: [
      { tt: 0, sg: clips },
      { tt: 1, sg: [{ id: "bgm", s: 0, d: 20_000, v: 0.35, m: { title: "Lo-fi morning" } }] },
      { tt: 7, sg: [{ id: "title", s: 0, d: 3000, m: { title } }] },
    ],
  };
}

const nemo = await startNemoStub();
nemo.draft = film("Urban Dreams");
let beats: NodeJS.Timeout | undefined;

answerParent({
  url: () => nemo.url,
  /** Resolves once so many turns are open. */
  async reach(count: number) {
    while (nemo.turns.size < count) await sleep(TICK_MS);
  },
  /** Every stream gets a heartbeat every ten seconds, spread evenly. */
  beat() {
    const streams = [...nemo.turns.values()];
    let next = 0;
    let owed = 0;
    let lastAt = performance.now();
    beats = setInterval(() => {
      const now = performance.now();
      owed += ((now - lastAt) / HEARTBEAT_MS) * streams.length;
      lastAt = now;
      for (; owed >= 1; owed--) streams[next++ % streams.length]?.write(HEARTBEAT);
    }, TICK_MS);
  },
  /** All turns answer in one moment. */
  finish() {
    clearInterval(beats);
    const turns = [...nemo.turns];
    nemo.turns.clear();
    for (const [words, response] of turns) finishTurn(response, `Answer to ${words}.`);
  },
  /** From now on turns and renders are done as soon as they are asked for. */
  quick() {
    nemo.isQuick = true;
  },
  /** The edits of all turns are in the timeline. */
  edit() {
    nemo.draft = film("Urban Dreams, the sequel");
  },
  /** How many sessions and renders were asked for since `forget`. */
  asked: () => nemo.asked.size,
  forget: () => nemo.asked.clear(),
  /** How many turns and renders were sent, and how many of them more than once. */
  sent: () => ({
    all: nemo.sent.size,
    doubled: [...nemo.sent.values()].filter((times) => times > 1).length,
  }),
});
