/**
 * The chat loop of the terminal: typed lines become messages, a piped script is worked off line by line,
 * each to its end. Source: docs/usage.md, "In the terminal".
 */
import { randomUUID } from "node:crypto";
import { createInterface, type Interface } from "node:readline/promises";
import type { Locales, TextKey, TextParams } from "../../core/model/locales.ts";
import type { Action, IncomingMessage } from "../../core/model/message.ts";
import type { MessageSink } from "../../core/ports/chat-platform.ts";
import type { ConversationStore } from "../../core/ports/store.ts";
import type { WorkQueue } from "../../core/ports/work-queue.ts";
import { completeLine } from "./completion.ts";
import { parseLine } from "./parse-line.ts";
import { ConsolePlatform, note } from "./platform.ts";
import { plainScreen, type Screen, terminalScreen } from "./screen.ts";

const CONVERSATION = "console";
const USER = "console:local";
const TARGET = { platform: "console", conversationId: CONVERSATION, details: {} };

export interface ConsoleChatOptions {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WriteStream | (NodeJS.WritableStream & { isTTY?: false });
  locales: Locales;
  store: ConversationStore;
  /** What the machine's environment says of the person's language; null: unknown. */
  systemLanguage: string | null;
  cwd: string;
  exportsDir: string;
  /** Carries out `/sandbox …` and answers in the person's language; null when the real backend is in use. */
  sandboxCommand: ((command: string, language: string) => { text: string; isDone: boolean }) | null;
  /** False: the sandbox hands clips back as they were. Default true. */
  hasFfmpeg?: boolean;
}

/** One person at one terminal. `platform` goes to the engine, then `run` reads until the input ends. */
export class ConsoleChat {
  readonly platform: ConsolePlatform;
  readonly #options: ConsoleChatOptions;
  readonly #screen: Screen;
  #readline: Interface | null = null;
  #language: string;

  constructor(options: ConsoleChatOptions) {
    this.#options = options;
    this.#language = options.locales.match(options.systemLanguage) ?? "en";
    this.#screen = options.output.isTTY
      ? terminalScreen(options.output, () => this.#readline)
      : plainScreen(options.output);
    this.platform = new ConsolePlatform({
      screen: this.#screen,
      locales: options.locales,
      language: () => this.#language,
      cwd: options.cwd,
      exportsDir: options.exportsDir,
    });
  }

  /**
   * Reads lines until the input ends or `/quit`, and waits for the work that they asked for. False: a line of a script
   * did not work; a person has read so.
   */
  async run(engine: MessageSink, queue: WorkQueue): Promise<boolean> {
    const { input, output, cwd, sandboxCommand, hasFfmpeg = true, exportsDir } = this.#options;
    const isInteractive = input.isTTY === true;
    await this.#refreshLanguage();
    if (sandboxCommand) await this.#note("console.sandbox");
    if (sandboxCommand && !hasFfmpeg) await this.#note("console.no-ffmpeg");
    this.#readline = createInterface({
      input,
      ...(isInteractive ? { output, completer: (line: string) => completeLine(line, cwd) } : {}),
      prompt: "> ",
    });
    if (isInteractive) {
      await this.#note("console.connection");
      await engine.receive(this.#message("", [], { kind: "start" }));
      this.#readline.prompt();
    }
    for await (const line of this.#readline) {
      this.#screen.breakOff();
      if (/^\s*\/(quit|exit)\s*$/i.test(line)) break;
      // The line before may have chosen another one while it was answered.
      await this.#refreshLanguage();
      await this.#take(line.trim(), engine);
      // A script's line is worked off before the next is read; a person may go on typing.
      if (!isInteractive) await queue.idle();
      await this.#refreshLanguage();
      if (isInteractive) this.#readline.prompt();
    }
    this.#readline.close();
    this.#readline = null;
    if (isInteractive) {
      await this.#note("console.closed", { dir: exportsDir });
      return true;
    }
    await queue.idle();
    return !this.platform.hasFailed;
  }

  async #take(line: string, engine: MessageSink): Promise<void> {
    const { sandboxCommand, cwd } = this.#options;
    if (line === "") return;
    const sandbox = /^\/sandbox\b\s*(.*)$/.exec(line);
    if (sandbox && sandboxCommand) {
      const { text, isDone } = sandboxCommand(sandbox[1] ?? "", this.#language);
      if (!isDone) this.platform.hasFailed = true;
      await this.platform.send(TARGET, note(text));
      return;
    }
    if (/^\d{1,2}$/.test(line)) return this.#press(Number(line), engine);
    const read = await parseLine(line, cwd);
    if (read.kind !== "message") return this.#refuse(`console.${read.kind}`, { path: read.path });
    await engine.receive(this.#message(read.text, read.attachments));
  }

  async #press(number: number, engine: MessageSink): Promise<void> {
    const button = this.platform.buttons[number - 1];
    if (!button) return this.#refuse("console.no-button", { number });
    if (button.kind === "link") {
      await this.platform.send(TARGET, note(button.href));
      return;
    }
    await engine.receive(this.#message("", [], button.action));
  }

  #message(text: string, attachments: IncomingMessage["attachments"], action?: Action): IncomingMessage {
    const { systemLanguage } = this.#options;
    return {
      version: 1,
      id: `console:${randomUUID()}`,
      conversationId: CONVERSATION,
      user: { id: USER, ...(systemLanguage ? { language: systemLanguage } : {}) },
      text,
      attachments,
      ...(action ? { action } : {}),
      replyTo: TARGET,
      receivedAt: Date.now(),
    };
  }

  /** The adapter's own lines follow the person's choice, or what they write in. */
  async #refreshLanguage(): Promise<void> {
    const { store, locales } = this.#options;
    const settings = await store.readUser(USER);
    this.#language = locales.match(settings?.language ?? settings?.guessedLanguage) ?? this.#language;
  }

  /** Says why a line is not carried out. */
  async #refuse(key: TextKey, params: TextParams): Promise<void> {
    this.platform.hasFailed = true;
    await this.#note(key, params);
  }

  async #note(key: TextKey, params: TextParams = {}): Promise<void> {
    const text = this.#options.locales.plain(this.#language, key, params);
    await this.platform.send(TARGET, note(text));
  }
}
