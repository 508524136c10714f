/**
 * The terminal as a chat platform: files are read from and exports saved to this machine, progress is
 * edited in place while nothing was printed below it. Source: the `ChatPlatform` port.
 */
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { mimeTypeOf } from "../../core/model/file-formats.ts";
import type { Locales, TextKey } from "../../core/model/locales.ts";
import type {
  Attachment,
  Button,
  OutgoingMessage,
  ReplyTarget,
  SentMessage,
} from "../../core/model/message.ts";
import { joinText, plain } from "../../core/model/rich-text.ts";
import {
  AttachmentError,
  type ByteSource,
  type ChatPlatform,
  type OpenedAttachment,
} from "../../core/ports/chat-platform.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { renderButtons, renderText } from "./render.ts";
import type { Screen } from "./screen.ts";

/** Messages whose edits are compared with what stands there. */
const MAX_SHOWN = 20;

export interface ConsoleOptions {
  screen: Screen;
  locales: Locales;
  /** The language of the lines that this adapter adds itself. */
  language: () => string;
  /** Where relative paths start. */
  cwd: string;
  /** Where exports are saved. */
  exportsDir: string;
}

export class ConsolePlatform implements ChatPlatform {
  readonly name = "console";
  readonly progressIntervalMs = 500;
  readonly typingLastsMs = 0;
  readonly maxAttachmentBytes = null;
  /** Buttons of the newest message that has some, in the order of their numbers. */
  buttons: Button[] = [];
  /** True once something that was asked for did not work. */
  hasFailed = false;
  readonly #options: ConsoleOptions;
  readonly #shown = new BoundedMap<string, { text: string; bar: string }>(MAX_SHOWN);

  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  async send(target: ReplyTarget, message: OutgoingMessage): Promise<SentMessage> {
    const sent = { target, messageId: randomUUID() };
    this.#print(sent.messageId, message);
    return sent;
  }

  async edit(sent: SentMessage, message: OutgoingMessage): Promise<SentMessage> {
    this.#print(sent.messageId, message);
    return sent;
  }

  async showProgress(
    target: ReplyTarget,
    shown: SentMessage | null,
    message: OutgoingMessage,
  ): Promise<SentMessage> {
    return shown ? this.edit(shown, message) : this.send(target, message);
  }

  /** What a terminal shows does not outlive its process. */
  async find(): Promise<null> {
    return null;
  }

  async remove({ messageId }: SentMessage): Promise<void> {
    this.#shown.delete(messageId);
    this.#options.screen.remove(messageId);
  }

  /** A terminal has no reactions. */
  async react(): Promise<boolean> {
    return false;
  }

  async showActivity(): Promise<void> {
    // A terminal has no typing signal.
  }

  async keptMessage(): Promise<null> {
    return null;
  }

  isShared(): boolean {
    return false;
  }

  /** Who sits at the terminal is alone with the bot. */
  async mayManage(): Promise<boolean> {
    return true;
  }

  async deliverVideo(
    target: ReplyTarget,
    message: OutgoingMessage,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    const { locales, language, cwd } = this.#options;
    const saved = await this.#save(message.video?.name ?? "video.mp4", openVideo, signal);
    if (saved.kind === "failed") this.hasFailed = true;
    const line =
      saved.kind === "saved"
        ? locales.rich(language(), "console.saved", { path: relative(cwd, saved.path) })
        : locales.rich(language(), "console.save-failed", {
            reason: locales.plain(language(), saved.reason),
          });
    await this.send(target, { ...message, text: joinText([message.text, line]) });
    return { isFileSent: saved.kind === "saved" };
  }

  async openAttachment(attachment: Attachment): Promise<OpenedAttachment> {
    const path = attachment.fileId ?? "";
    const found = await stat(path).catch(() => null);
    if (!found?.isFile()) throw new AttachmentError("gone");
    return {
      kind: "stream",
      name: attachment.name,
      mimeType: mimeTypeOf(attachment),
      sizeBytes: found.size,
      open: async (signal) => createReadStream(path, { signal }),
    };
  }

  #print(id: string, message: OutgoingMessage): void {
    const { screen } = this.#options;
    // What also has words for others is a failure that is told in private.
    if (message.tone === "error" || message.inPublic) this.hasFailed = true;
    const buttons = message.buttons.flat();
    if (buttons.length > 0) this.buttons = buttons;
    const text = renderText(message, screen.isStyled);
    const bar = renderButtons(message, screen.isStyled);
    const before = this.#shown.get(id);
    this.#shown.set(id, { text, bar });
    // An edit that changes nothing is no news; where nothing can be replaced, one that adds buttons is short.
    // So is one that only takes buttons away: it would write the same words again below newer ones.
    if (before?.text === text && (before.bar === bar || bar === "")) return;
    const isOnlyButtons = before?.text === text && !screen.isStyled;
    screen.print(id, [...(isOnlyButtons ? [] : [text]), ...(bar ? [bar] : [])].join("\n"));
  }

  async #save(
    name: string,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Promise<{ kind: "saved"; path: string } | { kind: "failed"; reason: TextKey }> {
    const { exportsDir } = this.#options;
    let path: string | null = null;
    try {
      await mkdir(exportsDir, { recursive: true });
      const { stream, sizeBytes } = await openVideo(signal);
      path = await freePath(exportsDir, name);
      const file = createWriteStream(path, { flags: "wx" });
      await pipeline(stream, file, { signal });
      if (sizeBytes !== null && file.bytesWritten !== sizeBytes)
        throw new Error("the video arrived incomplete");
      return { kind: "saved", path };
    } catch (error) {
      // Half a file is worse than none.
      if (path) await rm(path, { force: true });
      return { kind: "failed", reason: reasonOf(error) };
    }
  }
}

/** `video.mp4`, or `video-2.mp4` when that is taken. */
async function freePath(dir: string, name: string): Promise<string> {
  const base = name.replace(/\.mp4$/, "").replace(/[^\w.-]/g, "_");
  for (let number = 1; ; number++) {
    const path = join(dir, number === 1 ? `${base}.mp4` : `${base}-${number}.mp4`);
    if (!(await stat(path).catch(() => null))) return path;
  }
}

function reasonOf(error: unknown): TextKey {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ENOSPC") return "console.disk-full";
  if (code === "EACCES" || code === "EROFS" || code === "EPERM") return "console.read-only";
  return "console.broke-off";
}

/** A line of the adapter's own. */
export function note(text: string): OutgoingMessage {
  return { tone: "notice", text: plain(text), buttons: [] };
}
