/**
 * A chat platform for tests of the core: it keeps what people would see. Everything behind the core is
 * real: the client, the store, the queue, and a backend on loopback.
 */
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { onTestFinished } from "vitest";
import { type Bot, startBot } from "../../src/app/compose.ts";
import { loadConfig } from "../../src/app/config.ts";
import type { Content } from "../../src/content/content.ts";
import type {
  Action,
  Attachment,
  Button,
  IncomingMessage,
  OutgoingMessage,
  ReplyTarget,
  SentMessage,
} from "../../src/core/model/message.ts";
import { toPlain } from "../../src/core/model/rich-text.ts";
import {
  AttachmentError,
  type ByteSource,
  type ChatPlatform,
  type OpenedAttachment,
  type Reaction,
} from "../../src/core/ports/chat-platform.ts";
import type { Limits } from "../../src/core/ports/context.ts";
import type { Log, Metrics } from "../../src/core/ports/runtime.ts";
import type { ResolveHost } from "../../src/lib/public-address.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import { contentFor } from "./content.ts";

/** The small real clip that ships with the project. */
export const CLIP = join(import.meta.dirname, "../fixtures/clip.mp4");

/** A message as a person sees it now, with everything it has said before. */
interface SeenMessage {
  id: string;
  /** The name it was sent under. */
  key: string | undefined;
  conversationId: string;
  text: string;
  tone: OutgoingMessage["tone"];
  buttons: Button[];
  /** What the adapter was given. */
  raw: OutgoingMessage;
  /** All texts, the present one last. */
  history: string[];
  video: Buffer | null;
}

/** What is on its way is seen as soon as it is there. */
export const LIVELY: Partial<Limits> = { livingFirstMs: 0, livingNewsMs: 0 };
/** The same, and who waits in line is told so at once. */
export const IN_LINE: Partial<Limits> = { ...LIVELY, placeNoticeMs: 0 };

/** Waits in tests are short; a test that needs a longer one asks for it. */
const FAST_SETTINGS = {
  RETRY_WAIT_MS: "20",
  STILL_WORKING_MS: "60000",
  RECOVERY_FIRST_WAIT_MS: "20",
  RECOVERY_WAIT_MS: "20",
  EXPORT_POLL_MS: "20",
  LOG_LEVEL: "silent",
  LANG: "",
  LC_ALL: "",
};

export class TestChat implements ChatPlatform {
  readonly name = "test";
  readonly progressIntervalMs = 0;
  readonly typingLastsMs = 50;
  readonly maxAttachmentBytes = null;
  readonly messages: SeenMessage[] = [];
  /** Messages that were taken away, as they were seen last. */
  readonly removed: SeenMessage[] = [];
  /** Everything the adapter was given, in order. */
  readonly given: OutgoingMessage[] = [];
  activities = 0;
  /** Messages wait for it before they are sent. */
  beforeSend: (message: OutgoingMessage) => Promise<void> = async () => {};
  /**
   * Decoration waits for it before it is shown; "no room": it is not shown, and the core is told at once; "no number":
   * which message it is becomes known later.
   */
  beforeProgress: (message: OutgoingMessage) => Promise<"no room" | "no number" | undefined> = async () =>
    undefined;
  /** So many messages are refused, as a platform that is down would. */
  failNextSends = 0;
  bot!: Bot;
  #watchers = new Set<() => void>();

