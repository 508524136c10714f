/** What waits in the lanes of the work queue. Source: DESIGN.md, rules 1 and 2. */
import { z } from "zod";
import {
  type ConversationId,
  type IncomingMessage,
  incomingMessageSchema,
  type OutgoingMessage,
  outgoingShape,
  type ReplyTarget,
  replyTargetSchema,
  sentMessageSchema,
} from "./message.ts";
import { requestSchema } from "./request.ts";

/** A message for the mailbox of its conversation. */
const messageItemSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  lane: z.string(),
  kind: z.literal("message"),
  message: incomingMessageSchema,
  /**
   * What it asks for. Absent in refusals, and in items of the version before, which takes items of this one too:
   * `requestOf` reads it then.
   */
  request: requestSchema.optional(),
  /** The message is not taken, and all that is to be done is to say so: a text of the locales and its limit. */
  refusal: z
    .object({
      key: z.enum(["message.too-long", "message.too-many-files", "queue.full"]),
      limit: z.number(),
    })
    .optional(),
});
export type MessageItem = z.infer<typeof messageItemSchema>;

/** An export beside the mailbox: its captured project is rendered and watched until the video is delivered. */
const exportItemSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  lane: z.string(),
  kind: z.literal("export"),
  conversationId: z.string(),
  language: z.string(),
  replyTo: replyTargetSchema,
  /** Who asked for it; absent in items of old versions. */
  startedBy: z.string().optional(),
  /** What that person is called; absent when not known. */
  startedByName: z.string().optional(),
  /** The message that shows the progress, in items of old versions: it has a name of its own since, see `livingKey`. */
  progress: sentMessageSchema.nullable(),
  sessionId: z.string(),
  taskId: z.string().nullable(),
  /** What the video's file is called; absent in items of old versions. */
  fileName: z.string().optional(),
  /** Epoch ms. */
  startedAt: z.number(),
});
export type ExportItem = z.infer<typeof exportItemSchema>;

/** A message that the platform did not take at once: it is sent, once, whatever becomes of the process. */
const deliveryItemSchema = z.object({
  version: z.literal(1),
  /** The message's idempotency key. */
  id: z.string(),
  lane: z.string(),
  kind: z.literal("delivery"),
  replyTo: replyTargetSchema,
  message: z.custom<OutgoingMessage>((value) => outgoingShape.safeParse(value).success),
  /** The message that it takes the place of; null for a new one. */
  instead: sentMessageSchema.nullable(),
  /** The message that goes once it is there; null when there is none. */
  removes: sentMessageSchema.nullable(),
});
export type DeliveryItem = z.infer<typeof deliveryItemSchema>;

export const workItemSchema = z.discriminatedUnion("kind", [
  messageItemSchema,
  exportItemSchema,
  deliveryItemSchema,
]);
export type WorkItem = z.infer<typeof workItemSchema>;

/** The id of the export that the message item `itemId` has asked for. */
export function exportId(itemId: string): string {
  return `export:${itemId}`;
}

/** The person who asked for it; undefined where an item does not say. */
export function starterOf(item: WorkItem): string | undefined {
  switch (item.kind) {
    case "message":
      return item.message.user.id;
    case "export":
      return item.startedBy;
    case "delivery":
      return undefined;
  }
}

/** What that person is called; undefined where an item does not say. */
export function starterNameOf(item: WorkItem): string | undefined {
  switch (item.kind) {
    case "message":
      return item.message.user.name;
    case "export":
      return item.startedByName;
    case "delivery":
      return undefined;
  }
}

/** Where its words go. */
export function targetOf(item: WorkItem): ReplyTarget {
  return item.kind === "message" ? item.message.replyTo : item.replyTo;
}

/** True for the id of an export, false for that of a message. */
export function isExportId(id: string): boolean {
  return id.startsWith("export:");
}

/** The message that an item goes back to: what names its turn in the log. */
export function turnOf(item: WorkItem): string {
  return item.kind === "message" ? item.message.id : item.id.replace(/^export:/, "");
}

/** The mailbox: messages that must be worked on one by one. */
export function mailboxLane(conversationId: ConversationId): string {
  return conversationId;
}

/**
 * Answers at once, beside the mailbox; what stops something has a lane of its own. Each person has both: one who asks
 * without end fills no other's.
 */
export function instantLane(
  { conversationId, user }: Pick<IncomingMessage, "conversationId" | "user">,
  isStop: boolean,
): string {
  return `${isStop ? "stop" : "instant"}:${conversationId}:${user.id}`;
}

/** Messages that their platform did not take at once. */
export function outboxLane(conversationId: ConversationId): string {
  return `outbox:${conversationId}`;
}

/** Exports run beside the mailbox, so that editing goes on while a video renders. */
export function exportLane(conversationId: ConversationId): string {
  return `export:${conversationId}`;
}

/** Names the living message of an item, for all processes. */
export function livingKey(itemId: string): string {
  return `${itemId}:live`;
}
