/**
 * Which messages of a group reach a bot in privacy mode: commands meant for it, general commands when it was
 * the last bot to speak, mentions of it, replies to its messages. Administrators see everything.
 * Source: core.telegram.org/bots/features#privacy-mode. Mentions are not in that list, but come in practice.
 */

import type { ChatState } from "./chat-state.ts";
import type { WireMessage, WireUser } from "./wire.ts";

/** Whether the bot gets an update about this message of a user. */
export function reachesBot(bot: WireUser, chat: ChatState, message: WireMessage): boolean {
  if (chat.botStatus === "kicked" || chat.botStatus === "left") return false;
  if (chat.wire.type === "private") return true;
  if (!chat.isPrivacyModeOn || chat.botStatus === "administrator") return true;
  if (message.reply_to_message?.from?.id === bot.id) return true;
  const text = message.text ?? message.caption ?? "";
  const entities = message.entities ?? message.caption_entities ?? [];
  const username = (bot.username ?? "").toLowerCase();
  return entities.some((entity) => {
    const piece = text.slice(entity.offset, entity.offset + entity.length).toLowerCase();
    if (entity.type === "mention") return piece === `@${username}`;
    if (entity.type === "text_mention") return entity.user?.id === bot.id;
    if (entity.type !== "bot_command") return false;
    const [, addressee] = piece.split("@");
    if (addressee !== undefined) return addressee === username;
    return entity.offset === 0 && chat.lastBotToSpeak !== "other";
  });
}
