/**
 * What a language contributes to the reading of interface talk: the section `gui` of `config/phrases/<language>.yaml`.
 * Words and sentences made of them; the one reader of all languages is `clause.ts`. Source: nemo-api.md, "GUI translation".
 */
import { z } from "zod";
import { mistakeIn, regExpSchema, wordListSchema } from "./phrase-values.ts";
import { namesIn, rowSource } from "./row-pattern.ts";

/**
 * What a rule's clause asks for. `label`: what the thing named by `(?<label>)`, `(?<noun>)` or `(?<tail>)` stands
 * for. `open`: the same, and a place that says no more shows the project. `move`: `(?<what>)` goes to `(?<where>)`;
 * `tip`: the same, left to the person. `mention`: tells where a label is.
 * `nothing`: a gesture that a chat has no use for.
 */
const ruleMeaning = z.enum([
  ...["export", "show-credits", "show-tracks", "label", "open", "mention", "move", "tip", "nothing"],
] as const);
type RuleMeaning = z.infer<typeof ruleMeaning>;

/** Groups without which a rule would never say anything. */
const NEEDED_GROUP: Partial<Record<RuleMeaning, string>> = {
  label: "(?<label>",
  open: "(?<label>",
  mention: "(?<label>",
  move: "(?<where>",
};

/** Names of words that are no fixed ones: `tokens.ts` finds them in every language. */
export const TOKEN_CLASSES = [
  ...["quoted", "remark", "file", "arrow", "key", "time", "num", "nth", "other", "Cap"],
] as const;

/** Words and fixed phrases; what stands in brackets may be missing: "button(s)" is button and buttons. */
const words = wordListSchema.transform((list) => list.flatMap(bothForms));

/** How the language is written. */
const writing = z.strictObject({
  /** Opening and closing mark of each kind of quotes, besides '…' and `…`. */
  quotes: z.array(z.string().length(2, "must be an opening and a closing mark")).default(['""']),
  /** Letters of words that may stand right before the name of a file, and are no part of it. */
  glued: z.string().min(1).optional(),
  /** Between a button and its price. */
  colon: z.string().default(": "),
  stop: z.string().default("."),
});

/** Patterns of whole texts. What is missing matches nothing. */
const patterns = z.strictObject({
  /** Words that are no fixed ones: a moment or a length of time, a key, an ordinal in figures. */
  time: regExpSchema.optional(),
  key: regExpSchema.optional(),
  ordinal: regExpSchema.optional(),
  /** Stripped from the beginning of a clause, over and over: connectives, politeness, obligations. */
  lead: regExpSchema.optional(),
  /** Stripped as well; what follows is left to the person. */
  permission: regExpSchema.optional(),
  /** Begins a clause that is never an instruction. */
  negation: regExpSchema.optional(),
  /** A clause that only says when. */
  condition: regExpSchema.optional(),
  /** A condition that runs straight into its instruction. */
  conditionThen: regExpSchema.optional(),
  /** A clause that only says what for. */
  purpose: regExpSchema.optional(),
  /** A clause that goes with the instruction before it. */
  tail: regExpSchema.optional(),
  /** Words that may stay behind when the rest of a sentence is gone, and then go too. */
  leftover: regExpSchema.optional(),
  /** Removed from the beginning of what stays of a sentence. */
  opener: regExpSchema.optional(),
  /** Stands before a mere piece of advice: "Tip:". */
  tip: regExpSchema.optional(),
  /** A question that leaves the next sentence to the person. */
  question: regExpSchema.optional(),
  /** Begins a clause without a comma before it: "… and", "… when you". */
  clauseBreak: regExpSchema.optional(),
  /** Begins a sentence without a space before it; its capitals count. */
  sentenceStart: regExpSchema.optional(),
  /** Before a full stop that never ends a sentence, and before one that does when a capital follows. */
  abbreviation: regExpSchema.optional(),
  shortWord: regExpSchema.optional(),
  /** "Step 2:" at the beginning of a line. */
  stepLabel: regExpSchema.optional(),
  /** Leads to the first of several steps within a line. */
  beforeSteps: regExpSchema.optional(),
  /** Before a number that counts no steps: "scene 2." */
  counted: regExpSchema.optional(),
  /** The clause names a text of the video; what stands behind its colon is that text. */
  textLabel: regExpSchema.optional(),
  /** All that follows is that text, however long the label. */
  callToAction: regExpSchema.optional(),
  /** A heading when details follow its colon: "Preview: …". */
  heading: regExpSchema.optional(),
  /** Goes with the instruction behind its colon: "Next step: …". */
  leadIn: regExpSchema.optional(),
  /** A last step of a list of instructions that says no more than this verb. */
  exportStep: regExpSchema.optional(),
  /** Verbs of an interface that are told: what is coordinated with them is told, too. */
  narrated: regExpSchema.optional(),
  /** Taken out of the words of a move: "from the Media panel". */
  origin: regExpSchema.optional(),
  /** Labels that are a mere "here" or "the button": what they do is said behind them. */
  generic: regExpSchema.optional(),
  /** Removed from a label before it is looked up. */
  labelFrame: regExpSchema.optional(),
  /** What a button is said to cost; `(?<price>)` is what a person reads of it. */
  price: regExpSchema.refine((source) => source.includes("(?<price>"), "needs (?<price>…)").optional(),
  /** Behind the number of a price. */
  priceUnit: regExpSchema.optional(),
});
export type PatternKey = keyof z.infer<typeof patterns>;

