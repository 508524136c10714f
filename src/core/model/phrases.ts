/**
 * What people say in one language and what it means: the form of `config/phrases/<language>.yaml`. How to write
 * such a file is told in docs/languages.md; the words are put together in `core/understand`.
 */
import { z } from "zod";
import { guiLexiconSchema } from "./gui-lexicon.ts";
import { SMALL_TALK } from "./message.ts";
import { regExpSchema, scriptsSchema, wordListSchema } from "./phrase-values.ts";

/** Stands for no word at all among the words of a column. */
const NOTHING = "~";
/** Bound of what one `each` may multiply to. */
const MAX_COMBINATIONS = 2_000;

/** What a free phrase can ask for, by the `kind` of the action. */
const PHRASE_ACTIONS = [
  ...["export", "credits", "status", "upload-help", "upload-again", "help", "new-project", "projects"],
  ...["skill", "language", "retry", "start", "history", "undo"],
] as const;

/** Every word of a column with every word of the next, or phrases as they are. */
const phrasesOf = <Name extends string>(actions: readonly Name[]) =>
  z
    .strictObject({
      action: z.enum(actions),
      each: z
        .array(wordListSchema)
        .min(2, "needs two columns")
        .max(4, "has more than four columns")
        .optional(),
      say: wordListSchema.optional(),
    })
    .refine(({ each, say }) => (each === undefined) !== (say === undefined), "needs either `each` or `say`")
    .refine(
      ({ each = [] }) => each.reduce((product, column) => product * column.length, 1) <= MAX_COMBINATIONS,
      `has more than ${MAX_COMBINATIONS} combinations`,
    )
    .transform(({ action, each, say = [] }) => ({ action, phrases: each ? combinations(each) : say }));
/** A version is only ever called by its number. */
const intentSchema = phrasesOf([...PHRASE_ACTIONS, "export-version"]);
const hintSchema = phrasesOf(PHRASE_ACTIONS);

/** What words of small talk are; `around` says nothing beside the others. */
const smallTalkRoleSchema = z.enum([...SMALL_TALK, "around"]);
export type SmallTalkRole = z.infer<typeof smallTalkRoleSchema>;

/** Commands that take no words, and those that read the words behind them. */
const commandSchema = z.enum([
  ...["export", "credits", "status", "upload-help", "help", "new-project", "projects", "retry"],
  ...["start", "skill", "language", "cancel", "edit", "history", "undo"],
] as const);

/** What a word does in a sentence that stops something; see docs/languages.md. */
const cancelRoleSchema = z.enum([
  ...["stop", "stop-all", "dismiss", "drop", "maybe", "not", "not-yet", "work", "export", "edit", "editing"],
  ...["it", "object", "video", "all", "yet", "over", "wait", "no", "reason", "question", "condition"],
  ...["subject", "state", "wrong", "and", "where", "says", "label", "wish", "urge", "filler"],
] as const);
export type CancelRole = z.infer<typeof cancelRoleSchema>;

/** How the agent says that it has a temporary problem, as regular expressions. */
const apologiesSchema = z
  .strictObject({
    /** That it is sorry. */
    sorry: regExpSchema,
    /** The problem, at the beginning of a sentence; `{sorry}` stands for the above. */
    trouble: z.string(),
    /** Behind the problem: tells what was done about it, and that is content. */
    goesOn: regExpSchema,
    /** What may follow without making it an answer. */
    advice: regExpSchema,
    /** Begins a sentence without a space before it, as texts of two events may meet. */
    sentenceStart: regExpSchema.optional(),
  })
  .transform((read, context) => {
    const trouble = regExpSchema.safeParse(read.trouble.replaceAll("{sorry}", `(?:${read.sorry})`));
    for (const { message } of trouble.error?.issues ?? [])
      context.addIssue({ code: "custom", message, path: ["trouble"] });
    return { ...read, trouble: trouble.data ?? "" };
  });

export const phrasesSchema = z.strictObject({
  /** Scripts of the language that are written without spaces between words, such as `Han`. */
  unspaced: scriptsSchema.optional(),
  /** Pairs of characters: the first is read as the second, as traditional characters are as simplified ones. */
  fold: z
    .preprocess(
      (value) => (typeof value === "string" ? value.split(/\s+/u) : value),
      z.array(z.string().regex(/^..$/u, "must be pairs of characters")),
    )
    .optional(),
  /** Words that say nothing about what is wanted, wherever they stand: politeness, haste, articles. */
  fillers: wordListSchema.optional(),
  /** Fillers only where they do not stand behind, or before, certain characters. */
  fillersUnless: z
    .array(
      z.strictObject({
        say: z.string(),
        behind: wordListSchema.optional(),
        before: wordListSchema.optional(),
      }),
    )
    .optional(),
  /** Fillers at the beginning of a message only. */
  leads: wordListSchema.optional(),
  /** Words that ask for nothing, by what they say. */
  smallTalk: z.partialRecord(smallTalkRoleSchema, wordListSchema).optional(),
  /** Words of the language that people of all languages write: they do not tell which one a text is in. */
  international: wordListSchema.optional(),
  /** Words that make a question of the known phrase behind them. */
  questions: wordListSchema.optional(),
  intents: z.array(intentSchema),
  /** Parts of messages that point to an action, though not surely. */
  hints: z.array(hintSchema).optional(),
  /** The same, where nothing else points to another action. */
  weakHints: z.array(hintSchema).optional(),
  /** Words that say nothing beside a hint. */
  light: wordListSchema.optional(),
  /** Words that tell the editor what to do. */
  film: wordListSchema.optional(),
  /** What is in a film. */
  things: wordListSchema.optional(),
  /** Words of people who talk with each other, and hardly with an editor. */
  talk: wordListSchema.optional(),
  /** Words in front of a name: "called". */
  naming: wordListSchema.optional(),
  /** Words that only introduce a link to a file. */
  links: wordListSchema.optional(),
  /** Names of slash commands by what they do. */
  commands: z.partialRecord(commandSchema, wordListSchema).optional(),
  /** The first word behind `/cancel`; any other means what runs. */
  scopes: z.strictObject({ all: wordListSchema.optional(), export: wordListSchema.optional() }).optional(),
  /** What languages are called, by their codes. */
  languages: z.record(z.string().regex(/^[a-z]{2,3}$/, "is no language code"), wordListSchema).optional(),
  /** Words by what they do in a sentence that stops something. */
  cancel: z.partialRecord(cancelRoleSchema, wordListSchema).optional(),
  /** Words of their own that are a letter away from one of `cancel`. */
  noTypos: wordListSchema.optional(),
  apologies: apologiesSchema.optional(),
  gui: guiLexiconSchema.optional(),
  /** Messages with their meaning; the tests read them. */
  examples: z.record(z.string(), z.string()),
});
export type Phrases = z.infer<typeof phrasesSchema>;

/** The phrase files by language code. */
export type PhraseFiles = Readonly<Record<string, Phrases>>;

/** An entry of a phrase file that cannot stand. */
export interface PhraseMistake {
  language: string;
  /** Keys and indexes that lead to the entry. */
  path: readonly PropertyKey[];
  /** The word of the entry that is meant. */
  word: string;
  problem: string;
}

function combinations(columns: readonly string[][]): string[] {
  return columns.reduce<string[]>(
    (phrases, column) =>
      phrases.flatMap((phrase) => column.map((word) => `${phrase} ${word === NOTHING ? "" : word}`.trim())),
    [""],
  );
}
