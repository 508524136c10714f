/**
 * Which messages were sent, by idempotency key, so that each is sent once, by whichever process and however often it
 * is asked to. A mark says "being sent" before the request can leave, and "sent" once it was answered: only the
 * second is proof. Source: `OutgoingMessage.idempotencyKey`.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Log } from "../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../core/ports/store.ts";
import { JsonMemory } from "./json-memory.ts";

/** Longer than a process may need to take up the work of one that died, a weekend included. */
const KEPT_FOR_MS = 2 * 86_400_000;

const stateSchema = z.object({
  /** The process that sends or has sent it; empty in marks of versions that did not say. */
  by: z.string().default(""),
  /** Until the platform has answered. Absent in marks of versions that set them afterwards alone. */
  isBeingSent: z.boolean().default(false),
});

/** A mark as it stands: the platform's own facts of the message, and how far its sending is. */
type Mark<Message> = Message & z.infer<typeof stateSchema>;

/** What is known of a message before it is sent. */
export interface Look<Message> {
  /** Null: it was not sent. With `isBeingSent` another process was at it and may have died before the answer. */
  mark: Mark<Message> | null;
}

export interface SentMarksOptions<Message> {
  memory: AdapterMemory;
  /** What the platform has to remember of a message that was sent; must read what was written before. */
  message: z.ZodType<Message>;
  /** Where the mark of an idempotency key stands. */
  keyOf: (idempotencyKey: string) => string;
  log: Log;
}

export class SentMarks<Message extends object> {
  readonly #marks: JsonMemory<Mark<Message>>;
  /** For what must not fail: it is left out while the store is in trouble. */
  readonly #bestEffort: JsonMemory<Mark<Message>>;
  readonly #keyOf: (idempotencyKey: string) => string;
  readonly #me = randomUUID();

  constructor({ memory, message, keyOf, log }: SentMarksOptions<Message>) {
    const schema = z.intersection(message, stateSchema);
    const options = { memory, schema, what: "marks of sent messages", log, ttlMs: KEPT_FOR_MS };
    this.#marks = new JsonMemory(options);
    this.#bestEffort = new JsonMemory({ ...options, isBestEffort: true });
    this.#keyOf = keyOf;
  }

  /** The message as far as the store can say now; null for one that was not sent. Never throws. */
  find(idempotencyKey: string): Promise<Mark<Message> | null> {
    return this.#bestEffort.get(this.#keyOf(idempotencyKey));
  }

  /** Throws while the store is in trouble. */
  async look(idempotencyKey: string): Promise<Look<Message>> {
    return { mark: await this.#marks.get(this.#keyOf(idempotencyKey)) };
  }

  /**
   * Marks `message` as being sent; to be called when nothing can hold its request back any more. Null: it is this
   * process's to send. A message: another process has claimed it since `look`. Throws when the
   * mark could not be written.
   */
  async claim(idempotencyKey: string, look: Look<Message>, message: Message): Promise<Message | null> {
    const seen = JSON.stringify(look.mark);
    const mark = await this.#marks.update(this.#keyOf(idempotencyKey), (current) => {
      const isFree = this.#isMine(current) || JSON.stringify(current) === seen;
      return isFree ? { ...message, by: this.#me, isBeingSent: true } : current;
    });
    return this.#isMine(mark) ? null : mark;
  }

  /** The platform has answered: this is the message. Never throws. */
  async remember(idempotencyKey: string, message: Message): Promise<void> {
    const mark = { ...message, by: this.#me, isBeingSent: false };
    await this.#bestEffort.set(this.#keyOf(idempotencyKey), mark);
  }

  /**
   * The request was refused, cut off or never left: the next process that is asked to may send it. Never throws. While
   * the store is away the mark stays: by the time it is back it may be another process's.
   */
  async release(idempotencyKey: string): Promise<void> {
    await this.#bestEffort.update(this.#keyOf(idempotencyKey), (current) =>
      this.#isMine(current) ? null : current,
    );
  }

  /** The message is gone from the chat, and another one takes its place. Never throws. */
  async forget(idempotencyKey: string): Promise<void> {
    await this.#bestEffort.delete(this.#keyOf(idempotencyKey));
  }

  /** Nothing counts as this process's too: what it writes overwrites nothing. */
  #isMine(mark: Mark<Message> | null): boolean {
    return mark === null || mark.by === this.#me;
  }
}
