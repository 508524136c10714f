/**
 * From the bytes of a turn's stream to the core's events: UTF-8, frames, JSON, dialects, each bounded. Pure:
 * it knows no socket and no time. Source: nemo-api.md, "The SSE stream".
 */
import type { BackendError } from "../../core/model/backend-error.ts";
import type { TurnEvent } from "../../core/ports/video-backend.ts";
import { parseJson } from "../transport/json.ts";
import { isOfRun, readRefusal, TurnEventDecoder } from "./event.ts";
import { SseFrames } from "./sse-frames.ts";

/** Frames that were passed over; the stream went on. */
export interface SkippedFrames {
  /** Not JSON, or JSON that fits no dialect. */
  invalid: number;
  /** Longer than the bound. */
  oversized: number;
}

const SLICE_BYTES = 16 * 1024;

/** Data that says only "still working". */
const KEEP_ALIVE: ReadonlySet<string> = new Set(["", "heartbeat"]);

/** Decodes one stream. Feed it every chunk, cut anywhere, then call `end` if the body ended well. */
export class TurnDecoder {
  readonly skipped: SkippedFrames = { invalid: 0, oversized: 0 };
  /** Set when the first frame that is no keep-alive refuses the request: nothing was done. */
  refusal: BackendError | null = null;
  #hasBegun = false;
  // Malformed UTF-8 becomes U+FFFD: one bad character must not cost the turn. A BOM is dropped.
  readonly #utf8 = new TextDecoder();
  readonly #frames: SseFrames;
  readonly #decoder: TurnEventDecoder;
  #events: TurnEvent[] = [];

  constructor(options: { maxEventBytes: number }) {
    this.#decoder = new TurnEventDecoder(options.maxEventBytes);
    this.#frames = new SseFrames(options.maxEventBytes, {
      onData: (data) => this.#decode(data),
      onKeepAlive: () => this.#events.push({ type: "keep-alive" }),
      onOversized: () => {
        this.#hasBegun = true;
        this.skipped.oversized += 1;
      },
    });
  }

  /** The events that became complete with these bytes. */
  feed(bytes: Uint8Array): TurnEvent[] {
    // In slices that stay in the processor's cache: a few percent faster on large chunks.
    for (let start = 0; start < bytes.byteLength; start += SLICE_BYTES) {
      const slice = bytes.subarray(start, start + SLICE_BYTES);
      this.#frames.feed(this.#utf8.decode(slice, { stream: true }));
    }
    return this.#take();
  }

  /** After a clean end: the last event, should it lack its blank line. */
  end(): TurnEvent[] {
    this.#frames.feed(this.#utf8.decode());
    this.#frames.end();
    return this.#take();
  }

  #take(): TurnEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #decode(data: string): void {
    if (!data.startsWith("{") && KEEP_ALIVE.has(data.trim())) {
      this.#events.push({ type: "keep-alive" });
      return;
    }
    // Old servers write an error's text unescaped; the stream around it is good.
    const json = parseJson(data);
    const events = json === undefined ? null : this.#decoder.decode(json);
    if (events === null) {
      this.#skipInvalid();
      return;
    }
    if (!this.#hasBegun) {
      this.refusal = readRefusal(json, events);
      this.#hasBegun = isOfRun(json, events);
    }
    for (const event of events) this.#events.push(event);
  }

  /** What it said is not known, so it may have been a beginning. */
  #skipInvalid(): void {
    this.skipped.invalid += 1;
    this.#hasBegun = true;
  }
}
