/** Puts together how words are read, from the phrase files of all languages. */
import type { GuiLanguage } from "../model/gui-lexicon.ts";
import type { PhraseFiles, PhraseMistake } from "../model/phrases.ts";
import type { Understanding } from "../model/understanding.ts";
import { createApologyReader } from "./apologies.ts";
import { createCancelReader } from "./cancel/intent.ts";
import { createGuiTranslator } from "./gui/translate.ts";
import { IntentReader, type KnownSkill } from "./intent.ts";
import { createLikelyActionReader, type ReadPhrase } from "./likely-action.ts";
import { createPhraseBook } from "./phrases.ts";
import { readRequest } from "./request.ts";
import { createSmallTalkReader } from "./small-talk.ts";
import { createSpelling } from "./spelling.ts";
import { createLanguageReader } from "./written-language.ts";

/**
 * Reads a message in any of the languages, whatever the person's own is. What cannot stand, such as a word with two
 * meanings, is told to `report` and left out. `skills` are the installed ones.
 */
export function createUnderstanding(
  files: PhraseFiles,
  skills: readonly KnownSkill[],
  report: (mistake: PhraseMistake) => void,
): Understanding {
  const spelling = createSpelling(files);
  const book = createPhraseBook(files, spelling, report);
  const readers = {
    readCancel: createCancelReader(files, spelling, report),
    readSmallTalk: createSmallTalkReader(files, spelling),
    likelyActionReader: (readPhrase: ReadPhrase) =>
      createLikelyActionReader(files, spelling, book, readPhrase),
  };
  const intents = new IntentReader(spelling, book, readers, skills);
  const readIntent = (text: string) => intents.read(text);
  return {
    readIntent,
    readRequest: (message) => readRequest(message, readIntent),
    translateGui: createGuiTranslator(guiLanguages(files)),
    ...createApologyReader(files),
    writtenLanguage: createLanguageReader(files),
  };
}

function guiLanguages(files: PhraseFiles): GuiLanguage[] {
  return Object.values(files).flatMap(({ gui, unspaced = [] }) => (gui ? { ...gui, unspaced } : []));
}
