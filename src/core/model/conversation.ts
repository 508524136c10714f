import { z } from "zod";
import { guiActionSchema } from "./gui-action.ts";
import { unseenEditSchema } from "./history.ts";
import { attachmentSchema, sentMessageSchema } from "./message.ts";
import { openQuestionSchema, questionSchema } from "./question.ts";
import { timelineSchema } from "./timeline.ts";

/** What the bot keeps of a conversation and of a person. Source: DESIGN.md, "Words" and rule 4. */
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

const languageSchema = z.object({ told: z.string(), wanted: z.string() });

/** A project that can be opened again: its session and what we keep of it. */
const keptProjectSchema = z.object({
  session: sessionSchema,
  /** For people; empty when nothing in it has a name. */
  name: z.string(),
  /** Epoch ms: when it was left. */
  at: z.number(),
  skill: z.string(),
  files: z.array(attachmentSchema),
  startedBy: z.string().nullable().optional(),
  language: languageSchema.optional(),
  title: z.string().optional(),
});
export type KeptProject = z.infer<typeof keptProjectSchema>;

/** What an agent has said in a turn: written down before any of it is sent. */
const heardSchema = z.object({
  /** Raw, one for each message, in order; the end apart. */
  pieces: z.array(z.string()),
  /** What the turn ended with; null while the stream is open, empty when nothing was left to say. */
  end: z.string().nullable(),
  /** Absent when it asked nothing. */
  question: questionSchema.optional(),
});
export type Heard = z.infer<typeof heardSchema>;

const recordSchema = z.object({
  version: z.literal(2),
  /** Name of the active skill. */
  skill: z.string(),
  /** The free account of this conversation; null until the first contact, and always null with `NEMO_TOKEN`. */
  account: accountSchema.nullable(),
  /** Null until the first contact and after the backend lost the session. */
  session: sessionSchema.nullable(),
  /**
   * Who began the project: the person of its first edit or upload. Null before that; absent in
   * records of old versions, which do not say.
   */
  startedBy: z.string().nullable().optional(),
  /**
   * The language the agent was last told to answer in, and the one it shall: they differ until the next turn.
   * Absent in records of old versions.
   */
  language: languageSchema.optional(),
  /** The first words that were asked for in the project; absent while there are none. */
  title: z.string().optional(),
  /** Projects that can be opened again, the one that was left last at the end; absent in records of old versions. */
  projects: z.array(keptProjectSchema).optional(),
  /** The files of the project, newest last: what "upload again" sends. */
  files: z.array(attachmentSchema),
  /** Places of the files of the item in work that have arrived: an item taken up after a restart does not send them again. */
  arrived: z.object({ itemId: z.string(), files: z.array(z.number()) }).optional(),
  /** A turn whose request may have left: written before it leaves, removed at its end. */
  inFlight: z
    .object({
      itemId: z.string(),
      /** The person who asked for it; absent when not known. */
      startedBy: z.string().optional(),
      text: z.string(),
      before: timelineSchema.nullable(),
      sentAt: z.number(),
      /** The language that the agent hears of with it, or knew before; absent in records of old versions. */
      language: z.string().optional(),
      /** The version whose edit it takes back; absent for all other edits. */
      undoes: z.number().optional(),
      /** What an earlier turn of the same item has asked for beside this one; absent for the first. */
      pending: z.array(guiActionSchema).optional(),
      /** The message that shows how it goes, in records of old versions: it has a name of its own since. */
      progress: sentMessageSchema.optional(),
      /** Absent while the agent has said nothing. */
      heard: heardSchema.optional(),
    })
    .nullable(),
  /** The last finished edit of the open project, while it is not known what it changed. */
  unseenEdit: unseenEditSchema.optional(),
  /** What the last message that did not work asked for: the retry button sends it once more. */
  lastFailed: z
    .object({
      itemId: z.string(),
      text: z.string(),
      attachments: z.array(attachmentSchema),
      /** The person who asked for it; absent when not known. */
      startedBy: z.string().optional(),
    })
    .nullable(),
  /**
   * The item whose turn has ended last, and what its answer asks for beyond: an item that is taken up after a
   * restart goes on from here and does not send its words again.
   */
  settled: z
    .object({
      itemId: z.string(),
      actions: z.array(guiActionSchema),
      /** Its answer has ended with a question in plain words, at that time (epoch ms); absent when it has not. */
      asked: z.object({ at: z.number(), startedBy: z.string().optional() }).optional(),
    })
    .nullable(),
  /** Epoch ms: when the person was greeted, and when small talk was answered in words last; absent before. */
  greetedAt: z.number().optional(),
  chattedAt: z.number().optional(),
  /** The item whose words a person is asked about, see `ask-meaning`; absent when there is none. */
  asked: z.object({ itemId: z.string(), userId: z.string() }).optional(),
  /** The question of the agent that waits for its answer; absent or null when there is none. */
  openQuestion: openQuestionSchema.nullable().optional(),
  /** The render that is on its way, and the export it was submitted for; null when there is none. */
  render: z
    .object({
      renderId: z.string(),
      itemId: z.string(),
      /** Epoch ms of the export's turn; `EXPORT_TIMEOUT_MS` counts from here. Absent in records of old versions. */
      startedAt: z.number().optional(),
      /** True for the second render of an export, which has no third. */
      isLast: z.boolean().optional(),
      /** The percent that was shown last: what is shown never falls. */
      percent: z.number().optional(),
    })
    .nullable(),
  /** Where the backend keeps what was uploaded to a session, newest last. */
  uploads: z.array(z.object({ sessionId: z.string(), name: z.string(), url: z.string() })).optional(),
  /** How many exports of a session were asked for: their files are numbered. */
  exportCounts: z.array(z.object({ sessionId: z.string(), count: z.number() })).optional(),
});
export type Conversation = z.infer<typeof recordSchema>;

/** Reads a record of this version or of an older one. */
export const conversationSchema = z.preprocess(migrate, recordSchema);

const firstSchema = z.looseObject({ version: z.literal(1), renderId: z.string().nullable() });

/** Version 1 did not say for which item a render was submitted, nor which turn had ended. */
function migrate(raw: unknown): unknown {
  // Asked first, on every read: to find out by a schema that does not fit takes longer than reading the record.
  if (typeof raw !== "object" || raw === null || !("version" in raw) || raw.version !== 1) return raw;
  const first = firstSchema.safeParse(raw);
  if (!first.success) return raw;
  const { renderId, ...rest } = first.data;
  return { ...rest, version: 2, settled: null, render: renderId === null ? null : { renderId, itemId: "" } };
}

/** A conversation before its first message. */
export function newConversation(skill: string): Conversation {
  return {
    version: 2,
    skill,
    account: null,
    session: null,
    startedBy: null,
    files: [],
    inFlight: null,
    lastFailed: null,
    settled: null,
    render: null,
  };
}

export const userSettingsSchema = z.object({
  version: z.literal(1),
  /** The language the person chose; null while their writing or the platform's word counts. */
  language: z.string().nullable(),
  /** What the script of their first words told; absent while none did. */
  guessedLanguage: z.string().optional(),
});
export type UserSettings = z.infer<typeof userSettingsSchema>;

/** Whose project it is; see `Conversation.startedBy`. */
export function ownerOf({ record }: { record: Conversation }): string | null | undefined {
  return record.startedBy === undefined && record.session === null ? null : record.startedBy;
}
