/**
 * The one message that shows a person that work goes on, edited in place. Source: DESIGN.md, rule 7;
 * nemo-api.md, "The SSE stream", rule 2.
 */

import { formatDuration } from "../model/file-formats.ts";
import type { Button, SentMessage } from "../model/message.ts";
import type { RichText } from "../model/rich-text.ts";
import { StopError } from "../model/stop.ts";
import type { Context } from "../ports/context.ts";
import type { Speaker } from "./speaker.ts";

/** What another process has begun, or another item. */
export interface ProgressSoFar {
  /** The message that shows it; null while none was needed. */
  sent?: SentMessage | null;
  /** Epoch ms; default now. */
  startedAt?: number;
  /** Stand below it until it is over. */
  buttons?: Button[][];
  /** Told when the message is shown for the first time: a process that takes over goes on with it. */
  onFirstShown?: (sent: SentMessage) => Promise<void>;
}

export class Progress {
  readonly #context: Pick<Context, "clock" | "limits" | "log">;
  readonly #speaker: Speaker;
  readonly #startedAt: number;
  readonly #onFirstShown: ProgressSoFar["onFirstShown"];
  readonly #buttons: Button[][];
  #isOver = false;
  /** Plain ones: a turn holds them for minutes, and timers that take a signal weigh several times as much. */
  readonly #timers: NodeJS.Timeout[] = [];
  #sent: SentMessage | null;
  #note: RichText = [];
  /** What it says now. */
  #shown: RichText = [];
  /** What is to be shown next: while the platform holds edits up, only the newest counts. */
  #newest: RichText | null = null;
  /** Sends and edits, one after another. */
  #tail: Promise<unknown> = Promise.resolve();
  #lastShownAt = Number.NEGATIVE_INFINITY;

  /** Goes on from `soFar`. */
  constructor(
    context: Pick<Context, "clock" | "limits" | "log">,
    speaker: Speaker,
    soFar: ProgressSoFar = {},
  ) {
    this.#context = context;
    this.#speaker = speaker;
    this.#sent = soFar.sent ?? null;
    this.#startedAt = soFar.startedAt ?? context.clock.now();
    this.#onFirstShown = soFar.onFirstShown;
    this.#buttons = soFar.buttons ?? [];
  }

  /** The message that shows the progress; null while none was needed. */
  get sent(): SentMessage | null {
    return this.#sent;
  }

  /** Starts "⏳ Still working..." every `stillWorkingMs`, and the platform's activity signal. */
  start(activity: "typing" | "uploading-video" = "typing"): this {
    const { clock, limits } = this.#context;
    const { platform, target } = this.#speaker;
    this.#repeat(limits.stillWorkingMs, () =>
      this.show(
        this.#speaker.paragraphs(
          this.#speaker.rich("progress.still-working", {
            elapsed: formatDuration(clock.now() - this.#startedAt),
          }),
          this.#note,
        ),
      ),
    );
    const signal = () => platform.showActivity(target, activity);
    // It never throws.
    if (platform.typingLastsMs > 0) void signal().then(() => this.#repeat(platform.typingLastsMs, signal));
    return this;
  }

  /** A sentence that stays below "Still working" until the work is over. */
  async note(text: RichText): Promise<void> {
    this.#note = text;
    await this.show(text);
  }

  /** Shows `text` in the progress message, without waiting for the next edit to be due. */
  show(text: RichText): Promise<void> {
    this.#lastShownAt = this.#context.clock.now();
    this.#newest = text;
    return this.#enqueue(async () => {
      if (this.#newest !== text) return;
      this.#newest = null;
      const isFirst = this.#sent === null;
      this.#sent = await this.#speaker.edit(this.#sent, { tone: "progress", text, buttons: this.#buttons });
      this.#shown = text;
      if (isFirst && this.#sent) await this.#onFirstShown?.(this.#sent);
    });
  }

  /** Like `show`, but skipped when the last one was shorter ago than the platform likes. Never throws. */
  async showIfDue(text: RichText): Promise<void> {
    const isDue = this.#context.clock.now() - this.#lastShownAt >= this.#speaker.platform.progressIntervalMs;
    if (!isDue) return;
    try {
      await this.show(text);
    } catch (error) {
      // The process ends: how far it was is shown by the process that takes over.
      if (!(error instanceof StopError)) throw error;
    }
  }

  /**
   * Ends it. A progress message that was shown says how it went: `text`, else that the work is done or, with
   * `stopped`, over. With `handed-over` it stays as it is, for the process that takes over.
   */
  async finish(how: RichText | "done" | "stopped" | "handed-over" = "done"): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    // How far it was is not shown once it is over; the first message must stand, to be edited.
    if (this.#sent && how !== "handed-over") this.#newest = null;
    if (how === "handed-over") return this.#tail.then(() => {});
    await this.#enqueue(async () => {
      if (!this.#sent) return;
      const elapsed = formatDuration(this.#context.clock.now() - this.#startedAt);
      const key = how === "stopped" ? "progress.stopped" : "progress.finished";
      const text = typeof how === "string" ? this.#speaker.rich(key, { elapsed }) : how;
      // It says so already, and has nothing to press.
      if (this.#buttons.length === 0 && JSON.stringify(text) === JSON.stringify(this.#shown)) return;
      await this.#speaker.edit(this.#sent, { tone: "notice", text });
    });
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(task);
    this.#tail = done.catch(() => {
      // The speaker has logged it; the next edit may work.
    });
    return done;
  }

  /** Takes a step every so often until it is over; each wait begins at the end of the step before. */
  #repeat(everyMs: number, step: () => Promise<void>): void {
    if (everyMs <= 0 || this.#isOver) return;
    const timer = setTimeout(async () => {
      try {
        await step();
        if (!this.#isOver) timer.refresh();
      } catch (error) {
        if (!this.#isOver) this.#context.log.warn({ err: error }, "progress could not be shown");
      }
    }, everyMs);
    this.#timers.push(timer);
  }
}
