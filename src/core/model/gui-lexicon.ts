/** What a language contributes to the reading of interface talk: the section `gui` of a phrase file. */
import { z } from "zod";

export const guiLexiconSchema = z.unknown();
