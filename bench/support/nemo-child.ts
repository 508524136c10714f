/**
 * The backend of `nemo-stub.ts` in a process of its own, with a heartbeat on every open turn.
 * Source: nemo-api.md, "The SSE stream", "Keep-alive".
 */
import { answerParent } from "./child.ts";
import { finishTurn, startNemoStub } from "./nemo-stub.ts";

/** What the heartbeats of 10,000 streams are spread over. */
const HEARTBEAT_MS = 10_000;
const TICK_MS = 10;
const HEARTBEAT = 'data: {"type":"heartbeat"}\n\n';

/** A short film: clips, music and a title, as the state of a project that people work on. */
const DRAFT = {
  t: [
    {
      tt: 0,
      sg: Array.from({ length: 5 }, (_, clip) => ({
        id: `clip-${clip}`,
        s: clip * 4000,
        d: 4000,
        m: { title: `clip ${clip}.mp4`, url: `https://cdn.example.com/clips/${clip}.mp4` },
      })),
    },
    { tt: 1, sg: [{ id: "bgm", s: 0, d: 20_000, v: 0.35, m: { title: "Lo-fi morning" } }] },
    { tt: 7, sg: [{ id: "title", s: 0, d: 3000, m: { title: "Urban Dreams" } }] },
  ],
};

const nemo = await startNemoStub({ draft: DRAFT });
let beats: NodeJS.Timeout | undefined;

answerParent({
  url: () => nemo.url,
  open: () => nemo.turns.size,
  /** Resolves once so many turns are open. */
  async reach(count: number) {
    while (nemo.turns.size < count) await new Promise((resolve) => setTimeout(resolve, 10));
  },
  /** Every stream gets a heartbeat every ten seconds, spread evenly. */
  beat() {
    clearInterval(beats);
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
});
