/**
 * Writes the events of a turn in every dialect. The ADK forms follow recorded streams of a real api server
 * (test/fixtures/sse-samples). Source: nemo-api.md, "The SSE stream".
 */
import { randomUUID } from "node:crypto";
import type { Dialects } from "../scenario.ts";

/** Takes the bytes; resolves when more may come. */
export type WriteBytes = (bytes: string | Uint8Array) => Promise<void>;

/** Text is streamed in chunks of about this many characters. */
const CHUNK_CHARS = 24;

/** A part of an event's content, in camelCase. */
type Part = Record<string, unknown>;

/** One turn's stream. */
export class EventStream {
  #write: WriteBytes;
  #dialect: Dialects["sse"];
  #heartbeat: Dialects["heartbeat"];
  #invocationId = `e-${randomUUID()}`;
  #events = 0;
  #now: () => number;
  /** A thought is repeated in front of the next aggregate, as the real server does. */
  #pendingThought: Part[] = [];

  constructor(options: {
    write: WriteBytes;
    dialect: Dialects["sse"];
    heartbeat: Dialects["heartbeat"];
    now: () => number;
  }) {
    this.#write = options.write;
    this.#dialect = options.dialect;
    this.#heartbeat = options.heartbeat;
    this.#now = options.now;
  }

  /** One answer of the model. */
  async text(text: string): Promise<void> {
    switch (this.#dialect) {
      case "typed":
        for (const content of chunks(text)) await this.#frame({ type: "text", content });
        return;
      case "bare":
        for (const chunk of chunks(text)) await this.#frame({ text: chunk });
        return;
      default:
        if (this.#streams) {
          for (const chunk of chunks(text)) await this.#adk({ parts: [{ text: chunk }], partial: true });
        }
        await this.#aggregate([{ text }]);
    }
  }

  /** A thought; dialects without a form for it leave it out. */
  async thought(text: string): Promise<void> {
    if (!this.#isAdk) return;
    const part = { text, thought: true };
    if (this.#streams) {
      for (const chunk of chunks(text)) {
        await this.#adk({ parts: [{ text: chunk, thought: true }], partial: true });
      }
      this.#pendingThought.push(part);
    } else {
      await this.#adk({ parts: [part] });
    }
  }

  /** A tool call; returns the id its response has to name. */
  async toolCall(name: string, args: Record<string, unknown>): Promise<string> {
    const id = `adk-${randomUUID()}`;
    if (this.#dialect === "typed") await this.#frame({ type: "tool_call", name, args });
    else if (this.#isAdk) await this.#aggregate([{ functionCall: { id, name, args } }]);
    return id;
  }

  async toolResponse(id: string, name: string, response: Record<string, unknown>): Promise<void> {
    if (this.#dialect === "typed") await this.#frame({ type: "tool_result", name, result: response });
    if (!this.#isAdk) return;
    await this.#adk({ parts: [{ functionResponse: { id, name, response } }], role: "user" });
    // The real server follows up with an event that has no content.
    if (this.#streams) await this.#adk({ finishReason: "STOP", partial: false });
  }

  async heartbeat(form: Dialects["heartbeat"] = this.#heartbeat): Promise<void> {
    await this.#write(HEARTBEATS[form]);
  }

  /** An exception in the agent. */
  async error(message: string): Promise<void> {
    await this.#frame({ error: message });
  }

  async errorEvent(code: string, message: string): Promise<void> {
    if (this.#isAdk) await this.#adk({ errorCode: code, errorMessage: message });
    else await this.#frame({ errorCode: code, errorMessage: message });
  }

  /** What an old Python server writes for an error with quotes in it. */
  async invalidFrame(): Promise<void> {
    await this.#write('data: {"error": "Tool "edit_multitrack" said: {\'status\': None}"}\n\n');
  }

  /** Bytes as they are. */
  async raw(bytes: string | Uint8Array): Promise<void> {
    await this.#write(bytes);
  }

  get #isAdk(): boolean {
    return this.#dialect !== "typed" && this.#dialect !== "bare";
  }

  get #streams(): boolean {
    return this.#dialect !== "adk-nonstreaming";
  }

  async #aggregate(parts: Part[]): Promise<void> {
    const all = [...this.#pendingThought, ...parts];
    this.#pendingThought = [];
    const marked = this.#streams && this.#dialect !== "adk-unmarked";
    await this.#adk({ parts: all, finishReason: "STOP", ...(marked ? { partial: false } : {}) });
  }

  async #adk(event: {
    parts?: Part[];
    role?: "model" | "user";
    partial?: boolean;
    finishReason?: string;
    errorCode?: string;
    errorMessage?: string;
  }): Promise<void> {
    const { parts, role, ...rest } = event;
    this.#events += 1;
    const whole = {
      invocationId: this.#invocationId,
      author: "nemo_agent",
      id: `ev${this.#events}`,
      actions: {
        stateDelta: {},
        artifactDelta: {},
        requestedAuthConfigs: {},
        requestedToolConfirmations: {},
      },
      longRunningToolIds: [],
      timestamp: this.#now() / 1000,
      ...(parts === undefined ? {} : { content: { role: role ?? "model", parts } }),
      ...rest,
    };
    await this.#frame(this.#dialect === "adk-snake" ? snakeKeys(whole) : whole);
  }

  async #frame(value: unknown): Promise<void> {
    await this.#write(`data: ${JSON.stringify(value)}\n\n`);
  }
}

const HEARTBEATS: Record<Dialects["heartbeat"], string> = {
  "empty-data": "data:\n\n",
  "data-heartbeat": "data: heartbeat\n\n",
  comment: ": heartbeat\n\n",
  event: "event: heartbeat\ndata:\n\n",
  typed: 'data: {"type":"heartbeat"}\n\n',
};

/** Values of these keys are the tools' own: their keys stay as they are. */
const OPAQUE = new Set(["args", "response"]);

function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      OPAQUE.has(key) ? inner : snakeKeys(inner),
    ]),
  );
}

/** Cuts a text at spaces where there are some; never inside a character. */
function chunks(text: string): string[] {
  const found: string[] = [];
  let current = "";
  for (const piece of text.match(/[^\s\u3000-\uffff]+\s*|\s+|[\s\S]/gu) ?? []) {
    if (current !== "" && current.length + piece.length > CHUNK_CHARS) {
      found.push(current);
      current = "";
    }
    current += piece;
  }
  if (current !== "") found.push(current);
  return found;
}
