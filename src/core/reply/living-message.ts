/**
 * The one message that a request has on the screen while it is worked on: it shows what happens now and since when,
 * and at the end it becomes the answer, or gives way to it. Nothing waits for it: what it shows is decoration, and is
 * made at the moment it leaves. Source: DESIGN.md, rule 7; nemo-api.md, "The SSE stream", rule 2.
 */
import { within } from "../../lib/timeout.ts";
import { formatDuration } from "../model/file-formats.ts";
import type { Button, SentMessage } from "../model/message.ts";
import { plain, type RichText, toPlain } from "../model/rich-text.ts";
import { StopError } from "../model/stop.ts";
import { livingKey } from "../model/work-item.ts";
import { ChatGoneError } from "../ports/chat-platform.ts";
import type { Context } from "../ports/context.ts";
import type { MessageDraft, Speaker } from "./speaker.ts";

/** When it is shown again though nothing has happened: at these times, then every `LATER_TICK_MS`. */
const TICKS_MS = [5_000, 15_000, 30_000, 60_000];
const LATER_TICK_MS = 30_000;
/** The platform had no room: asked again then. */
const RETRY_MS = 2_000;
/** A person who has waited so long is called back: an edit does not ring. */
const LATE_MS = 10_000;
/** So often it looks whether the process sleeps: one that does for longer than `OVERSLEPT_MS` may be taken for dead. */
const PULSE_MS = 1_000;
const OVERSLEPT_MS = 1_000;
/** What is on its way is waited for so long before the end; it could come after it otherwise. */
const SETTLE_MS = 2_000;
/** UTF-16 units of the agent's words, the last of them: fits every platform's message with the lines above. */
const MAX_WORDS = 1_500;

export interface LivingOptions {
  /** The request's item names it for good: the process that takes it over goes on with the same message. */
  itemId: string;
  /** Epoch ms when the person asked. */
  askedAt: number;
  /** Stand below it until it is over. */
  buttons: Button[][];
  /** The message that shows it, where an item of an old version or an earlier step says so. */
  shown?: SentMessage | null;
}

/** What it says, made at the moment it leaves. */
export type Status = RichText | (() => RichText);

export class LivingMessage {
  readonly #context: Pick<Context, "clock" | "limits" | "log">;
  readonly #speaker: Speaker;
  readonly #options: LivingOptions;
  #key: string;
  #sent: SentMessage | null;
  /** Epoch ms; null while it is not alive. */
  #startedAt: number | null = null;
  /** It was started, or another process has shown it. */
  #mayStand: boolean;
  /** It may have told a place in line, and stand above the answers to earlier requests. */
  readonly #hasPlace: boolean;
  /** What it was for is told. */
  #isOver = false;
  #status: Status = [];
  #words: RichText = [];
  /** As it stands there. */
  #shown = "";
  #shownAt = Number.NEGATIVE_INFINITY;
  /** True once words were shown as a draft: only a message of its own takes its place. */
  #hasDraft = false;
  #activity: "typing" | "uploading-video" = "typing";
  /** Its next update; plain timers, since a turn holds them for minutes. */
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  /** Epoch ms when the timer fires; infinity for none. */
  #pulseAt = Number.POSITIVE_INFINITY;
  #signal: NodeJS.Timeout | undefined;
  #underWay: Promise<void> | null = null;
  #isDirty = false;

  constructor(context: Pick<Context, "clock" | "limits" | "log">, speaker: Speaker, options: LivingOptions) {
    this.#context = context;
    this.#speaker = speaker;
    this.#options = options;
    this.#key = livingKey(options.itemId);
    this.#sent = options.shown ?? null;
    const hasWaitedMs = context.clock.now() - options.askedAt;
    this.#hasPlace = hasWaitedMs >= context.limits.placeNoticeMs;
    this.#mayStand = this.#sent !== null || this.#hasPlace;
  }

