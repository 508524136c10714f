/** What a message asks for, as plain JSON: read once, at intake, and carried by its work item. */
import { z } from "zod";
import { type Attachment, actionSchema, attachmentSchema, type IncomingMessage } from "./message.ts";

export const requestSchema = z.object({
  attachments: z.array(attachmentSchema),
  /** The files are those of an earlier message: what the project holds already is not sent again. */
  areQuoted: z.literal(true).optional(),
  /** What to do once the files have arrived. */
  goal: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("action"), action: actionSchema }),
    z.object({ kind: z.literal("edit"), text: z.string() }),
    z.object({ kind: z.literal("nothing") }),
  ]),
});
/** Files and words told apart. */
export type Request = z.infer<typeof requestSchema>;

/** A message and what it asks for. */
export interface AskedMessage {
  message: IncomingMessage;
  request: Request;
}

/** What a retry would need; null when there is nothing to repeat. */
export function repeatable({
  goal,
  attachments,
}: Request): { text: string; attachments: Attachment[] } | null {
  const text = goal.kind === "edit" ? goal.text : "";
  return text === "" && attachments.length === 0 ? null : { text, attachments };
}

/** True for a request that begins or continues an edit: with files, links or words for the editor. */
export function startsEdit({ goal, attachments }: Request): boolean {
  return goal.kind === "edit" || attachments.length > 0;
}
