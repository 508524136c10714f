/**
 * A place where people talk to the bot, for `bench/flow.ts`: the bot as a process between a fake platform and a
 * backend of its own, with all settings at their defaults. What is told of it is what platform and backend saw.
 */
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import { BotProcess } from "../../test/support/bot-process.ts";

/** Of a log, what is told of a bot that did not start. */
const LOG_LENGTH = 300;

/** A call of the bot that shows something, or tried to. */
export interface ScreenCall {
  /** Epoch ms at which it arrived. */
  at: number;
  /** `signal`: what is no message, such as an activity, a draft, a reaction, the answer to a button. */
  kind: "sent" | "edited" | "removed" | "signal";
  isRefused: boolean;
  isDone: boolean;
  /** Everything it said, as JSON. */
  text: string;
  hasFile: boolean;
}

/** A chat, or several beside each other, that nobody wrote in yet. */
export interface Room {
  /**
   * Gets a message with clips ready and gives what sends it; null where people have no way to. Projects count
   * from 0.
   */
  prepare(words: string, clips: number, project: number): Promise<(() => unknown) | null>;
  /** Says it where the first project is. */
  say(words: string): void;
  /** Asks so much in one moment that the answers take all calls that the platform allows for now. */
  askMuch(): { answers: number; callsUntilFull: number };
  messagesLeft(): number;
}

/** One bot with its world. */
export interface Place {
  name: string;
  nemo: Sandbox;
  /** A fresh one with so many topics, or threads yet to come; null where projects have no such places. */
  room(projects: number): Room | null;
  /** Oldest first. */
  calls(): ScreenCall[];
  stop(): Promise<void>;
}

/** The bot's clip: small, so that the time of an upload is not what is measured. */
export function clipBytes(): Promise<Buffer> {
  return readFile(join(import.meta.dirname, "../../src/sandbox/media/sample.mp4"));
}

/** A backend, and a bot with default settings between it and the platform that `settings` name. */
export async function startBot(
  settings: Record<string, string>,
  isReady: () => Promise<unknown>,
): Promise<{ nemo: Sandbox; stop(): Promise<void> }> {
  const nemo = await startBackend();
  const env = {
    NEMO_API_URL: nemo.url,
    NEMO_WEB_URL: nemo.webUrl,
    HTTP_PORT: "0",
    LOG_LEVEL: "warn",
    // The flag of `npm start`.
    NODE_OPTIONS: "--max-semi-space-size=1",
    ...settings,
  };
  const bot = new BotProcess(env, await mkdtemp(join(tmpdir(), "nemobot-bench-")));
  const stop = async () => {
    await bot[Symbol.asyncDispose]();
    await nemo.stop();
  };
  const ended = bot.ended().then(() => {
    throw new Error(`the bot ended: ${bot.log.trim().slice(-LOG_LENGTH)}`);
  });
  try {
    await Promise.race([isReady(), ended]);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    // It ends when it is stopped, too.
    ended.catch(() => {});
  }
  return { nemo, stop };
}

export function startBackend(): Promise<Sandbox> {
  return startSandbox({ silentShare: 0, guiShare: 0, ffmpeg: null });
}

/** Calls in one form each, made once it has its answer. */
export function readOnce<Raw extends object>(
  read: (raw: Raw) => ScreenCall | null,
  isOver: (raw: Raw) => boolean,
): (calls: readonly Raw[]) => ScreenCall[] {
  const known = new WeakMap<Raw, ScreenCall | null>();
  return (calls) =>
    calls.flatMap((raw) => {
      if (!isOver(raw)) return [];
      const seen = known.get(raw);
      const call = seen === undefined ? read(raw) : seen;
      known.set(raw, call);
      return call ?? [];
    });
}
