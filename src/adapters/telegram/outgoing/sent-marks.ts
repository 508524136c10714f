/** What Telegram's side remembers of each message that must be sent once. Source: `shared/sent-marks.ts`. */
import { z } from "zod";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { SentMarks } from "../../shared/sent-marks.ts";

const postedSchema = z.object({
  chatId: z.string(),
  /** 0 when Telegram did not say, or when the process died before it knew. */
  messageId: z.number(),
  /** It is the video itself, not its link. */
  isFile: z.boolean(),
});

/** A message that Telegram has. */
export type Posted = z.infer<typeof postedSchema>;

export type TelegramMarks = SentMarks<Posted>;

/** Telegram has no idempotency key of its own: these marks are all there is. */
export function createSentMarks(memory: AdapterMemory, log: Log): TelegramMarks {
  return new SentMarks({ memory, message: postedSchema, keyOf: (key) => `once:${key}`, log });
}
