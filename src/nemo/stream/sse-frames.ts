/**
 * Text of an event stream, cut into the `data` of its events, with a bound on each event. The grammar is
 * eventsource-parser's; this adds the bound and the keep-alives that carry no data.
 * Source: nemo-api.md, "The SSE stream", "Keep-alive"; the WHATWG's "Server-sent events".
 *
 * The parser has a `maxBufferSize` of its own, but beyond it drops the rest of the chunk with all its good
 * events, and after a reset it would read the tail of the long line as lines of their own. So the text is
 * measured before it gets there, and skipped up to the next blank line.
 */
import { createParser, type EventSourceParser } from "eventsource-parser";

export interface SseFrameHandlers {
  /** Called for each event with a `data` field, in order. */
  onData(data: string): void;
  /** Called for a comment and for `event: heartbeat`. */
  onKeepAlive(): void;
  /** Called once an event longer than the bound. */
  onOversized(): void;
}

/** The end of an event: a blank line in any mixture of line ends. */
const BLANK_LINE = /\n\n|\n\r|\r\r/g;
/** An event of this name needs no data to count, but a parser tells events with data only. */
const HEARTBEAT_LINE = /(^|\n)(event: ?heartbeat)(\r?\n)/g;

export class SseFrames {
  readonly #maxLength: number;
  readonly #parser: EventSourceParser;
  readonly #onOversized: () => void;
  /** Characters given to the parser since the last blank line. */
  #pendingLength = 0;
  #isSkipping = false;
  /** Last character seen: a blank line may lie across two chunks. */
  #lastCharacter = "\n";
  /** A line's beginning that may become a heartbeat line. */
  #held = "";

  constructor(maxLength: number, handlers: SseFrameHandlers) {
    this.#maxLength = maxLength;
    this.#onOversized = () => handlers.onOversized();
    this.#parser = createParser({
      onEvent: (event) => {
        if (event.event === "heartbeat") handlers.onKeepAlive();
        else handlers.onData(event.data);
      },
      onComment: () => handlers.onKeepAlive(),
    });
  }

  feed(chunk: string): void {
    let text = this.#held + chunk;
    this.#held = "";
    if (text === "") return;
    text = this.#holdBack(text);
    if (text === "") return;
    this.#measure(this.#withHeartbeatData(text));
    this.#lastCharacter = text.charAt(text.length - 1);
  }

  /** The end of the stream ends its last event too. */
  end(): void {
    const text = `${this.#held}\n\n`;
    this.#held = "";
    this.#measure(this.#withHeartbeatData(text));
  }

  /** Gives each `event: heartbeat` line an empty `data` line to be told by. */
  #withHeartbeatData(text: string): string {
    if (!text.startsWith("event:") && !text.includes("\nevent:")) return text;
    return text.replace(HEARTBEAT_LINE, (line, before: string, field: string, end: string, offset: number) =>
      offset === 0 && before === "" && this.#lastCharacter !== "\n" ? line : `${before}data:\n${field}${end}`,
    );
  }

  /** Keeps an unfinished line back while it may become a heartbeat line; at most 17 characters. */
  #holdBack(text: string): string {
    const start = text.lastIndexOf("\n") + 1;
    const tail = text.length - start;
    if (tail === 0 || tail > 17 || (start === 0 && this.#lastCharacter !== "\n")) return text;
    const line = text.slice(start);
    if (!"event: heartbeat\r".startsWith(line) && !"event:heartbeat\r".startsWith(line)) return text;
    this.#held = line;
    return text.slice(0, start);
  }

  /** Passes on what is within the bound. The usual chunk takes the first way out. */
  #measure(text: string): void {
    if (!this.#isSkipping && this.#pendingLength + text.length <= this.#maxLength) {
      const rest = this.#lengthAfterBlankLine(text);
      this.#pendingLength = rest ?? this.#pendingLength + text.length;
      this.#parser.feed(text);
      return;
    }
    let start = 0;
    if (this.#startsWithBlankLine(text)) {
      this.#take(text.slice(0, 1), true);
      start = 1;
    }
    BLANK_LINE.lastIndex = start;
    while (BLANK_LINE.test(text)) {
      this.#take(text.slice(start, BLANK_LINE.lastIndex), true);
      start = BLANK_LINE.lastIndex;
    }
    if (start < text.length) this.#take(text.slice(start), false);
  }

  /** One piece that lies within one event. */
  #take(text: string, isEnd: boolean): void {
    if (!this.#isSkipping && this.#pendingLength + text.length <= this.#maxLength) {
      this.#parser.feed(text);
      this.#pendingLength = isEnd ? 0 : this.#pendingLength + text.length;
      return;
    }
    if (!this.#isSkipping) {
      this.#parser.reset();
      this.#onOversized();
    }
    this.#isSkipping = !isEnd;
    this.#pendingLength = 0;
  }

  #startsWithBlankLine(text: string): boolean {
    const pair = this.#lastCharacter + text.charAt(0);
    return pair === "\n\n" || pair === "\n\r" || pair === "\r\r";
  }

  /** Length of what follows the last blank line; null when there is none. Too long is harmless here. */
  #lengthAfterBlankLine(text: string): number | null {
    let end = text.lastIndexOf("\n\n");
    if (end === -1) end = text.lastIndexOf("\n\r");
    if (end === -1) end = text.lastIndexOf("\r\r");
    if (end !== -1) return text.length - end - 2;
    return this.#startsWithBlankLine(text) ? text.length - 1 : null;
  }
}
