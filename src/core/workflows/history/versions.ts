/**
 * Versions of the open project: a finished edit has one once the state shows what it changed. Nobody waits for that:
 * the next read of the state tells it, whichever work and whichever process makes it.
 */
import type { Conversation } from "../../model/conversation.ts";
import {
  briefWords,
  captureIdOf,
  outlineOf,
  type UnseenEdit,
  type Version,
  withVersion,
} from "../../model/history.ts";
import { displayName, isExportable } from "../../model/timeline.ts";
import type { TimelineChange } from "../../model/timeline-change.ts";
import type { ProjectState, SessionRef } from "../../ports/video-backend.ts";
import { countChanges, groupChanges } from "../../reply/describe-changes.ts";
import { diffTimelines } from "../../reply/timeline-diff.ts";
import type { Chat } from "../chat.ts";
import { captureOf } from "../export/capture.ts";
import { exportFileName } from "../export/file-name.ts";

/** Groups of changes that are kept of an edit. */
const MAX_GROUPS = 5;
/** Names of looks that are kept of a change. */
const MAX_LOOKS = 5;

/** The state of an open project. What it tells of the last edit is kept. Throws as `VideoBackend.readState`. */
export async function readProject(
  chat: Chat,
  session: SessionRef,
  signal: AbortSignal,
): Promise<ProjectState> {
  const state = await chat.context.backend.readState(await chat.caller(), session.sessionId, signal);
  try {
    if (chat.record.unseenEdit) await seeEdit(chat, session, state);
  } catch (error) {
    signal.throwIfAborted();
    chat.context.log.warn({ err: error, conversation: chat.id }, "a version could not be kept");
  }
  return state;
}

/**
 * Looks what the last edit has changed: after `firstWaitMs`, and once more when a state that lags has caught up. Never
 * rejects; ends with the process, and with the next edit.
 */
export async function lookAtLastEdit(chat: Chat, firstWaitMs: number): Promise<void> {
  const { context } = chat;
  const { clock, stopping, limits, log } = context;
  const edit = chat.record.unseenEdit;
  if (!edit) return;
  const lagMs = limits.lagWaitsMs.reduce(
    (sum, waitMs) => sum + Math.min(waitMs, limits.recoveryFirstWaitMs),
    0,
  );
  try {
    for (const waitMs of [firstWaitMs, lagMs]) {
      if (waitMs > 0) await clock.sleep(waitMs, stopping);
      await chat.refresh();
      const { session, record } = chat;
      if (!session || record.inFlight || record.unseenEdit?.id !== edit.id) return;
      await readProject(chat, session, stopping);
    }
    await chat.update((current) => withoutUnseen(current, edit.id));
  } catch (error) {
    if (stopping.aborted) return;
    log.debug({ err: error, conversation: chat.id }, "what an edit has changed is not known yet");
  }
}

/** The record once the edit `id` needs no look any more. */
function withoutUnseen(current: Conversation, id: string): Conversation {
  const { unseenEdit, ...rest } = current;
  return unseenEdit?.id === id ? rest : current;
}

/** Keeps the version that the last edit has made, if `state` shows one. */
async function seeEdit(chat: Chat, session: SessionRef, state: ProjectState): Promise<void> {
  const { store } = chat.context;
  // A state that was asked for before another turn began, and came after, may show what that one does.
  await chat.refresh();
  const { unseenEdit: edit, inFlight } = chat.record;
  if (!edit || inFlight || chat.session?.sessionId !== session.sessionId) return;
  if (edit.before.fingerprint === state.timeline.fingerprint) return;
  const capture = isExportable(state.timeline)
    ? captureOf(chat, session, state, exportFileName(state, null))
    : null;
  // In this order: a process that dies in between leaves what the next one does again.
  if (capture) await store.keepCapture(captureIdOf(edit), capture, "version");
  const next = versionOf(edit, state, capture !== null);
  let gone: Version[] = [];
  await store.updateHistory(session.sessionId, (current) => {
    const history = withVersion(current, next);
    const kept = new Set(history.versions.map(({ id }) => id));
    gone = (current?.versions ?? []).filter(({ id }) => !kept.has(id));
    return history;
  });
  await chat.update((current) => withoutUnseen(current, edit.id));
  for (const version of gone) await store.forgetCapture(captureIdOf(version));
}

function versionOf(
  { id, at, words, before, undoes }: UnseenEdit,
  { timeline }: ProjectState,
  isKept: boolean,
): Omit<Version, "number"> {
  const groups = groupChanges(diffTimelines(before, timeline));
  return {
    ...{ id, at, words, isKept },
    changes: groups.slice(0, MAX_GROUPS).map(({ change, count }) => ({ change: brief(change), count })),
    more: countChanges(groups.slice(MAX_GROUPS)),
    before: outlineOf(before),
    after: outlineOf(timeline),
    ...(undoes === undefined ? {} : { undoes }),
  };
}

/** A change with its names cut. */
function brief(change: TimelineChange): TimelineChange {
  const name = displayName(change.name);
  const cut = (text: string) => displayName(text) ?? "";
  switch (change.kind) {
    case "renamed":
      return { ...change, name, before: cut(change.before), after: cut(change.after) };
    case "looks":
      return {
        ...change,
        name,
        on: change.on.slice(0, MAX_LOOKS).map(cut),
        off: change.off.slice(0, MAX_LOOKS).map(cut),
      };
    case "shape":
      return { ...change, name, after: briefWords(change.after) };
    default:
      return { ...change, name };
  }
}

/** Forgets the versions of projects that `before` held and the record does not any more. */
export async function forgetGoneProjects(
  { context: { store }, record }: Chat,
  before: Conversation,
): Promise<void> {
  const left = new Set(sessionsOf(record));
  for (const sessionId of sessionsOf(before)) {
    if (left.has(sessionId)) continue;
    const history = await store.readHistory(sessionId);
    for (const version of history?.versions ?? []) await store.forgetCapture(captureIdOf(version));
    if (history) await store.forgetHistory(sessionId);
  }
}

function sessionsOf({ session, projects = [] }: Conversation): string[] {
  return [...(session ? [session.sessionId] : []), ...projects.map((project) => project.session.sessionId)];
}
