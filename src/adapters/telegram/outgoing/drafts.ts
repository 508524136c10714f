/**
 * Words while they grow, as drafts: live text in a private chat that is no message and goes when the next one comes.
 * Source: Bot API, sendMessageDraft and MessageGenerationStopped; platforms.md, "Drafts".
 */
import { createHash } from "node:crypto";
import { type Api, GrammyError } from "grammy";
import type { ReplyTarget } from "../../../core/model/message.ts";
import type { RichText } from "../../../core/model/rich-text.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { BoundedMap, BoundedSet } from "../../../lib/bounded-map.ts";
import { endsWithin } from "../../../lib/timeout.ts";
import { endOfText } from "../../shared/split-text.ts";
import { nativeSignal } from "../abort-signals.ts";
import { askedWaitMs } from "../retry-after.ts";
import { addressOf, isGroup } from "./address.ts";
import { renderText, TEXT_LIMIT } from "./render.ts";

/** Least time between two drafts of a chat. */
const DRAFT_EVERY_MS = 1_500;
/** A draft goes by itself after so long. */
const SHOWN_FOR_MS = 30_000;
/** How long a message waits for a draft that is just being sent: it would come after the message, and stay. */
const LONGEST_END_MS = 300;
const MAX_KNOWN = 1_000;
/** Longer than any request takes. */
const STOPPABLE_FOR_MS = 86_400_000;

interface Frame {
  id: string;
  topicId: number | null;
  text: RichText;
}

/** The drafts of one chat. */
interface Lane {
  /** The newest of each topic; the one that waits longest is first. */
  waiting: Map<number | null, Frame>;
  /** Epoch ms. */
  nextAt: number;
  isRunning: boolean;
  /** When a draft was last shown in each topic, as epoch ms; until a message takes it away. */
  shownAt: Map<number | null, number>;
  sending: { topicId: number | null; done: Promise<void> } | null;
}

export interface DraftOptions {
  api: Api;
  memory: AdapterMemory;
  clock: Clock;
  log: Log;
  stopped: AbortSignal;
}

export class Drafts {
  readonly #options: DraftOptions;
  readonly #lanes = new BoundedMap<string, Lane>(MAX_KNOWN);
  /** Whether the server and the bot can have drafts; null while that is not known. */
  #areThere: boolean | null = null;
  /** Those that Telegram did not take. */
  readonly #refused = new BoundedSet<string>(MAX_KNOWN);
  readonly #kept = new BoundedSet<string>(MAX_KNOWN);

  constructor(options: DraftOptions) {
    this.#options = options;
  }

