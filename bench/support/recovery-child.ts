/**
 * The bot of `bench/recovery.ts`, its chat in the process that measures: every answer a person would read is told
 * to it, by conversation. `node recovery-child.ts`, settings as usual.
 */
import { startBot } from "../../src/app/compose.ts";
import { loadConfig } from "../../src/app/config.ts";
import { createLog } from "../../src/app/log.ts";
import { answerParent, tellParent } from "./child.ts";
import { CountingPlatform, said } from "./counting-platform.ts";

/** A person reads an answer. */
export interface Answered {
  conversationId: string;
  /** The chat knows an answer that comes again by it, and does not show it. */
  idempotencyKey: string | undefined;
}

const config = loadConfig(process.env);
const log = await createLog({ level: config.logLevel, secrets: [] });
const bot = await startBot(config, { log, storage: "disk" });
bot.addPlatform(
  new CountingPlatform(({ conversationId }, { tone, idempotencyKey }) => {
    // The place in the queue, "Still working" and the like end nothing.
    if (tone === "reply" || tone === "error")
      tellParent({ conversationId, idempotencyKey } satisfies Answered);
  }),
);

answerParent({
  start: () => bot.engine.start(),
  say: ([person, text]: [number, string]) => bot.engine.receive(said(person, text)),
  depth: () => bot.queue.depth(),
});
