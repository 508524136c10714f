/**
 * Whether a message is small talk: words that ask for nothing, such as "thanks", "lol" and "ok". Each word of it is in
 * `config/phrases`, section `smallTalk`, or a filler. Source: DESIGN.md, rule 11.
 */
import type { SmallTalk } from "../model/message.ts";
import type { PhraseFiles, SmallTalkRole } from "../model/phrases.ts";
import { LongestMatch } from "./longest-match.ts";
import type { Spelling } from "./spelling.ts";
import { unstretched } from "./typos.ts";

/** Longer texts are none. UTF-16 units. */
const MAX_LENGTH = 160;
/** What a message of several kinds is. */
const ORDER: readonly SmallTalk["says"][] = ["thanks", "laugh", "greet", "agree", "remark", "reply"];
/** What may answer a question. */
const ANSWERS: readonly SmallTalkRole[] = ["agree", "reply"];
/** Variants of emoji: colours of skin, and how they are shown. */
const VARIANTS = /\p{Emoji_Modifier}|\p{Variation_Selector}/gu;

/** Reads one message; null when it says anything else. Pure; text of any length. */
export type ReadSmallTalk = (text: string) => Omit<SmallTalk, "kind"> | null;

export function createSmallTalkReader(files: PhraseFiles, spelling: Spelling): ReadSmallTalk {
  const { tidy, unspaced } = spelling;
  const words = new LongestMatch<SmallTalkRole>(unspaced);
  const signs = new Map<string, SmallTalkRole>();
  for (const { smallTalk = {} } of Object.values(files)) {
    for (const [role, entries] of Object.entries(smallTalk)) {
      for (const entry of entries) {
        // The schema knows the roles.
        if (tidy(entry) === "") signs.set(entry.replace(VARIANTS, ""), role as SmallTalkRole);
        else words.add(tidy(entry), role as SmallTalkRole);
      }
    }
  }
  // A filler that is small talk too is that.
  for (const { fillers = [], fillersUnless = [] } of Object.values(files)) {
    for (const filler of [...fillers, ...fillersUnless.map(({ say }) => say)])
      words.add(tidy(filler), "around");
  }
  const respell = (unit: string) =>
    words.knows(unit) ? unit : (unstretched(unit).find((one) => words.knows(one)) ?? unit);

  const rolesOf = (text: string): Set<SmallTalkRole> | null => {
    const units = words.unitsOf(tidy(text));
    // Emoji and dots.
    if (units.length === 0) return new Set(signsIn(text).map((sign) => signs.get(sign) ?? "remark"));
    const roles = new Set<SmallTalkRole>();
    for (const { meaning } of words.read(units, respell)) {
      if (meaning === null) return null;
      roles.add(meaning);
    }
    return roles;
  };
  return (text) => {
    if (text === "" || text.length > MAX_LENGTH) return null;
    const roles = rolesOf(text);
    if (roles === null) return null;
    const isSaid = ORDER.find((role) => roles.has(role));
    // "Please", and nothing else.
    if (isSaid === undefined && spelling.strip(tidy(text)) !== "") return null;
    return {
      says: isSaid ?? "reply",
      mayAnswer: isSaid === undefined || ANSWERS.some((role) => roles.has(role)),
      text,
    };
  };
}

/** At least one: a message without letters is signs. */
function signsIn(text: string): string[] {
  const emoji = text.replace(VARIANTS, "").match(/\p{Extended_Pictographic}/gu) ?? [];
  return emoji.length > 0 ? emoji : [text];
}
