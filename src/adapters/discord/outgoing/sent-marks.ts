/** What Discord's side remembers of each message that must be sent once. Source: `shared/sent-marks.ts`. */
import { z } from "zod";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { SentMarks } from "../../shared/sent-marks.ts";
import { nonceFor } from "../nonce.ts";

const postedSchema = z.object({
  /** What `Sender.edit` understands. */
  messageId: z.string(),
  /** It carries the video itself, not its link alone. */
  hasFile: z.boolean(),
});

export function createSentMarks(memory: AdapterMemory, log: Log) {
  return new SentMarks({ memory, log, message: postedSchema, keyOf: (name) => `shown:${nonceFor(name)}` });
}
