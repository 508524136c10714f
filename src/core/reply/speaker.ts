/** One chat in one language: what the core says goes through here, so that a failed send is never silent. */
import { createHash } from "node:crypto";
import { hideTokens } from "../../lib/secrets.ts";
import type { TextKey, TextParams } from "../model/locales.ts";
import type { Action, Button, OutgoingMessage, ReplyTarget, SentMessage } from "../model/message.ts";
import { joinText, type RichText } from "../model/rich-text.ts";
import { StopError } from "../model/stop.ts";
import { type DeliveryItem, outboxLane } from "../model/work-item.ts";
import { type ByteSource, ChatGoneError, type ChatPlatform } from "../ports/chat-platform.ts";
import type { Context } from "../ports/context.ts";

/** A message with the usual parts left out: a plain reply without buttons. */
export type MessageDraft = Partial<OutgoingMessage> & { text: RichText };

export class Speaker {
  readonly language: string;
  readonly target: ReplyTarget;
  readonly platform: ChatPlatform;
  readonly #context: Pick<Context, "locales" | "log" | "outbox">;
  readonly #itemId: string | null;
  #onFirstWord: (() => void) | undefined;
  /** How often each text was sent. */
  readonly #sent = new Map<string, number>();

  /**
   * `itemId` is the work item it speaks for: what is said for it is shown once, also when the item is taken up
   * again after a crash and comes to the same words. Null: no such promise. `onFirstWord` is called when the
   * person has read something for the first time.
   */
  constructor(
    context: Pick<Context, "locales" | "log" | "platforms" | "outbox">,
    target: ReplyTarget,
    language: string,
    itemId: string | null,
    onFirstWord?: () => void,
  ) {
    const platform = context.platforms.get(target.platform);
    if (!platform) throw new Error(`no platform named ${target.platform} runs in this process`);
    this.platform = platform;
    this.target = target;
    this.language = language;
    this.#itemId = itemId;
    this.#onFirstWord = onFirstWord;
    this.#context = context;
  }

  /** A text of the locales with its formatting. */
  rich(key: TextKey, params?: TextParams): RichText {
    return this.#context.locales.rich(this.language, key, params);
  }

  /** A text of the locales without formatting. */
  plain(key: TextKey, params?: TextParams): string {
    return this.#context.locales.plain(this.language, key, params);
  }

  /** `mp4, mov` */
  list(parts: readonly string[]): string {
    return parts.join(this.plain("list.comma"));
  }

  /** What is known of a thing, to stand behind its name: ` (0:10, 1280×720)`; empty when nothing is. */
  facts(parts: readonly (string | null)[]): string {
    const known = parts.filter((part) => part !== null);
    return known.length > 0 ? this.plain("list.facts", { facts: this.list(known) }) : "";
  }

  button(label: TextKey, action: Action): Button {
    return { kind: "action", label: this.plain(label), action };
  }

  /** Sends a text of the locales. */
  say(key: TextKey, params?: TextParams, rest: Partial<OutgoingMessage> = {}): Promise<SentMessage | null> {
    return this.send({ ...rest, text: this.rich(key, params) });
  }

  /**
   * Sends a message; null (and a line in the log) when the platform did not take it, or takes it later. `removes` is
   * taken away once it is there.
   */
  async send(draft: MessageDraft, removes: SentMessage | null = null): Promise<SentMessage | null> {
    return this.#owe(draft, { instead: null, removes }, "a message was not sent");
  }

  /** Puts what is owed in the place of `shown`, as `send` sends it. */
  replace(shown: SentMessage, draft: MessageDraft): Promise<SentMessage | null> {
    return this.#owe(draft, { instead: shown, removes: null }, "a message was not edited");
  }

  /** Replaces `sent`, or sends a new message when there is none. */
  async edit(sent: SentMessage | null, draft: MessageDraft): Promise<SentMessage | null> {
    if (!sent) return this.send(draft);
    try {
      const edited = await this.platform.edit(sent, this.#complete(draft));
      this.#hasSaid();
      return edited;
    } catch (error) {
      this.#report(error, "a message was not edited");
      return sent;
    }
  }

  /** Shows decoration now or not at all, see `ChatPlatform.showProgress`. Throws what that throws. */
  showProgress(shown: SentMessage | null, draft: MessageDraft): Promise<SentMessage | null> {
    return this.platform.showProgress(this.target, shown, this.#complete(draft));
  }

  /** The message that was shown under a name; null when none is known. */
  find(idempotencyKey: string): Promise<SentMessage | null> {
    return this.platform.find(this.target, idempotencyKey);
  }

  /** Takes a message away. */
  remove(sent: SentMessage): Promise<void> {
    return this.platform.remove(sent);
  }

  /** Delivers a finished video; where the platform fails or takes longer than `timeoutMs`, its text with the link. */
  async deliverVideo(
    draft: MessageDraft,
    openVideo: (signal: AbortSignal) => Promise<ByteSource>,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ isFileSent: boolean }> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      return await this.platform.deliverVideo(this.target, this.#named(draft), openVideo, deadline);
    } catch (error) {
      signal.throwIfAborted();
      this.#report(error, "a video was not delivered");
      await this.send(draft);
      return { isFileSent: false };
    }
  }

  async #owe(
    draft: MessageDraft,
    where: Pick<DeliveryItem, "instead" | "removes">,
    trouble: string,
  ): Promise<SentMessage | null> {
    const message = this.#named(draft);
    const { idempotencyKey: id } = message;
    const { target } = this;
    const lane = outboxLane(target.conversationId);
    try {
      // Without a name it cannot be owed.
      const sent =
        id === undefined
          ? await this.platform.send(target, message)
          : await this.#context.outbox.send({
              ...{ version: 1, id, kind: "delivery", lane, replyTo: target, message, ...where },
            });
      // That work has begun is not what the person waits for.
      if (draft.tone !== "notice") this.#hasSaid();
      return sent;
    } catch (error) {
      this.#report(error, trouble);
      return where.instead;
    }
  }

  #hasSaid(): void {
    this.#onFirstWord?.();
    this.#onFirstWord = undefined;
  }

  /** A chat that is gone is no trouble; everything else is. Throws when the process ends. */
  #report(error: unknown, what: string): void {
    // The process that takes the work over says it.
    if (error instanceof StopError) throw error;
    const facts = { err: error, conversation: this.target.conversationId };
    if (error instanceof ChatGoneError) this.#context.log.info(facts, what);
    else this.#context.log.error(facts, what);
  }

  /** With the name it is sent under; the same words said twice on purpose are told apart by their count. */
  #named(draft: MessageDraft): OutgoingMessage {
    const message = this.#complete(draft);
    if (message.idempotencyKey !== undefined || this.#itemId === null) return message;
    const words = createHash("sha256").update(JSON.stringify([message.tone, message.text]));
    const name = words.digest("base64url").slice(0, 16);
    const count = this.#sent.get(name) ?? 0;
    this.#sent.set(name, count + 1);
    return { ...message, idempotencyKey: `${this.#itemId}:${name}:${count}` };
  }

  #complete(draft: MessageDraft): OutgoingMessage {
    const { text, buttons = [] } = draft;
    return {
      tone: "reply",
      language: this.language,
      ...draft,
      // The last place before a person sees it: names and words come from many sides.
      text: text.map((span) => ({ ...span, text: hideTokens(span.text) })),
      buttons: buttons.map((row) => row.map((button) => ({ ...button, label: hideTokens(button.label) }))),
    };
  }

  /** Paragraphs below each other. */
  paragraphs(...parts: RichText[]): RichText {
    return joinText(parts);
  }
}
