/** Values of which phrase files are made. */
import { z } from "zod";

/** Words or phrases: a list, or one text that parts them by commas. */
export const wordListSchema = z.preprocess(
  (value) => (typeof value === "string" ? value.split(/[,，、]/u).map((word) => word.trim()) : value),
  z.array(z.string().min(1, "has an empty entry")).min(1, "is empty"),
);

/** A regular expression without flags that ignores case; it may stand on several lines, whose breaks do not count. */
export const regExpSchema = z
  .string()
  .transform((lines) => lines.replace(/\n\s*/g, ""))
  .superRefine((source, context) => {
    const mistake = mistakeIn(() => new RegExp(source, "u"));
    if (mistake !== null) context.addIssue({ code: "custom", message: mistake });
  });

/** Names of Unicode scripts. */
export const scriptsSchema = wordListSchema.refine(
  (names) => mistakeIn(() => names.map((name) => new RegExp(`\\p{Script=${name}}`, "u"))) === null,
  "names no Unicode script",
);

/** What `compile` throws; null when it throws nothing. */
export function mistakeIn(compile: () => unknown): string | null {
  try {
    compile();
    return null;
  } catch (error) {
    return String(error);
  }
}
