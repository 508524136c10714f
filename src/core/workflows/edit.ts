/** Words for the agent, and what its answer asks the bot to do. Source: nemo-api.md, "GUI translation". */
import { type GuiAction, isNoTurn } from "../model/gui-action.ts";
import { titleFrom } from "../model/project-list.ts";
import type { SessionRef } from "../ports/video-backend.ts";
import { wantLanguage } from "./agent-language.ts";
import { type Chat, FOLLOW_UP } from "./chat.ts";
import { startExport } from "./export/start.ts";
import { showCredits, showHelp, showStatus } from "./instant-answers.ts";
import { runTurn } from "./turn/turn.ts";

/** Sends `text` to the agent for the person `userId`; empty words ask for help. Throws as `runTurn`. */
export async function edit(
  chat: Chat,
  session: SessionRef,
  { text, userId, undoes }: { text: string; userId: string; undoes?: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  if (text.trim() === "") return showHelp(chat);
  if (chat.record.title === undefined) {
    const title = titleFrom(text);
    await chat.update((now) => ({ title, ...now }));
    void chat.speaker.platform.places?.rename(chat.speaker.target, title);
  }
  await wantLanguage(chat, userId, chat.speaker.language);
  const actions = await runTurn(chat, session, { text, pending: null, undoes }, signal);
  await followUp(chat, session, { actions, userId }, signal);
}

/**
 * Does what the agent's GUI instructions asked for. One edit is sent, and said; what that asks for is left to the
 * person.
 */
export async function followUp(
  chat: Chat,
  session: SessionRef,
  { actions, userId }: { actions: GuiAction[]; userId: string },
  signal: AbortSignal,
): Promise<void> {
  const due = actions.filter(isNoTurn);
  const next = actions.find((action) => action.kind === "edit");
  if (next) {
    const { text } = next;
    chat.living
      .renew(FOLLOW_UP)
      .start()
      .status(chat.speaker.rich("turn.follow-up", { words: text }));
    const second = await runTurn(chat, session, { text, pending: due }, signal);
    due.push(...second.filter(isNoTurn));
  }
  const kinds = new Set<GuiAction["kind"]>(due.map((action) => action.kind));
  if (kinds.has("show-state") || kinds.has("show-tracks")) await showStatus(chat, session, 1, signal);
  if (kinds.has("show-credits")) await showCredits(chat, signal);
  if (kinds.has("export")) await startExport(chat, session, userId, signal);
}