  async send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    if (this.failNextSends > 0) {
      this.failNextSends -= 1;
      throw new Error("the platform is down");
    }
    await this.beforeSend(message);
    const id = randomUUID();
    this.given.push(message);
    this.messages.push({
      ...seen(message),
      id,
      key: message.idempotencyKey,
      conversationId: target.conversationId,
      history: [toPlain(message.text)],
      video: null,
    });
    this.#changed();
    return { target, messageId: id };
  }

  async edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    const found = this.messages.find((one) => one.id === sent.messageId);
    if (!found) throw new Error("edited a message that was never sent");
    this.given.push(message);
    Object.assign(found, seen(message));
    found.history.push(found.text);
    this.#changed();
    return sent;
  }

  async showProgress(
    target: ReplyTarget,
    shown: SentMessage | null,
    message: OutgoingMessage,
  ): Promise<SentMessage | null> {
    const how = await this.beforeProgress(message);
    if (how === "no room") return null;
    const known = shown ?? (await this.find(target, message.idempotencyKey ?? ""));
    const sent = await (known ? this.edit(known, message) : this.send(target, message));
    return how === "no number" ? { ...sent, messageId: "0" } : sent;
  }

  async find(target: ReplyTarget, idempotencyKey: string): Promise<SentMessage | null> {
    const found = this.messages.find((one) => one.key !== undefined && one.key === idempotencyKey);
    return found ? { target, messageId: found.id } : null;
  }

  async remove({ messageId }: SentMessage): Promise<void> {
    const at = this.messages.findIndex((one) => one.id === messageId);
    if (at >= 0) this.removed.push(...this.messages.splice(at, 1));
    this.#changed();
  }

  /** Reactions on messages of people. */
  readonly reactions: string[] = [];

  /** The platform has reactions. */
  hasReactions = true;

  async react(_target: ReplyTarget, reaction: Reaction): Promise<boolean> {
    if (this.hasReactions) this.reactions.push(reaction);
    return this.hasReactions;
  }

  /** Set by tests of a platform that shows words while they grow. */
  showDraft?: NonNullable<ChatPlatform["showDraft"]>;

  async showActivity(): Promise<void> {
    this.activities++;
  }

  /** Others read along. */
  isGroup = false;

  async keptMessage(): Promise<null> {
    return null;
  }

  isShared(): boolean {
    return this.isGroup;
  }

  /** The platform does not say who may manage. */
  cannotSayWhoManages = false;

  async mayManage(_target: ReplyTarget, user: IncomingMessage["user"]): Promise<boolean> {
    if (this.cannotSayWhoManages) throw new Error("the platform is down");
    return user.canManage === true;
  }

  /** The next video cannot be delivered at all. */
  failNextDelivery = false;

  async deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    if (this.failNextDelivery) {
      this.failNextDelivery = false;
      throw new Error("the platform does not deliver");
    }
    const chunks: Uint8Array[] = [];
    const { stream } = await openVideo(signal);
    for await (const chunk of stream) chunks.push(chunk);
    const sent = await this.send(target, message);
    const found = this.messages.find((one) => one.id === sent.messageId);
    if (found) found.video = Buffer.concat(chunks);
    this.#changed();
    return { isFileSent: true };
  }

  async openAttachment(attachment: Attachment): Promise<OpenedAttachment> {
    const path = attachment.fileId ?? "";
    const { size } = await stat(path).catch((cause: unknown) => {
      throw new AttachmentError("gone", { cause });
    });
    return {
      kind: "stream",
      name: attachment.name,
      mimeType: attachment.mimeType ?? "",
      sizeBytes: size,
      open: async (signal) => createReadStream(path, { signal }),
    };
  }

  /** Sends a message as a person and resolves once the bot owns it. */
  async says(
    text: string,
    more: Partial<IncomingMessage> & { conversation?: string; language?: string } = {},
  ): Promise<void> {
    const { conversation = "test:1", language, ...rest } = more;
    await this.bot.engine.receive({
      version: 1,
      id: `test:${randomUUID()}`,
      conversationId: conversation,
      user: { id: "test:anna", ...(language ? { language } : {}) },
      text,
      attachments: [],
      replyTo: { platform: "test", conversationId: conversation, details: {} },
      receivedAt: Date.now(),
      ...rest,
    });
  }

  /** Like `says`, and waits until everything it asked for is done. Returns the texts that came since. */
  async asks(text: string, more: Parameters<TestChat["says"]>[1] = {}): Promise<string[]> {
    const before = new Set(this.messages);
    await this.says(text, more);
    await this.bot.queue.idle();
    return this.messages.filter((message) => !before.has(message)).map((message) => message.text);
  }

  /** Sends files with a caption, waits until all is done. */
  sendsFile(
    paths: string | string[],
    caption = "",
    more: Parameters<TestChat["says"]>[1] = {},
  ): Promise<string[]> {
    return this.asks(caption, { attachments: [paths].flat().map((path) => file(path)), ...more });
  }

  /** Presses the newest button with this label. */
  async presses(label: string, more: Parameters<TestChat["says"]>[1] = {}): Promise<string[]> {
    return this.asks("", { ...more, action: this.actionOf(label) });
  }

  /** What the newest button with this label does. */
  actionOf(label: string): Action {
    const button = this.messages
      .flatMap((message) => message.buttons)
      .findLast((one) => one.label === label && one.kind === "action");
    if (button?.kind !== "action") throw new Error(`there is no button "${label}"`);
    return button.action;
  }

  /** Everything visible now, one below the other. */
  get text(): string {
    return this.messages.map((message) => message.text).join("\n");
  }

  /** Everything that was ever visible, each text as it changed. */
  get seen(): string {
    return [...this.removed, ...this.messages].flatMap(({ history }) => history).join("\n");
  }

  /** The newest message. */
  get last(): SeenMessage {
    const message = this.messages.at(-1);
    if (!message) throw new NothingSaid();
    return message;
  }

  /** The labels of the buttons of the newest message. */
  get buttons(): string[] {
    return this.last.buttons.map((button) => button.label);
  }

  /** Waits until `condition` holds; fails with what was seen instead. */
  async until(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
    if (holds(condition)) return;
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!holds(condition)) return;
        this.#watchers.delete(look);
        clearInterval(poll);
        clearTimeout(timer);
        resolve();
      };
      // Some conditions look at the backend, which does not report here.
      const poll = setInterval(look, 5);
      const timer = setTimeout(() => {
        clearInterval(poll);
        reject(new Error(`waited in vain; seen so far:\n${this.text}`));
      }, timeoutMs);
      this.#watchers.add(look);
    });
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}

