import { z } from "zod";

/** What the bot does in place of a click. It is kept with the conversation until it is done. */
export const guiActionSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("export") }),
  z.object({ kind: z.literal("show-state") }),
  z.object({ kind: z.literal("show-tracks") }),
  z.object({ kind: z.literal("show-credits") }),
  /** Words for the video agent, sent once. */
  z.object({ kind: z.literal("edit"), text: z.string() }),
]);
export type GuiAction = z.infer<typeof guiActionSchema>;
