/**
 * Late answers of commands, each shown once: a follow-up carries no nonce, so that the channel is asked for one over
 * which a process died. Source: Discord docs, "Create Followup Message"; `OutgoingMessage.idempotencyKey`.
 */
import type { APIMessage, REST } from "discord.js";
import { Routes } from "discord-api-types/v10";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { orInTrouble } from "../../shared/store-trouble.ts";
import { nonceFor } from "../nonce.ts";
import type { DiscordPlace } from "../place.ts";
import type { Body } from "./body.ts";
import { followUpAs } from "./interaction-answers.ts";

/** As long as marks of sent messages. */
const KEPT_FOR_MS = 2 * 86_400_000;
/** Messages after the command that are looked through. */
const LOOKED_AT = 100;

export class LateAnswers {
  readonly #options: { rest: REST; memory: AdapterMemory; log: Log };

  constructor(options: { rest: REST; memory: AdapterMemory; log: Log }) {
    this.#options = options;
  }

  /** To be called before a late answer leaves. Without the store the answer is sent all the same. */
  async begin(name: string): Promise<void> {
    await orInTrouble(this.#options.memory.set(keyOf(name), "1", KEPT_FOR_MS), undefined);
  }

  /** What `edit` understands of a late answer that has left; null: it has not, as far as can be seen. */
  async find(name: string, { channelId, interactionId }: DiscordPlace, body: Body): Promise<string | null> {
    const { rest, memory, log } = this.#options;
    if (interactionId === undefined) return null;
    if ((await orInTrouble(memory.get(keyOf(name)), null)) === null) return null;
    try {
      const query = new URLSearchParams({ after: interactionId, limit: String(LOOKED_AT) });
      // The answer's shape is Discord's documented list of messages.
      const said = (await rest.get(Routes.channelMessages(channelId), { query })) as APIMessage[];
      const found = said.find(
        (one) => one.interaction_metadata?.id === interactionId && wordsOf(one) === wordsOf(body),
      );
      return found ? followUpAs(found) : null;
    } catch (error) {
      log.info({ err: error }, "it cannot be seen whether a late answer has left; sending it");
      return null;
    }
  }
}

/** The words of a message, wherever they stand. */
function wordsOf({ content, components = [] }: { content?: string | null; components?: unknown[] }): string {
  // Components are objects; those with words or other components in them count.
  const inside = (components as { content?: string; components?: unknown[] }[]).map(wordsOf);
  return [content ?? "", ...inside].join("");
}

function keyOf(name: string): string {
  return `late:${nonceFor(name)}`;
}
