/** A question of the agent and what has been answered of it. Source: nemo-api.md, "Questions of the agent". */
import { z } from "zod";
import { sentMessageSchema } from "./message.ts";

export const questionSchema = z.object({
  title: z.string(),
  /** At least one. */
  items: z.array(
    z.object({
      prompt: z.string(),
      /** The labels; empty where the person has to find words of their own. */
      options: z.array(z.string()),
      mayChooseSeveral: z.boolean(),
    }),
  ),
});
export type Question = z.infer<typeof questionSchema>;
export type QuestionItem = Question["items"][number];

/** The answer to one item. */
const answerSchema = z.object({
  /** The work item that gave it: one that is taken up after a restart does not give it twice. */
  by: z.string(),
  labels: z.array(z.string()),
});

/** A question that waits for its answer. */
export const openQuestionSchema = z.object({
  /** The work item whose turn asked it. */
  itemId: z.string(),
  /** The person it asked; absent when not known. */
  startedBy: z.string().optional(),
  question: questionSchema,
  /** One for each item that is answered. */
  answers: z.array(answerSchema),
  /** What is ticked in the item that is asked now: positions of options. */
  chosen: z.array(z.number()),
  /** The work item that ticked last. */
  chosenBy: z.string().optional(),
  /** The message that asks the current item; null when it could not be sent. */
  shown: sentMessageSchema.nullable(),
});
export type OpenQuestion = z.infer<typeof openQuestionSchema>;

/** The item that is to be answered next; null when all are. */
export function currentItem({ question, answers }: OpenQuestion): QuestionItem | null {
  return question.items[answers.length] ?? null;
}

/** What the agent gets to read: the chosen labels, beside their prompts where several were asked. */
export function answerText({ question, answers }: OpenQuestion): string {
  const said = answers.map(({ labels }) => labels.join(", "));
  if (question.items.length === 1) return said.join("");
  return question.items.map(({ prompt }, index) => `${prompt} ${said[index] ?? ""}`.trim()).join("\n");
}

/** What the agent gets to read of a person's own words: what was chosen before stands above them. */
export function ownWords({ question, answers }: OpenQuestion, text: string): string {
  const before = answers.map(({ labels }, at) => `${question.items[at]?.prompt ?? ""} ${labels.join(", ")}`);
  return [...before.map((line) => line.trim()), text].join("\n");
}