  /**
   * Shows the newest words of `id`, at the pace of drafts. False: there are none here, or none for this `id`. Waits for
   * Telegram only until it is known whether there are any. Never throws.
   */
  async show(target: ReplyTarget, { id, text }: { id: string; text: RichText }): Promise<boolean> {
    const address = addressOf(target);
    const { chatId, topicId } = address;
    if (isGroup(address) || this.#areThere === false || this.#refused.has(id)) return false;
    const lane = this.#lanes.get(chatId) ?? {
      waiting: new Map(),
      nextAt: 0,
      isRunning: false,
      shownAt: new Map(),
      sending: null,
    };
    this.#lanes.set(chatId, lane);
    lane.waiting.set(topicId, { id, topicId, text });
    if (!lane.isRunning) void this.#run(chatId, lane);
    if (this.#areThere === null) await lane.sending?.done;
    if (this.#areThere === true) return !this.#refused.has(id);
    // Shown otherwise by now.
    lane.waiting.delete(topicId);
    return false;
  }

  /**
   * Before a message leaves that ends what grows there: no draft comes after it. True when one is on the screen, which
   * only a new message takes away. Never throws.
   */
  async end(target: ReplyTarget): Promise<boolean> {
    const { chatId, topicId } = addressOf(target);
    const lane = this.#lanes.get(chatId);
    if (!lane) return false;
    lane.waiting.delete(topicId);
    if (lane.sending?.topicId === topicId) await endsWithin(LONGEST_END_MS, lane.sending.done);
    const shownAt = lane.shownAt.get(topicId);
    lane.shownAt.delete(topicId);
    return shownAt !== undefined && this.#options.clock.now() - shownAt < SHOWN_FOR_MS;
  }

  async #run(chatId: string, lane: Lane): Promise<void> {
    const { clock, stopped } = this.#options;
    lane.isRunning = true;
    try {
      for (let next = first(lane); next; next = first(lane)) {
        const waitMs = lane.nextAt - clock.now();
        if (waitMs > 0) {
          await clock.sleep(waitMs, stopped);
          // What came meanwhile is newer.
          continue;
        }
        lane.waiting.delete(next.topicId);
        lane.nextAt = clock.now() + DRAFT_EVERY_MS;
        const done = this.#send(chatId, lane, next);
        lane.sending = { topicId: next.topicId, done };
        await done;
        lane.sending = null;
      }
    } catch {
      // The process stops.
      lane.waiting.clear();
    } finally {
      lane.isRunning = false;
    }
  }

  /** Never throws. */
  async #send(chatId: string, lane: Lane, frame: Frame): Promise<void> {
    const { api, clock, log, stopped } = this.#options;
    const { id, topicId } = frame;
    const [part] = renderText(endOfText(frame.text, TEXT_LIMIT));
    if (!part || stopped.aborted) return;
    const draftId = draftIdOf(id);
    this.#keep(chatId, draftId, id);
    try {
      await api.sendMessageDraft(
        Number(chatId),
        draftId,
        part.text,
        {
          entities: part.entities,
          can_stop: true,
          ...(topicId === null ? {} : { message_thread_id: topicId }),
        },
        nativeSignal(stopped),
      );
      this.#areThere = true;
      lane.shownAt.set(topicId, clock.now());
    } catch (error) {
      log.debug({ err: error }, "a draft could not be shown");
      if (!(error instanceof GrammyError)) return;
      if (error.error_code === 429) {
        this.#areThere = true;
        lane.nextAt = clock.now() + Math.max(DRAFT_EVERY_MS, askedWaitMs(error));
        // The last words of a request must not be lost over it.
        if (!lane.waiting.has(topicId)) lane.waiting.set(topicId, frame);
      } else if (error.error_code < 500) {
        lane.nextAt = 0;
        this.#refused.add(id);
        if (this.#areThere === null && isAboutDrafts(error)) this.#areThere = false;
      }
    }
  }

  /** For a press of Stop, whichever process it comes to. */
  #keep(chatId: string, draftId: number, id: string): void {
    if (this.#kept.has(id)) return;
    this.#kept.add(id);
    const { memory, log } = this.#options;
    memory.set(keyOf(chatId, draftId), id, STOPPABLE_FOR_MS).catch((error: unknown) => {
      this.#kept.delete(id);
      log.debug({ err: error }, "a draft cannot be stopped by its button");
    });
  }
}

/** The work item whose words a draft shows; null when it is not ours, or too old. */
export function draftOwner(memory: AdapterMemory, chatId: string, draftId: number): Promise<string | null> {
  return memory.get(keyOf(chatId, draftId));
}

function keyOf(chatId: string, draftId: number): string {
  return `draft:${chatId}:${draftId}`;
}

/** Between 1 and 2^31 - 1, the same in every process. */
function draftIdOf(id: string): number {
  return (createHash("sha256").update(id).digest().readUInt32BE(0) % (2 ** 31 - 1)) + 1;
}

function first({ waiting }: Lane): Frame | undefined {
  return waiting.values().next().value;
}

/** 404: no such method. Otherwise the bot may have none, unless it is about this chat. */
function isAboutDrafts({ error_code: code, description }: GrammyError): boolean {
  return code === 404 || (code === 400 && !/chat not found|thread not found|user/i.test(description));
}
