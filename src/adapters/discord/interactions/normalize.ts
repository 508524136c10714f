/** Discord's interactions as the core's `IncomingMessage`. Source: Discord docs, "Interaction Structure". */
import type { IncomingMessage } from "../../../core/model/message.ts";
import { conversationOf, targetOf } from "../place.ts";
import {
  answerOf,
  canManage,
  channelOf,
  isAppOnly,
  isForOneAlone,
  limitOf,
  nameOf,
  parentOf,
  type Taken,
  userOf,
} from "./facts.ts";
import type { Acknowledgement, Asked } from "./plan.ts";

/** An interaction as the core takes it, answered in place after `acknowledgement`. */
export function readInteraction(
  interaction: Taken,
  { text, attachments, action, skill }: Asked,
  acknowledgement: Acknowledgement,
): IncomingMessage {
  const { id, locale, guild_id: guildId } = interaction;
  const channelId = channelOf(interaction);
  const conversationId = conversationOf(channelId);
  const userId = userOf(interaction).id;
  const name = nameOf(interaction);
  return {
    version: 1,
    id: `discord:interaction:${id}`,
    conversationId,
    user: {
      id: `discord:${userId}`,
      ...(name === undefined ? {} : { name }),
      ...(locale ? { language: locale } : {}),
      canManage: canManage(interaction),
    },
    text,
    attachments,
    ...(action ? { action } : {}),
    ...(skill === undefined ? {} : { skill }),
    replyTo: targetOf(conversationId, {
      channelId,
      userId,
      ...(guildId ? { guildId } : {}),
      ...answerOf(interaction),
      // A pressed button has its answer: the message it stands in.
      ...(acknowledgement === "update" ? { isAnswered: true } : {}),
      ...parentOf(interaction),
      ...(action && isForOneAlone(action) ? { isEphemeral: true } : {}),
      ...(isAppOnly(interaction) ? { isAppOnly: true } : {}),
      ...limitOf(interaction),
    }),
    receivedAt: Date.now(),
  };
}
