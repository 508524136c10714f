/** The arguments of `ask_question`, bounded and cleaned. Source: nemo-api.md, "Questions of the agent". */
import { z } from "zod";
import type { Question } from "../../core/model/question.ts";
import { UNSHOWN } from "../../lib/shorten.ts";
import { MAX_OPTION_LENGTH, MAX_OPTIONS, MAX_PROMPT_LENGTH, MAX_QUESTIONS } from "../transport/limits.ts";

/** The one tool call that a person must see. */
export const ASK_QUESTION = "ask_question";

const text = z.union([z.string(), z.number().transform(String)]).nullish();
const optionSchema = z.union([z.string(), z.object({ id: text, label: text })]);
const argsSchema = z.object({
  title: text.catch(null),
  questions: z.array(
    z.object({
      prompt: text.catch(null),
      options: z.array(optionSchema.nullable().catch(null)).nullish().catch(null),
      allow_multiple: z.boolean().nullish().catch(null),
      allowMultiple: z.boolean().nullish().catch(null),
    }),
  ),
});

/** Null when there is nothing in it that could be asked. */
export function readQuestion(args: Readonly<Record<string, unknown>>): Question | null {
  const read = argsSchema.safeParse(args);
  if (!read.success) return null;
  const title = clean(read.data.title, MAX_PROMPT_LENGTH);
  const items = read.data.questions.slice(0, MAX_QUESTIONS).flatMap((question) => {
    const labels = (question.options ?? []).map((option) =>
      typeof option === "string" ? option : (option?.label ?? option?.id),
    );
    const options = [...new Set(labels.map((label) => clean(label, MAX_OPTION_LENGTH)))].filter(Boolean);
    const prompt = clean(question.prompt, MAX_PROMPT_LENGTH);
    if (prompt === "" && options.length === 0) return [];
    const mayChooseSeveral = question.allow_multiple ?? question.allowMultiple ?? false;
    return [{ prompt, options: options.slice(0, MAX_OPTIONS), mayChooseSeveral }];
  });
  return items.length > 0 ? { title, items } : null;
}

function clean(words: string | null | undefined, length: number): string {
  const line = (words ?? "").replace(UNSHOWN, " ").trim();
  return Array.from(line).slice(0, length).join("");
}
