/** Reactions on people's messages. Source: Bot API, setMessageReaction; the `ChatPlatform` port. */
import type { Api } from "grammy";
import type { ReplyTarget } from "../../../core/model/message.ts";
import type { Reaction } from "../../../core/ports/chat-platform.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import { nativeSignal } from "../abort-signals.ts";
import type { Migrations } from "../migrations.ts";
import { addressOf } from "./address.ts";

/** False where there are none: a group may forbid them, and a message may be gone. Never throws. */
export async function react(
  { api, migrations, log, stopped }: { api: Api; migrations: Migrations; log: Log; stopped: AbortSignal },
  target: ReplyTarget,
  reaction: Reaction,
): Promise<boolean> {
  const { chatId, replyTo } = addressOf(target);
  try {
    // In a group that has moved the number means another message.
    if (replyTo === null || (await migrations.currentOf(chatId)) !== chatId) return false;
    const reactions = [{ type: "emoji" as const, emoji: reaction }];
    return await api.setMessageReaction(chatId, replyTo, reactions, {}, nativeSignal(stopped));
  } catch (error) {
    log.debug({ err: error }, "a message could not be reacted to");
    return false;
  }
}
