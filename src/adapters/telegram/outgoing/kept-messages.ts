/**
 * Private messages that wait behind a link into the person's own chat, since they could not be told where they were
 * asked for. Source: `ChatPlatform.keptMessage`; Bot API, "Deep linking".
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { OutgoingMessage } from "../../../core/model/message.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { JsonMemory } from "../../shared/json-memory.ts";

/** What begins the payload of such a link. */
export const KEPT_PREFIX = "private_";
const KEPT_FOR_MS = 86_400_000;

const keptSchema = z.object({
  userId: z.string(),
  language: z.string(),
  text: z.array(
    z.object({
      text: z.string(),
      bold: z.literal(true).optional(),
      code: z.literal(true).optional(),
      href: z.string().optional(),
    }),
  ),
  links: z.array(z.object({ label: z.string(), href: z.string() })),
});
type KeptMessage = z.infer<typeof keptSchema>;

export class KeptMessages {
  readonly #memory: JsonMemory<KeptMessage>;

  constructor(memory: AdapterMemory, log: Log) {
    this.#memory = new JsonMemory({
      memory,
      schema: keptSchema,
      what: "a private message that was kept",
      log,
      ttlMs: KEPT_FOR_MS,
    });
  }

  /** Keeps a message for a day; returns the key that leads to it. */
  async keep(message: KeptMessage): Promise<string> {
    const key = randomBytes(16).toString("base64url");
    await this.#memory.set(nameOf(key), message);
    return key;
  }

  /** The message, for its person alone; null when there is none, any more. */
  async find(key: string, userId: string): Promise<OutgoingMessage | null> {
    const kept = await this.#memory.get(nameOf(key));
    if (!kept || `telegram:${kept.userId}` !== userId) return null;
    return {
      tone: "private",
      language: kept.language,
      text: kept.text.map(({ text: words, bold, code, href }) => ({
        text: words,
        ...(bold ? { bold } : {}),
        ...(code ? { code } : {}),
        ...(href === undefined ? {} : { href }),
      })),
      buttons: kept.links.map(({ label, href }) => [{ kind: "link", label, href }]),
    };
  }
}

function nameOf(key: string): string {
  return `private:${key}`;
}
