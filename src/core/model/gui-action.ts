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

/** True for what is done without sending words to the agent. */
export function isNoTurn(action: GuiAction): boolean {
  return action.kind !== "edit";
}

/** What a person may be offered. `press`: a button of the agent's screen, whose words go to the agent. */
export type GuiOffer = GuiAction | { kind: "press"; label: string };

/** A text of the backend as a chat can show it. */
export interface GuiTranslation {
  /** The content, trimmed when something was removed; may be empty. */
  text: string;
  /** What was asked for, each once, in the order of the text; at most one edit. */
  actions: GuiAction[];
  /** What the user may decide to do: buttons. Holds nothing that is an action already. */
  offers: GuiOffer[];
}
