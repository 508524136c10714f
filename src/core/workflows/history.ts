/** The finished edits of a project, and the way back from the last one. */
import type { SessionRef } from "../ports/video-backend.ts";
import type { Chat } from "./chat.ts";
import { edit } from "./edit.ts";

/** What each finished edit changed. */
export async function showHistory(chat: Chat): Promise<void> {
  await chat.speaker.say("history.none");
}

/** Asks the agent to go back to how it was before the last edit, for the person `userId`. Throws as `runTurn`. */
export function undo(chat: Chat, session: SessionRef, userId: string, signal: AbortSignal): Promise<void> {
  return edit(chat, session, { text: chat.speaker.plain("undo.words"), userId }, signal);
}
