/** Where a message goes, as the details of a `ReplyTarget` say it. Source: `targetOf` in `incoming/normalize.ts`. */
import type { OutgoingMessage, ReplyTarget, SentMessage } from "../../../core/model/message.ts";
import type { Posted } from "./sent-marks.ts";

export interface Address {
  chatId: string;
  topicId: number | null;
  isForum: boolean;
  /** The person's own message; null when they pressed a button. */
  replyTo: number | null;
  /** In a group: whom the answer is for; null where the person cannot be told alone. */
  userId: string | null;
  /** The press that is answered; null when nothing was pressed. `at` is epoch ms. */
  press: { id: string; at: number } | null;
}

export function addressOf(target: ReplyTarget): Address {
  const { chatId, topicId, isForum, replyTo, userId, pressId, pressedAt } = target.details;
  return {
    chatId: String(chatId),
    topicId: typeof topicId === "number" ? topicId : null,
    isForum: isForum === true,
    replyTo: typeof replyTo === "number" ? replyTo : null,
    userId: typeof userId === "string" ? userId : null,
    press: typeof pressId === "string" ? { id: pressId, at: Number(pressedAt) } : null,
  };
}

/** Groups have numbers below zero, people above. */
export function isGroup({ chatId }: Address): boolean {
  return chatId.startsWith("-");
}

/** Whether a message hangs below the person's own: answers in a group do, and what came late. */
export function isHung(address: Address, { isReply }: Pick<OutgoingMessage, "isReply">): boolean {
  return isReply === true || isGroup(address);
}

/** The parameters that put a message into its topic and, when it hangs, below the message it answers. */
export function placeOf(
  { topicId, replyTo, chatId: askedIn }: Address,
  chatId: string,
  hangs: boolean,
): {
  message_thread_id?: number;
  reply_parameters?: { message_id: number; allow_sending_without_reply: true };
} {
  return {
    ...(topicId === null ? {} : { message_thread_id: topicId }),
    // A question in a group that has moved cannot be answered to: its number means another message now.
    ...(hangs && replyTo !== null && chatId === askedIn
      ? { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }
      : {}),
  };
}

/** The target of a message that was really sent to `chatId`: a group may have moved since it was spoken to. */
function targetIn(target: ReplyTarget, chatId: string): ReplyTarget {
  if (chatId === target.details.chatId) return target;
  const { replyTo: _question, ...details } = target.details;
  return { ...target, details: { ...details, chatId } };
}

/** A message that Telegram has, as the core knows it. */
export function sentAs(target: ReplyTarget, { chatId, messageId }: Posted): SentMessage {
  return { target: targetIn(target, chatId), messageId: String(messageId) };
}
