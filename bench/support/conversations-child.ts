/**
 * The process under measurement of `bench/conversations.ts`: the bot with a platform that only counts, or, as
 * `bare`, nothing but streams of undici held open. `node conversations-child.ts bot|bare`, settings as usual.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Agent } from "undici";
import { type Answers, answerParent } from "./child.ts";
import { CountingPlatform, said } from "./counting-platform.ts";
import { liveHeapBytes } from "./live-heap.ts";

/** How long the event loop is watched, and what the process costs in that time. */
async function watchLoop(ms: number) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpuBefore = process.cpuUsage();
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, ms));
  delay.disable();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    p50Ms: delay.percentile(50) / 1e6,
    p99Ms: delay.percentile(99) / 1e6,
    maxMs: delay.max / 1e6,
    cpuShare: (user + system) / 1000 / ms,
  };
}

async function bot(): Promise<Answers> {
  // Here, so that the bare process is bare.
  const [{ startBot }, { loadConfig }, { createLog }] = await Promise.all([
    import("../../src/app/compose.ts"),
    import("../../src/app/config.ts"),
    import("../../src/app/log.ts"),
  ]);
  const config = loadConfig(process.env);
  const log = await createLog({ level: config.logLevel, secrets: [] });
  const running = await startBot(config, { log, storage: "disk" });
  let answers = 0;
  running.addPlatform(
    new CountingPlatform((_target, { text }) => {
      if (text[0]?.text.startsWith("Answer")) answers += 1;
    }),
  );
  await running.engine.start();
  return {
    async say([from, to]: [number, number]) {
      for (let person = from; person < to; person++)
        await running.engine.receive(said(person, `Make film number ${person}`));
    },
    /** Resolves with the number of answers once nothing is left to do. */
    async drained() {
      await running.queue.idle();
      return answers;
    },
  };
}

async function bare(): Promise<Answers> {
  const url = process.env.NEMO_API_URL ?? "";
  const agent = new Agent({ pipelining: 0 });
  const streams: Promise<void>[] = [];

  async function hold(person: number): Promise<void> {
    const { body } = await agent.request({
      origin: url,
      path: "/run_sse",
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ new_message: { parts: [{ text: `Make film number ${person}` }] } }),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    for await (const _chunk of body) {
      // Read, and that is all.
    }
  }

  return {
    say([from, to]: [number, number]) {
      for (let person = from; person < to; person++) streams.push(hold(person));
    },
    async drained() {
      await Promise.all(streams);
      return streams.length;
    },
  };
}

const roles: Record<string, () => Promise<Answers>> = { bot, bare };
answerParent({ ...(await roles[process.argv[2] ?? ""]?.()), watchLoop, liveHeapBytes });
