/**
 * A process of a benchmark that is told what to do by the one that measures: questions and answers over Node's
 * IPC channel, one name a question.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { memoryOf } from "./process-memory.ts";

interface Question {
  id: number;
  name: string;
  argument: unknown;
}

interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

/** What a child answers, by the question's name. */
export type Answers = Record<string, (argument: never) => unknown>;

/** Something a child tells without being asked. */
interface News {
  news: unknown;
}

/** Called in the child. */
export function tellParent(news: unknown): void {
  process.send?.({ news } satisfies News);
}

/** Called in the child: answers until the parent hangs up, which ends the process. */
export function answerParent(answers: Answers): void {
  process.on("message", async ({ id, name, argument }: Question) => {
    try {
      // Both ends are ours: the argument is what the name asks for.
      const value = await answers[name]?.(argument as never);
      process.send?.({ id, value } satisfies Answer);
    } catch (error) {
      process.send?.({ id, error: String(error) } satisfies Answer);
    }
  });
  process.on("disconnect", () => process.exit());
}

/** The parent's end. */
export class Child {
  readonly #process: ChildProcess;
  readonly #open = new Map<number, (answer: Answer) => void>();
  #questions = 0;
  /** Hears what the child tells without being asked. */
  onNews: (news: unknown) => void = () => {};

  /** Starts `path` with the flag that `npm start` gives the bot. */
  constructor(path: URL, args: string[] = [], env: Record<string, string> = {}) {
    this.#process = fork(path, args, {
      execArgv: ["--max-semi-space-size=1"],
      env: { PATH: process.env.PATH ?? "", ...env },
    });
    this.#process.on("message", (message: Answer | News) => {
      if ("news" in message) return this.onNews(message.news);
      this.#open.get(message.id)?.(message);
      this.#open.delete(message.id);
    });
    this.#process.on("exit", () => {
      for (const [id, tell] of this.#open) tell({ id, error: "the child has ended" });
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** `T` is what the child's answer of this name returns: both ends are ours. */
  async ask<T>(name: string, argument?: unknown): Promise<T> {
    const id = ++this.#questions;
    const { value, error } = await new Promise<Answer>((resolve) => {
      this.#open.set(id, resolve);
      this.#process.send({ id, name, argument } satisfies Question);
    });
    if (error !== undefined) throw new Error(`${name}: ${error}`);
    return value as T;
  }

  /** Resident memory, in bytes. */
  async rssBytes(): Promise<number> {
    return (await memoryOf(this.pid)).rssBytes;
  }

  /** Ends it the hard way, as a crash would, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}
