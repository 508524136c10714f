/**
 * The answers of interactions: the first fills what was deferred, further ones follow it, and how many there are is
 * known to every process. Source: Discord docs, "Followup Messages"; platforms.md, "Interactions".
 */
import type { APIMessage, RawFile, REST } from "discord.js";
import { MessageFlags, Routes } from "discord-api-types/v10";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { BoundedMap } from "../../../lib/bounded-map.ts";
import { createKeyedQueue } from "../../../lib/keyed-queue.ts";
import { orInTrouble } from "../../shared/store-trouble.ts";
import { isApiError } from "../api-errors.ts";
import type { DiscordPlace } from "../place.ts";
import type { Body } from "./body.ts";

/** An interaction's token lives 15 minutes; Discord itself says when it was less. */
const TOKEN_LIVES_MS = 15 * 60_000;
/** Interactions whose answers are known without the store. */
const MAX_KNOWN = 5_000;
/** What an interaction's first answer is called. */
export const ORIGINAL = "@original";

/** What an interaction was answered with so far. */
export interface Answers {
  /** The first answer included. */
  used: number;
  /** The nonce of the named message that is the first answer; null for others. */
  first: string | null;
  /** The first answer only shows what goes on: the answer may take its place. */
  isDecoration: boolean;
}

/** A message with its files. */
export interface Content {
  body: Body;
  files: RawFile[];
}

export interface InteractionAnswersOptions {
  rest: REST;
  applicationId: () => Promise<string>;
  memory: AdapterMemory;
  clock: Clock;
  log: Log;
}

export class InteractionAnswers {
  readonly #options: InteractionAnswersOptions;
  /** Answers of the latest interactions, for when the store is in trouble. */
  readonly #known = new BoundedMap<string, string>(MAX_KNOWN);
  readonly #oneByOne = createKeyedQueue();
  /** Interactions that are being answered, and how often. */
  readonly #busy = new Map<string, number>();

  constructor(options: InteractionAnswersOptions) {
    this.#options = options;
  }

  /** The messages of one interaction, one after another: only one can be its first answer. */
  async inOrder<T>(interactionId: string, task: () => Promise<T>): Promise<T> {
    this.#busy.set(interactionId, (this.#busy.get(interactionId) ?? 0) + 1);
    try {
      return await this.#oneByOne(interactionId, task);
    } finally {
      const left = (this.#busy.get(interactionId) ?? 1) - 1;
      if (left === 0) this.#busy.delete(interactionId);
      else this.#busy.set(interactionId, left);
    }
  }

  /** Whether `inOrder` would wait. */
  isBusy(interactionId: string): boolean {
    return this.#busy.has(interactionId);
  }

  /** False where there is no interaction, or its token has run out. */
  canAnswer({ interactionId, interactionAt = 0 }: DiscordPlace): boolean {
    return interactionId !== undefined && this.#options.clock.now() - interactionAt <= TOKEN_LIVES_MS;
  }

  async of(interactionId: string): Promise<Answers> {
    const { memory } = this.#options;
    const known = this.#known.get(interactionId) ?? null;
    const text = (await orInTrouble(memory.get(keyOf(interactionId)), known)) ?? "0";
    const [used, first, decoration] = text.split(" ");
    return { used: Number(used), first: first || null, isDecoration: decoration === "decoration" };
  }

  /** Never throws. */
  async keep(interactionId: string, { used, first, isDecoration }: Answers): Promise<void> {
    const { memory, log } = this.#options;
    const text = first === null ? String(used) : `${used} ${first}${isDecoration ? " decoration" : ""}`;
    this.#known.set(interactionId, text);
    try {
      await memory.set(keyOf(interactionId), text, TOKEN_LIVES_MS);
    } catch (error) {
      log.warn({ err: error }, "an interaction's answers could not be counted");
    }
  }

  /** Fills what was deferred; returns what `edit` understands. Throws Discord's refusal. */
  async fill(place: DiscordPlace, { body, files }: Content): Promise<string> {
    // The answer's shape is Discord's documented message object.
    const filled = (await this.#options.rest.patch(await this.pathOf(place, ORIGINAL), {
      body,
      files,
      auth: false,
    })) as APIMessage;
    return originalAs(filled);
  }

  /** Takes back the public deferred answer. Throws Discord's refusal. */
  async takeBack(place: DiscordPlace): Promise<void> {
    try {
      await this.#options.rest.delete(await this.pathOf(place, ORIGINAL), { auth: false });
    } catch (error) {
      // By a process that died in between, or by a moderator.
      if (!isApiError(error, 10008)) throw error;
    }
  }

  /** One more answer; returns what `edit` understands. Throws Discord's refusal. */
  async follow(place: DiscordPlace, { body, files }: Content, isEphemeral: boolean): Promise<string> {
    // As above.
    const sent = (await this.#options.rest.post(await this.followPathOf(place), {
      body: isEphemeral ? asEphemeral(body) : body,
      files,
      auth: false,
    })) as APIMessage;
    return followUpAs(sent);
  }

  /** Where further answers go. */
  async followPathOf({ interactionToken = "" }: DiscordPlace) {
    return Routes.webhook(await this.#options.applicationId(), interactionToken);
  }

  /** Where an answer is reached while the token lives. */
  async pathOf({ interactionToken = "" }: DiscordPlace, id: string) {
    return Routes.webhookMessage(await this.#options.applicationId(), interactionToken, id);
  }
}

/** A body that only the person sees, as a further answer. */
export function asEphemeral(body: Body): Body {
  return { ...body, flags: (body.flags ?? 0) | MessageFlags.Ephemeral };
}

/** What `edit` understands of a first answer. */
export function originalAs({ id }: Pick<APIMessage, "id">): string {
  return `${ORIGINAL}/${id}`;
}

/** What `edit` understands of a further answer. */
export function followUpAs({ id }: Pick<APIMessage, "id">): string {
  return `@${id}`;
}

function keyOf(interactionId: string): string {
  return `interaction:${interactionId}`;
}