  /** Begins to live: shown after a moment, then as often as there is news. */
  start(activity: "typing" | "uploading-video" = "typing"): this {
    this.#activity = activity;
    if (this.#startedAt !== null || this.#isOver) return this;
    this.#startedAt = this.#context.clock.now();
    this.#mayStand = true;
    this.#wakeIn(this.#sent ? 0 : this.#context.limits.livingFirstMs);
    this.#showActivity();
    return this;
  }

  /** A request that has been answered goes on, under another name: the old message is the answer by now. */
  renew(name: string): this {
    this.#key = `${livingKey(this.#options.itemId)}:${name}`;
    this.#isOver = false;
    this.#mayStand = false;
    return this;
  }

  /** What it was for has been told: the message of its name is the answer by now. */
  disown(): void {
    this.#isOver = true;
  }

  /** What happens now; shown as soon as the platform likes. */
  status(status: Status): void {
    this.#status = status;
    this.#news(this.#context.limits.livingNewsMs);
  }

  /** As `status`, for what changes all the time, such as a percent. */
  quietStatus(status: Status): void {
    this.#status = status;
    this.#news(this.#speaker.platform.progressIntervalMs);
  }

  /** The agent's words so far, below what happens. */
  words(words: RichText): void {
    this.#words = words;
    if (words.length > 0) this.#news(this.#context.limits.livingNewsMs);
  }

  /**
   * Ends it with what the person waits for: in its place, or as a new message below their own where they have waited
   * long. Returns the message. A process that ends throws its `StopError`.
   */
  async end(draft: MessageDraft): Promise<SentMessage | null> {
    const { isLate } = this;
    const isInPlace = !isLate && !this.#hasDraft;
    // What comes as a message of its own has nothing to wait for.
    const shown = await this.#stop(isInPlace ? SETTLE_MS : 0);
    if (shown?.isSettled && isInPlace) {
      return this.#speaker.replace(shown.sent, draft);
    }
    return this.#speaker.send({ ...draft, ...(isLate ? { isReply: true } : {}) }, shown?.sent);
  }

  /** The person has waited long: they are called back by a message of its own. */
  get isLate(): boolean {
    return this.#hasPlace || this.#context.clock.now() - this.#options.askedAt >= LATE_MS;
  }

  /** Stops showing anything: what the person waits for is sent now. `close` takes the message away. */
  hush(): void {
    this.#pause();
  }

  /** Takes it away, if it is there: everything is said. */
  async close(): Promise<void> {
    if (this.#isOver || !this.#mayStand) return;
    // It only goes: the next item does not wait for an update that is on its way.
    const shown = await this.#stop(0);
    if (shown) void this.#speaker.remove(shown.sent);
  }

  /** Leaves the message to another process, or to what goes on with it, and returns it. */
  async release(): Promise<SentMessage | null> {
    this.#pause();
    this.#isOver = true;
    if (this.#underWay) await within(SETTLE_MS, this.#underWay, undefined);
    const sent = this.#sent;
    this.#sent = null;
    return sent;
  }

  /** No update leaves any more. */
  #pause(): void {
    this.#startedAt = null;
    clearTimeout(this.#timer);
    clearTimeout(this.#signal);
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#pulseAt = Number.POSITIVE_INFINITY;
    this.#isDirty = false;
  }

  /** Stops; returns the message that stands there, by this process or an earlier one. */
  async #stop(settleMs: number): Promise<{ sent: SentMessage; isSettled: boolean } | null> {
    this.#pause();
    this.#isOver = true;
    const underWay = this.#underWay;
    let isSettled = true;
    const settled = underWay?.then(() => true);
    if (settled) isSettled = settleMs > 0 && (await within(settleMs, settled, false));
    // Its number may have become known since, where another part of the bot has shown it.
    const sent = (await this.#speaker.find(this.#key)) ?? this.#sent;
    this.#sent = null;
    if (!isSettled) void underWay?.then(() => this.#takeAway());
    this.#status = [];
    this.#words = [];
    this.#shown = "";
    return sent && { sent, isSettled };
  }

  /** A call that took too long has shown it after all, or a new one in its place. */
  #takeAway(): void {
    if (this.#sent) void this.#speaker.remove(this.#sent);
    this.#sent = null;
  }

  /** Something new is to be seen, `gapMs` after the last update. */
  #news(gapMs: number): void {
    if (this.#startedAt === null) return;
    const since = this.#context.clock.now() - Math.max(this.#shownAt, this.#startedAt);
    const isFirst = this.#sent === null && this.#shownAt === Number.NEGATIVE_INFINITY;
    this.#wakeIn((isFirst ? this.#context.limits.livingFirstMs : gapMs) - since);
  }

  /** The earliest of all wishes counts. */
  #wakeIn(waitMs: number): void {
    const at = this.#context.clock.now() + Math.max(0, waitMs);
    if (at >= this.#dueAt) return;
    this.#dueAt = at;
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const now = this.#context.clock.now();
    // Another process may have made the message the answer meanwhile: that shows before this goes on.
    if (now - this.#pulseAt > OVERSLEPT_MS) this.#dueAt = now + RETRY_MS;
    this.#pulseAt = Math.min(Math.max(this.#dueAt, now), now + PULSE_MS);
    this.#timer = setTimeout(() => this.#pulse(), this.#pulseAt - now);
  }

  #pulse(): void {
    const now = this.#context.clock.now();
    if (now < this.#dueAt || now - this.#pulseAt > OVERSLEPT_MS) {
      this.#arm();
      return;
    }
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#pulseAt = Number.POSITIVE_INFINITY;
    this.#update();
  }

  #update(): void {
    if (this.#startedAt === null) return;
    if (this.#underWay) {
      this.#isDirty = true;
      return;
    }
    this.#underWay = this.#show().finally(() => {
      this.#underWay = null;
      if (this.#startedAt === null) return;
      this.#wakeIn(this.#nextTickMs());
      if (this.#isDirty) this.#news(this.#context.limits.livingNewsMs);
      this.#isDirty = false;
    });
  }

  /** Never rejects. */
  async #show(): Promise<void> {
    const { clock, log } = this.#context;
    const { buttons } = this.#options;
    const key = this.#key;
    try {
      const isDraft = await this.#showDraft();
      if (this.#startedAt === null) return;
      const text = this.#text(isDraft ? [] : this.#words);
      const shown = JSON.stringify(text);
      if (shown === this.#shown) return;
      const draft: MessageDraft = { tone: "progress", text, buttons, idempotencyKey: key };
      const sent = await this.#speaker.showProgress(this.#sent, draft);
      if (!sent) return this.#wakeIn(RETRY_MS);
      this.#sent = sent;
      this.#shown = shown;
      this.#shownAt = clock.now();
    } catch (error) {
      if (error instanceof StopError || error instanceof ChatGoneError) return this.#pause();
      log.warn({ err: error }, "a living message could not be shown");
    }
  }

  /** The words as they grow, where the platform shows them without a message; false: they belong into the message. */
  async #showDraft(): Promise<boolean> {
    const { platform, target } = this.#speaker;
    if (this.#words.length === 0 || !platform.showDraft) return false;
    const isDraft = await platform.showDraft(target, { id: this.#options.itemId, text: this.#words });
    this.#hasDraft ||= isDraft;
    return isDraft;
  }

  /** What it says now: since when, what happens, and the last of the agent's words. */
  #text(words: RichText): RichText {
    const { clock, limits } = this.#context;
    const elapsedMs = clock.now() - (this.#startedAt ?? clock.now());
    const elapsed = formatDuration(elapsedMs);
    const status = typeof this.#status === "function" ? this.#status() : this.#status;
    const isLong = limits.stillWorkingMs > 0 && elapsedMs >= limits.stillWorkingMs;
    const [first] = TICKS_MS;
    const since = first !== undefined && elapsedMs >= first ? plain(this.#speaker.facts([elapsed])) : [];
    const lines = isLong
      ? [this.#speaker.rich("progress.still-working", { elapsed }), status]
      : [[...(status.length > 0 ? status : this.#speaker.rich("progress.working")), ...since]];
    return this.#speaker.paragraphs(...lines, lastOf(words));
  }

  /** Ms until it is shown again though nothing has happened. */
  #nextTickMs(): number {
    const { clock, limits } = this.#context;
    const elapsedMs = clock.now() - (this.#startedAt ?? clock.now());
    const tick = TICKS_MS.find((ms) => ms > elapsedMs) ?? nextMultiple(LATER_TICK_MS, elapsedMs);
    const still = limits.stillWorkingMs > 0 ? nextMultiple(limits.stillWorkingMs, elapsedMs) : tick;
    return Math.min(tick, still) - elapsedMs;
  }

  #showActivity(): void {
    const { platform, target } = this.#speaker;
    if (platform.typingLastsMs <= 0) return;
    // It never throws.
    void platform.showActivity(target, this.#activity).then(() => {
      if (this.#startedAt === null) return;
      clearTimeout(this.#signal);
      this.#signal = setTimeout(() => this.#showActivity(), platform.typingLastsMs);
    });
  }
}

function nextMultiple(everyMs: number, elapsedMs: number): number {
  return (Math.floor(elapsedMs / everyMs) + 1) * everyMs;
}

/** The end of a long text, from the beginning of a line or word. */
function lastOf(words: RichText): RichText {
  const text = toPlain(words);
  if (text.length <= MAX_WORDS) return words;
  const tail = text.slice(-MAX_WORDS).toWellFormed();
  return plain(`… ${tail.slice(tail.search(/\s/) + 1)}`);
}
