/**
 * What a language contributes to the reading of interface talk, as data: lists of words, and sentences made of
 * them. The one reader is `clause.ts`; the tables are `english.ts` and `chinese.ts`. Source:
 * nemo-api.md, "GUI translation".
 */

/** Content behind quotes, masked; see `translate.ts`. */
export const MASK = "\uE000";

/**
 * What a rule's clause asks for. `label`: what the thing named by `(?<label>)`, `(?<noun>)` or `(?<tail>)` stands
 * for. `open`: the same, and a place that says no more shows the project. `move`: `(?<what>)` goes to `(?<where>)`;
 * `tip`: the same, left to the person. `mention`: tells where a label is.
 * `nothing`: a gesture that a chat has no use for.
 */
export type RuleMeaning =
  | "export"
  | "show-credits"
  | "show-tracks"
  | "label"
  | "open"
  | "mention"
  | "move"
  | "tip"
  | "nothing";

/** What a button, a tab or a menu entry stands for; `other` is one that a chat does not need. */
export type LabelMeaning = "export" | "show-credits" | "show-tracks" | "confirm" | "upload" | "other";

/**
 * One language. `words`, `phrases` and `rules` are read token by token (see `tokens.ts`); everything else is
 * a bounded regular expression without flags that ignores case.
 */
export interface Lexicon {
  /** Words and fixed phrases by class, separated by `|`; `(s)` may be missing. A class with a capital: only when capitalised. */
  words: Readonly<Record<string, string>>;
  /** Sequences of classes and words by name. */
  phrases: Readonly<Record<string, string>>;
  /** The first that matches the whole clause counts; a clause that none matches is content. */
  rules: readonly (readonly [RuleMeaning, string])[];
  /** Tokens that are no fixed words. */
  time: string;
  key: string;
  /** Stripped from the beginning of a clause, over and over: connectives, politeness, obligations. */
  lead: string;
  /** Stripped as well; what follows is left to the person. */
  permission: string;
  /** Begins a clause that is never an instruction. */
  negation: string;
  /** A clause that only says when. */
  condition: string;
  /** A condition that runs straight into its instruction. */
  conditionThen: string;
  /** A clause that only says what for. */
  purpose: string;
  /** A clause that goes with the instruction before it. */
  tail: string;
  /** Words that may stay behind when the rest of a sentence is gone, and then go too. */
  leftover: string;
  /** Stands before a mere piece of advice: "Tip:". */
  tip: string;
  /** A question that leaves the next sentence to the person. */
  question: string;
  /** The clause names a text of the video; what stands behind its colon is that text. */
  textLabel: string;
  /** All that follows is that text, however long the label. */
  callToAction: string;
  /** A heading when details follow its colon: "Preview: …". */
  heading: string;
  /** Goes with the instruction behind its colon: "Next step: …". */
  leadIn: string;
  /** A last step of a list of instructions that says no more than this verb. */
  exportStep: string;
  /** Verbs of an interface that are told: what is coordinated with them is told, too. */
  narrated: string;
  /** Taken out of the words of a move: "from the Media panel". */
  origin: string;
  /** How a move is said to the agent; `$<what>` and `$<where>` as found. */
  moveWords: string;
  /** Whole labels by what they stand for. */
  labels: Readonly<Record<Exclude<LabelMeaning, "other">, string>>;
  /** Labels that are a mere "here" or "the button": what they do is said behind them. */
  generic: string;
  /** What is done, in the words behind such a label; `(?<confirm>)` is what a press agrees to. */
  purposes: Readonly<Record<"export" | "show-credits" | "show-tracks" | "confirm", string>>;
  /** Removed from a label before it is looked up. */
  labelFrame: string;
  /** A mere OK would be politeness when it comes back from a button. */
  okay: readonly [pattern: string, word: string];
}
