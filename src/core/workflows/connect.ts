/**
 * The way to a session: account, then session. Happens on first contact, for a new project, and after
 * the backend lost the session. Source: nemo-api.md, "Endpoints"; the seeds' "Getting connected".
 */

import { createKeyedQueue } from "../../lib/keyed-queue.ts";
import { BackendError } from "../model/backend-error.ts";
import type { Conversation, KeptProject } from "../model/conversation.ts";
import { withProject } from "../model/project-list.ts";
import { plain } from "../model/rich-text.ts";
import { localized } from "../model/skill.ts";
import type { SessionRef } from "../ports/video-backend.ts";
import { languageOfNew } from "./agent-language.ts";
import type { Chat } from "./chat.ts";
import { forgetGoneProjects } from "./history/versions.ts";

const inTurn = createKeyedQueue();

/**
 * Makes sure that the chat has a session. Null when the backend refused; the person has been told why. `canRetry`: the
 * message holds something that a retry can repeat.
 */
export function connect(chat: Chat, canRetry: boolean, signal: AbortSignal): Promise<SessionRef | null> {
  // An answer at once and the mailbox may both find no session: only one of them makes it.
  return inTurn(chat.id, async () => {
    await chat.refresh();
    return chat.session ?? (await createFirst(chat, canRetry, signal));
  });
}

async function createFirst(chat: Chat, canRetry: boolean, signal: AbortSignal): Promise<SessionRef | null> {
  const { speaker, skill, living } = chat;
  living.start().status(plain(localized(skill.setup, speaker.language)));
  try {
    return (await createSession(chat, null, signal)) ?? chat.session;
  } catch (error) {
    if (signal.aborted || !(error instanceof BackendError)) throw error;
    await living.end(chat.failure(error, canRetry));
    return null;
  }
}

/** What a project leaves for the list of projects; null when it was lost, or nothing was done in it. */
export type OldProject = ((current: Conversation) => KeptProject | null) | null;

/**
 * A fresh session with an empty timeline in place of `old`. Null when another item has replaced `old` since.
 * Given what is kept of the old project, or null for nothing, it is a new project; without, the same one goes on.
 * Throws `BackendError`.
 */
export function replaceSession(
  chat: Chat,
  old: SessionRef | null,
  signal: AbortSignal,
  kept?: OldProject,
): Promise<SessionRef | null> {
  return inTurn(chat.id, async () => {
    await chat.refresh();
    if (chat.session && chat.session.sessionId !== old?.sessionId) return null;
    return createSession(chat, old, signal, kept);
  });
}

/** Makes a session in place of `old`. Null: another process was faster, and its session stays. */
async function createSession(
  chat: Chat,
  old: SessionRef | null,
  signal: AbortSignal,
  kept?: OldProject,
): Promise<SessionRef | null> {
  const { backend } = chat.context;
  const caller = await chat.caller();
  await backend.signIn(caller, signal);
  const session = await backend.createSession(caller, { language: chat.speaker.language }, signal);
  const { record } = chat;
  await chat.update((current) => {
    const isTaken = current.session !== null && current.session.sessionId !== old?.sessionId;
    if (isTaken) return current;
    // In one step: whenever the process ends, the old project is either open or in the list.
    const { unseenEdit: _edit, ...fresh } = kept === undefined ? current : leave(current, kept);
    const language = languageOfNew(chat.speaker.language);
    // An export of the old session goes on: its render stays written down.
    // A question of the old session means nothing to the new one.
    return { ...fresh, session, language, inFlight: null, openQuestion: null };
  });
  if (chat.session?.sessionId !== session.sessionId) return null;
  await forgetGoneProjects(chat, record);
  return session;
}

/** The record without its project, which goes to the list. */
function leave(current: Conversation, kept: OldProject): Conversation {
  const { title: _title, ...rest } = current;
  const projects = withProject(current, kept?.(current) ?? null);
  return { ...rest, projects, startedBy: null, files: [], lastFailed: null };
}