const lexicon = z.strictObject({
  writing: writing.prefault({}),
  /**
   * Words by class. A class with a capital: only when capitalised. `place` and `site` are the places that show
   * the project.
   */
  words: z.record(z.string(), words),
  /** Sequences of classes and words by name. */
  phrases: z.record(z.string(), z.string()).default({}),
  /** The first that matches the whole clause counts; a clause that none matches is content. */
  rules: z.array(z.partialRecord(ruleMeaning, z.string())),
  patterns: patterns.prefault({}),
  /** Whole labels by what they stand for. */
  labels: z.strictObject({
    export: regExpSchema.optional(),
    "show-credits": regExpSchema.optional(),
    upload: regExpSchema.optional(),
    "show-tracks": regExpSchema.optional(),
    confirm: regExpSchema.optional(),
  }),
  /** What is done, in the words behind a label that says nothing; `(?<confirm>)` is what a press agrees to. */
  purposes: z
    .strictObject({
      export: regExpSchema.optional(),
      "show-credits": regExpSchema.optional(),
      "show-tracks": regExpSchema.optional(),
      confirm: regExpSchema.optional(),
    })
    .default({}),
  /** How a move is said to the agent; `{what}` and `{where}` as found. */
  move: z.string(),
  /** A mere OK would be politeness when it comes back from a button. */
  okay: z.strictObject({ pattern: regExpSchema, says: z.string() }).optional(),
  /** What the agent says, and what is done about it; the tests read them. */
  examples: z.record(z.string(), z.string()).default({}),
});

/** What a button, a tab or a menu entry stands for. */
export type LabelMeaning = keyof z.infer<typeof lexicon>["labels"];

/** One language; every mistake is an issue with its path. */
export const guiLexiconSchema = lexicon.superRefine((read, context) => {
  const known = new Set<string>([...TOKEN_CLASSES, ...Object.keys(read.words), ...Object.keys(read.phrases)]);
  const check = (pattern: string, path: (string | number)[]) => {
    const issue = (message: string) => context.addIssue({ code: "custom", message, path });
    for (const name of namesIn(pattern)) if (!known.has(name)) issue(`there is no class or phrase {${name}}`);
    const mistake = mistakeIn(
      () => new RegExp(rowSource(pattern, { any: ".", word: () => "w", name: () => "n" })),
    );
    if (mistake !== null) issue(mistake);
  };
  for (const [name, pattern] of Object.entries(read.phrases)) {
    check(pattern, ["phrases", name]);
    if (phrasesOf(pattern, read.phrases).includes(name))
      context.addIssue({ code: "custom", message: `{${name}} names itself`, path: ["phrases", name] });
  }
  for (const [index, rule] of read.rules.entries()) {
    const meanings = Object.entries(rule);
    if (meanings.length !== 1)
      context.addIssue({ code: "custom", message: "a rule has one meaning", path: ["rules", index] });
    for (const [meaning, pattern] of meanings) {
      check(pattern, ["rules", index, meaning]);
      const group = NEEDED_GROUP[ruleMeaning.parse(meaning)];
      const phrases = phrasesOf(pattern, read.phrases);
      const source = [pattern, ...phrases.map((phrase) => read.phrases[phrase])].join();
      if (group !== undefined && !source.includes(group))
        context.addIssue({ code: "custom", message: `needs ${group}…)`, path: ["rules", index, meaning] });
    }
  }
});
type GuiLexicon = z.infer<typeof guiLexiconSchema>;

/** A lexicon, and the Unicode scripts that its language writes without spaces between words, such as `Han`. */
export interface GuiLanguage extends GuiLexicon {
  unspaced: readonly string[];
}

/** The phrases that `pattern` is made of, at any depth. */
function phrasesOf(pattern: string, phrases: Readonly<Record<string, string>>): string[] {
  const found = new Set<string>();
  const add = (within: string): void => {
    for (const name of namesIn(within)) {
      const phrase = phrases[name];
      if (phrase === undefined || found.has(name)) continue;
      found.add(name);
      add(phrase);
    }
  };
  add(pattern);
  return [...found];
}

function bothForms(word: string): string[] {
  const match = /^(.*?)\(([^)]*)\)(.*)$/.exec(word);
  if (match === null) return [word];
  const [, before = "", optional = "", behind = ""] = match;
  return [before + behind, before + optional + behind].flatMap(bothForms);
}
