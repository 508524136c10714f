/** What the bot keeps of a conversation and of a person. Source: DESIGN.md, "Words" and rule 4. */
import { z } from "zod";
import { attachmentSchema } from "./message.ts";
import { timelineSchema } from "./timeline.ts";

const accountSchema = z.object({
  owner: z.enum(["operator", "free"]),
  clientId: z.string(),
  token: z.string().nullable(),
  userId: z.string().nullable(),
  expiresAt: z.number().nullable(),
});

const sessionSchema = z.object({
  sessionId: z.string(),
  taskId: z.string().nullable(),
  userId: z.string().nullable(),
});

export const conversationSchema = z.object({
  version: z.literal(1),
  /** Name of the active skill. */
  skill: z.string(),
  /** The free account of this conversation; null until the first contact, and always null with `NEMO_TOKEN`. */
  account: accountSchema.nullable(),
  /** Null until the first contact and after the backend lost the session. */
  session: sessionSchema.nullable(),
  /** The files of the project, newest last: what "upload again" sends. */
  files: z.array(attachmentSchema),
  /** Places of the files of the item in work that have arrived: an item taken up after a restart does not send them again. */
  arrived: z.object({ itemId: z.string(), files: z.array(z.number()) }).optional(),
  /** A turn whose request may have left: written before it leaves, removed at its end. */
  inFlight: z
    .object({ itemId: z.string(), text: z.string(), before: timelineSchema.nullable(), sentAt: z.number() })
    .nullable(),
  /** What the last message that did not work asked for: the retry button sends it once more. */
  lastFailed: z
    .object({ itemId: z.string(), text: z.string(), attachments: z.array(attachmentSchema) })
    .nullable(),
  /** The render that is on its way; null when there is none. */
  renderId: z.string().nullable(),
});
export type Conversation = z.infer<typeof conversationSchema>;

/** A conversation nobody has spoken in yet. */
export function newConversation(skill: string): Conversation {
  return {
    version: 1,
    skill,
    account: null,
    session: null,
    files: [],
    inFlight: null,
    lastFailed: null,
    renderId: null,
  };
}

export const userSettingsSchema = z.object({
  version: z.literal(1),
  /** The language the person chose; null while the platform's word counts. */
  language: z.string().nullable(),
  /** What their writing suggests, where the platform says nothing. */
  guessedLanguage: z.string().optional(),
});
export type UserSettings = z.infer<typeof userSettingsSchema>;
