/**
 * What comes in and what goes out of a conversation, as plain JSON with a schema and a version, so that
 * any process can finish any job. Source: DESIGN.md, rule 1 and "Words".
 */
import { z } from "zod";
import type { RichText } from "./rich-text.ts";

/** `telegram:<chat>[:<topic>]`, `discord:<channel or thread>`, `web:<id>` or `console`. */
export type ConversationId = string;

/** A file in a chat. It is named by the platform's own id or by a public URL, never by an open handle. */
export const attachmentSchema = z.object({
  /** The platform that can open it (`ChatPlatform.name`), or `url` for a link that a person wrote. */
  platform: z.string(),
  /** The platform's id of the file (a path for the console). */
  fileId: z.string().optional(),
  /** A public http(s) address the backend may fetch itself. */
  url: z.string().optional(),
  name: z.string(),
  /** As the platform claims it; absent when it does not say. */
  mimeType: z.string().optional(),
  /** Recorded in the chat: its name says nothing to people. */
  isVoice: z.literal(true).optional(),
  /** Absent when the platform does not say. */
  sizeBytes: z.number().nonnegative().optional(),
});
export type Attachment = z.infer<typeof attachmentSchema>;

/** Where an answer goes. `details` belongs to the adapter (a topic, a message to reply to, …). */
export const replyTargetSchema = z.object({
  platform: z.string(),
  conversationId: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type ReplyTarget = z.infer<typeof replyTargetSchema>;

/** A message of ours that can be edited later, from any process. */
export const sentMessageSchema = z.object({ target: replyTargetSchema, messageId: z.string() });
export type SentMessage = z.infer<typeof sentMessageSchema>;

/** What small talk says. */
export const SMALL_TALK = ["greet", "thanks", "laugh", "agree", "remark", "reply"] as const;

/** What people ask for in words that may mean something else, so that they are asked. */
const likelyActionSchema = z.discriminatedUnion("kind", [
  /** First contact, or `/start`; `skill` comes from a deep link. */
  z.object({ kind: z.literal("start"), skill: z.string().optional() }),
  z.object({ kind: z.literal("help") }),
  z.object({ kind: z.literal("export") }),
  z.object({ kind: z.literal("credits") }),
  z.object({ kind: z.literal("status") }),
  /** `from`: the session that a person has agreed to leave for it; absent while no one was asked. */
  z.object({ kind: z.literal("new-project"), from: z.string().optional() }),
  /** With a name: the project that is called so is opened. Without: they are listed. */
  z.object({ kind: z.literal("projects"), name: z.string().optional() }),
  /** What each finished edit changed. */
  z.object({ kind: z.literal("history") }),
  /** The project as it was after an earlier edit; without `sessionId` the open one. */
  z.object({ kind: z.literal("export-version"), version: z.number(), sessionId: z.string().optional() }),
  /** Back to how it was before the last edit: the agent does it, in a turn. */
  z.object({ kind: z.literal("undo") }),
  /**
   * `current` stops the running item, `all` clears its lane behind it as well; `export` means the render,
   * `exports` those that wait for theirs as well.
   */
  z.object({ kind: z.literal("cancel"), scope: z.enum(["current", "all", "export", "exports"]) }),
  /** Without a name: list the skills. */
  z.object({ kind: z.literal("skill"), name: z.string().optional() }),
  /** Without a language: list the languages. */
  z.object({ kind: z.literal("language"), language: z.string().optional() }),
  /** How to send a file. */
  z.object({ kind: z.literal("upload-help") }),
  /**
   * Do what did not work once more: the user's own decision to pay again. A button means the request with
   * `itemId` and no later one; the word alone means the last.
   */
  z.object({ kind: z.literal("retry"), itemId: z.string().optional() }),
  /** Upload the last files again, after the session was lost. */
  z.object({ kind: z.literal("upload-again") }),
]);
export type LikelyAction = z.infer<typeof likelyActionSchema>;

const smallTalkSchema = z.object({
  kind: z.literal("small-talk"),
  says: z.enum(SMALL_TALK),
  /** Whether it would answer a question. */
  mayAnswer: z.boolean(),
  text: z.string(),
});
export type SmallTalk = z.infer<typeof smallTalkSchema>;

const anyActionSchema = z.discriminatedUnion("kind", [
  likelyActionSchema,
  /** Asks for nothing: it costs nothing, unless the agent waits for an answer. */
  smallTalkSchema,
  /** Shows a private message that could not be shown where it was asked for; see `ChatPlatform.keptMessage`. */
  z.object({ kind: z.literal("kept"), key: z.string() }),
  /** The bot has come into a group: says how to talk to it, as `name`; absent where it is mentioned or given commands. */
  z.object({ kind: z.literal("introduce"), name: z.string().optional() }),
  /** Nothing shall be done with what was just sent, for now. */
  z.object({ kind: z.literal("keep-files") }),
  /** Not a new one after all. */
  z.object({ kind: z.literal("keep-project") }),
  z.object({ kind: z.literal("open-project"), sessionId: z.string() }),
  /**
   * Words that may ask for `action`, or for nothing at all when it is absent, or be an edit: what is meant is asked.
   * `text`: empty when they are surely no edit.
   */
  z.object({ kind: z.literal("ask-meaning"), action: likelyActionSchema.optional(), text: z.string() }),
  /** Takes one message or export out of its lane; the one that runs by now is stopped. */
  z.object({ kind: z.literal("drop"), itemId: z.string() }),
  /** Answers the question that the item `itemId` asked: item `at` of it, with an option, or with those ticked. */
  z.object({
    kind: z.literal("answer"),
    itemId: z.string(),
    at: z.number(),
    /** Absent: done with choosing. */
    option: z.number().optional(),
  }),
  /** A ready-made prompt, such as an example. */
  z.object({
    kind: z.literal("edit"),
    text: z.string(),
    /** Whose request the agent has offered it for: it is theirs to pay for. Absent: any person's. */
    startedBy: z.string().optional(),
    /** Words of a person who was asked what they mean: for the editor, whatever they look like. */
    meant: z
      .object({
        /** Whose words they are: no one else may send them. */
        userId: z.string(),
        /** The message they stand in: they are sent once, however often the button is pressed. */
        messageId: z.string(),
        quoted: z.array(attachmentSchema).optional(),
      })
      .optional(),
  }),
]);

/** What a command or a button asks for. Adapters keep those that do not fit their platform's buttons. */
export const actionSchema = z.preprocess(migrate, anyActionSchema);
export type Action = z.infer<typeof anyActionSchema>;

/** What stops something, or asks whether to. */
export function isAboutStopping(action: Action): boolean {
  const kind = action.kind === "ask-meaning" ? action.action?.kind : action.kind;
  return kind === "cancel" || kind === "drop";
}

/** The version before asked about cancels alone. */
function migrate(raw: unknown): unknown {
  if (typeof raw !== "object" || raw === null || !("kind" in raw) || raw.kind !== "ask-cancel") return raw;
  const { scope, text } = raw as { scope?: unknown; text?: unknown };
  return { kind: "ask-meaning", action: { kind: "cancel", scope }, text };
}

/** One message of a person, translated by an adapter. */
export const incomingMessageSchema = z.object({
  version: z.literal(1),
  /** Unique on its platform, the same on redelivery; what deduplication goes by. */
  id: z.string(),
  /** Names the message on its platform, the same for all its edits; absent where there are none. */
  key: z.string().optional(),
  conversationId: z.string(),
  user: z.object({
    /** `<platform>:<id>`; keeps the person's language. */
    id: z.string(),
    /** What others in the chat know the person as, see `personName`; absent when the platform does not say. */
    name: z.string().optional(),
    /** What the platform's own event said about `ChatPlatform.mayManage`; absent when it said nothing. */
    canManage: z.boolean().optional(),
    /** BCP 47 as the platform reports it; absent when it does not. */
    language: z.string().optional(),
  }),
  /** Without the mention of the bot; empty when there are files or an action only. */
  text: z.string(),
  attachments: z.array(attachmentSchema),
  /** Files of the message this one answers: what "trim this" means. An edit uses them, nothing else does. */
  quoted: z.array(attachmentSchema).optional(),
  /** A command or a pressed button; absent when the person wrote freely. */
  action: actionSchema.optional(),
  /** The skill that was chosen along with it; absent: the conversation's. */
  skill: z.string().optional(),
  replyTo: replyTargetSchema,
  /** Epoch ms. */
  receivedAt: z.number(),
});
export type IncomingMessage = z.infer<typeof incomingMessageSchema>;

/** A button. It carries an action, or opens a page. */
export type Button =
  | { kind: "action"; label: string; action: Action }
  | { kind: "link"; label: string; href: string };

/** A finished export; `deliverVideo` opens its bytes. */
interface OutgoingVideo {
  name: string;
  sizeBytes: number | null;
  durationS: number | null;
  width: number | null;
  height: number | null;
}

/** What an adapter renders. */
export interface OutgoingMessage {
  /**
   * `reply` answers, `progress` is edited in place while work goes on, `notice` is a short status, `error`
   * says what went wrong and what to do, `private` is for the person alone: others never see it.
   */
  tone: "reply" | "progress" | "notice" | "error" | "private";
  text: RichText;
  /** Of the text, for what a platform adds by itself; absent means English. */
  language?: string;
  /** Of a `private` message where others read too: what they may read, such as that something did not work. */
  inPublic?: RichText;
  /** Of a `private` message: left out, without a word, where it cannot be told in private. */
  isDispensable?: true;
  /** Hangs below the person's own message, also where no one else writes: an answer that came late. */
  isReply?: true;
  /** A whole to look over, such as a status or a list: in a frame, where the platform has some. */
  isCard?: true;
  /** Rows of buttons, top to bottom. */
  buttons: Button[][];
  video?: OutgoingVideo;
  /**
   * Names this message for good: it is shown once, even if the process dies while sending it and another one
   * sends it again. Absent: no such promise.
   */
  idempotencyKey?: string;
}

/** That a stored value is an `OutgoingMessage`, as far as its sending depends on it. */
export const outgoingShape = z.looseObject({
  tone: z.enum(["reply", "progress", "notice", "error", "private"]),
  text: z.array(z.looseObject({ text: z.string() })),
  buttons: z.array(z.array(z.looseObject({ kind: z.enum(["action", "link"]), label: z.string() }))),
});