class NothingSaid extends Error {
  override readonly message = "nothing was said";
}

/** A condition about the newest message does not hold before there is one. */
function holds(condition: () => boolean): boolean {
  try {
    return condition();
  } catch (error) {
    if (error instanceof NothingSaid) return false;
    throw error;
  }
}

function seen(message: OutgoingMessage): Pick<SeenMessage, "raw" | "text" | "tone" | "buttons"> {
  return { raw: message, text: toPlain(message.text), tone: message.tone, buttons: message.buttons.flat() };
}

/** What the operator finds in the log. */
export class TestLog implements Log {
  readonly lines: string[] = [];
  debug(facts: object, message: string): void {
    this.#write("debug", facts, message);
  }
  info(facts: object, message: string): void {
    this.#write("info", facts, message);
  }
  warn(facts: object, message: string): void {
    this.#write("warn", facts, message);
  }
  error(facts: object, message: string): void {
    this.#write("error", facts, message);
  }
  #write(level: string, facts: object, message: string): void {
    const shown = Object.entries(facts).map(
      ([key, value]) => `${key}=${value instanceof Error ? value.message : JSON.stringify(value)}`,
    );
    this.lines.push(`${level} ${message} ${shown.join(" ")}`);
  }
}

export interface Scene {
  nemo: Sandbox;
  chat: TestChat;
  log: TestLog;
  /** Stops the bot and starts it again on the same data: for `storage: "disk"`. `keep`: what was said stays there. */
  restart(keep?: "messages"): Promise<{ chat: TestChat; log: TestLog }>;
}

export interface SceneOptions {
  /** Without ffmpeg unless a test asks for it: exports are then the clip itself. */
  nemo?: SandboxOptions;
  settings?: Record<string, string>;
  storage?: "memory" | "disk";
  limits?: Partial<Limits>;
  /** What names stand for; the machine's own resolver unless a test says otherwise. */
  resolveHost?: ResolveHost;
  /** What the operator counts; nothing unless a test asks. */
  metrics?: Metrics;
  /** Other than the bot's own. */
  content?: Content;
}

/** A sandbox, a bot and a chat; all gone when the test ends. `settings` are environment variables. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const nemo = await startSandbox({ silentShare: 0, guiShare: 0, ffmpeg: null, ...options.nemo });
  onTestFinished(() => nemo.stop());
  const storage = options.storage ?? "memory";
  const settings = {
    NEMO_API_URL: nemo.url,
    NEMO_WEB_URL: nemo.webUrl,
    ...(storage === "disk" ? { DATA_DIR: await temporaryFolder() } : {}),
    ...options.settings,
  };
  let running = await startChat({ ...options, settings, storage });
  return {
    nemo,
    chat: running.chat,
    log: running.log,
    async restart(keep) {
      await running.stop();
      const messages = keep ? running.chat.messages : [];
      running = await startChat({ ...options, settings, storage, messages });
      return running;
    },
  };
}

/** A bot and a chat on whatever backend `settings` names. */
async function startChat(options: {
  settings: Record<string, string>;
  storage?: "memory" | "disk";
  limits?: Partial<Limits>;
  resolveHost?: ResolveHost;
  metrics?: Metrics;
  content?: Content;
  messages?: SeenMessage[];
}): Promise<{ chat: TestChat; log: TestLog; stop(): Promise<void> }> {
  const log = new TestLog();
  const chat = new TestChat();
  chat.messages.push(...(options.messages ?? []));
  const bot = await startBot(loadConfig({ ...FAST_SETTINGS, ...options.settings }), {
    log,
    storage: options.storage ?? "memory",
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.resolveHost ? { resolveHost: options.resolveHost } : {}),
    ...(options.metrics ? { metrics: options.metrics } : {}),
    content: options.content ?? contentFor(options.settings),
  });
  let stopped: Promise<void> | null = null;
  const stop = () => {
    stopped ??= bot.stop();
    return stopped;
  };
  onTestFinished(stop);
  chat.bot = bot;
  bot.addPlatform(chat);
  await bot.engine.start();
  return { chat, log, stop };
}

/** A file as this platform names it; its path is its id. */
export function file(path: string, more: Partial<Attachment> = {}): Attachment {
  return { platform: "test", fileId: path, name: basename(path), ...more };
}

/** An empty folder that is gone when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "nemobot-test-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A link to the clip on the sandbox, as a person would send one. */
export function linkTo(nemo: Sandbox, name: string): string {
  return nemo.publish({ path: CLIP, type: "video/mp4" }, name);
}

/** The bytes of the clip. */
export function clipBytes(): Promise<Buffer> {
  return readFile(CLIP);
}

/** One second of a tone as Telegram and Discord record it: Ogg with Opus, 48 kHz, mono. */
export function voiceNoteBytes(): Promise<Buffer> {
  return readFile(new URL("../fixtures/voice-note.ogg", import.meta.url));
}
