/**
 * What is for one person alone, in a group: as an ephemeral message, else in the person's own chat with the bot,
 * else kept behind a button that opens that chat. Source: DESIGN.md, rule 14; Bot API, "Ephemeral messages".
 */
import { type Api, GrammyError } from "grammy";
import type { Locales } from "../../../core/model/locales.ts";
import type { Button, OutgoingMessage, ReplyTarget } from "../../../core/model/message.ts";
import { joinText } from "../../../core/model/rich-text.ts";
import type { Clock, Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { BoundedMap } from "../../../lib/bounded-map.ts";
import { nativeSignal } from "../abort-signals.ts";
import { type Address, addressOf } from "./address.ts";
import { NotEphemeralError } from "./call.ts";
import type { Delivery, Posting } from "./delivery.ts";
import { KEPT_PREFIX, type KeptMessages } from "./kept-messages.ts";
import { renderKeyboard } from "./keyboard.ts";
import { renderText } from "./render.ts";

/** A bot that is no admin may answer a press so, for this long. */
const PRESS_LIVES_MS = 15_000;
/** A group that refused ephemeral messages is not asked again for so long. */
const REFUSED_FOR_MS = 3_600_000;
const MAX_REFUSALS = 5_000;
/** There is another way. */
const MAX_RETRIES = 1;

export interface PrivateMessageOptions {
  api: Api;
  delivery: Delivery;
  memory: AdapterMemory;
  locales: Locales;
  clock: Clock;
  log: Log;
  kept: KeptMessages;
  /** The bot's name, for links that open its chat. */
  botName: () => Promise<string>;
  /** Ends calls beside the queue. */
  stopped: AbortSignal;
}

export class PrivateMessages {
  readonly #options: PrivateMessageOptions;
  /** Groups that refused a moment ago, by whether a press was answered. */
  readonly #refusals: BoundedMap<string, true>;
  /** Whether the server knows ephemeral messages; null until it was asked. */
  #isServerNew: boolean | null = null;

  constructor(options: PrivateMessageOptions) {
    this.#options = options;
    this.#refusals = new BoundedMap(MAX_REFUSALS, { maxAgeMs: REFUSED_FOR_MS, clock: options.clock });
  }

  /**
   * Tells the person. Returns what others may read of it; `isNeeded` is false where the person would miss nothing
   * without it.
   */
  async tell(
    target: ReplyTarget,
    message: OutgoingMessage,
  ): Promise<{ inPublic: OutgoingMessage; isNeeded: boolean }> {
    const address = addressOf(target);
    const actions = rowsOf(message.buttons, "action");
    const isNeeded = message.isDispensable !== true;
    if (await this.#tellEphemerally(target, address, message)) {
      return {
        inPublic: this.#inPublic(message, "private.told", []),
        isNeeded: isNeeded && message.inPublic !== undefined,
      };
    }
    if (await this.#tellDirectly(address, message)) {
      return { inPublic: this.#inPublic(message, "private.told", actions), isNeeded };
    }
    const link = isNeeded ? [[await this.#linkTo(address, message)]] : [];
    return { inPublic: this.#inPublic(message, "private.ask", [...link, ...actions]), isNeeded };
  }

  async #tellEphemerally(target: ReplyTarget, address: Address, message: OutgoingMessage): Promise<boolean> {
    const { delivery, clock, log, memory } = this.#options;
    const { chatId: group, userId, press } = address;
    const [part, ...rest] = renderText(message.text);
    if (userId === null || !part || rest.length > 0) return false;
    const pressId = press !== null && clock.now() - press.at < PRESS_LIVES_MS ? press.id : null;
    const way = `${group} ${pressId !== null}`;
    if (this.#refusals.has(way) || !(await this.#knowsEphemeral())) return false;
    const keyboard = await renderKeyboard(message.buttons, target.conversationId, memory);
    const call = {
      kind: "text" as const,
      part,
      keyboard,
      address,
      hangs: false,
      receiver: { userId, pressId },
    };
    try {
      const posted = await delivery.post(target, call, postingOf(message));
      // By an earlier process, in the person's own chat.
      return posted.chatId !== userId;
    } catch (error) {
      if (error instanceof NotEphemeralError) {
        this.#isServerNew = false;
        log.error({}, "the Bot API server shows ephemeral messages to everybody: one was taken back");
      } else if (!isRefusal(error)) throw error;
      log.debug({ err: error, group }, "an ephemeral message was refused");
      this.#refusals.set(way, true);
      return false;
    }
  }

  async #tellDirectly({ userId }: Address, message: OutgoingMessage): Promise<boolean> {
    const { delivery, log, memory } = this.#options;
    if (userId === null) return false;
    const conversationId = `telegram:${userId}`;
    const target: ReplyTarget = { platform: "telegram", conversationId, details: { chatId: userId } };
    // Other buttons would act on the conversation of that chat.
    const keyboard = await renderKeyboard(rowsOf(message.buttons, "link"), conversationId, memory);
    try {
      await delivery.postWords(target, { text: message.text, keyboard, hangs: false }, postingOf(message));
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      log.debug({ err: error }, "a person has not opened their chat with the bot");
      return false;
    }
  }

  /** A server that does not know the parameter would show the message to everybody: it is asked before, by a call that does nothing. */
  async #knowsEphemeral(): Promise<boolean> {
    if (this.#isServerNew !== null) return this.#isServerNew;
    const { api, log, stopped } = this.#options;
    try {
      await api.deleteEphemeralMessage("", 0, 0, nativeSignal(stopped));
      return false;
    } catch (error) {
      if (!(error instanceof GrammyError) || ![400, 404].includes(error.error_code)) {
        log.debug({ err: error }, "it is not known whether the server can send ephemeral messages");
        return false;
      }
      // 404: no such method.
      this.#isServerNew = error.error_code === 400;
      return this.#isServerNew;
    }
  }

  /** A button that opens the bot's chat and shows the message there, to the same person alone. */
  async #linkTo({ userId }: Address, message: OutgoingMessage): Promise<Button> {
    const { locales, botName } = this.#options;
    const language = message.language ?? "en";
    const label = locales.plain(language, "button.open-chat");
    const chat = `https://t.me/${await botName()}`;
    // An admin who stays anonymous cannot be told apart in that chat.
    if (userId === null) return { kind: "link", label, href: chat };
    const links = message.buttons
      .flat()
      .flatMap((button) => (button.kind === "link" ? [{ label: button.label, href: button.href }] : []));
    const key = await this.#options.kept.keep({ userId, language, text: message.text, links });
    return { kind: "link", label, href: `${chat}?start=${KEPT_PREFIX}${key}` };
  }

  #inPublic(
    message: OutgoingMessage,
    key: "private.told" | "private.ask",
    buttons: Button[][],
  ): OutgoingMessage {
    const { locales } = this.#options;
    const language = message.language ?? "en";
    const words = locales.rich(language, key);
    return {
      tone: "reply",
      language,
      text: message.inPublic ? joinText([message.inPublic, words]) : words,
      buttons,
      ...(message.idempotencyKey === undefined ? {} : { idempotencyKey: `${message.idempotencyKey}:public` }),
    };
  }
}

function rowsOf(rows: Button[][], kind: Button["kind"]): Button[][] {
  return rows.map((row) => row.filter((button) => button.kind === kind)).filter((row) => row.length > 0);
}

function postingOf(message: OutgoingMessage): Posting {
  const { idempotencyKey = null } = message;
  return { idempotencyKey, isOwed: true, isOptional: true, maxRetries: MAX_RETRIES };
}

/** Not that the group has moved: then the same goes to its new place. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof GrammyError &&
    [400, 403].includes(error.error_code) &&
    error.parameters.migrate_to_chat_id === undefined
  );
}
