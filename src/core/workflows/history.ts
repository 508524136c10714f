/** What the finished edits of the open project have changed, and the way back from the last one. Source: docs/usage.md, "History". */
import { shorten } from "../../lib/shorten.ts";
import { BackendError } from "../model/backend-error.ts";
import { formatDuration } from "../model/file-formats.ts";
import { type History, lastStanding, type Outline, type Version, versionBefore } from "../model/history.ts";
import type { Button } from "../model/message.ts";
import type { RichText } from "../model/rich-text.ts";
import { isExportable } from "../model/timeline.ts";
import type { SessionRef } from "../ports/video-backend.ts";
import { relativeTime } from "../reply/relative-time.ts";
import { changeSentences } from "../reply/timeline-text.ts";
import type { Chat } from "./chat.ts";
import { edit } from "./edit.ts";
import { readProject } from "./history/versions.ts";

/** Versions that are listed; those before can be asked for by their number. */
const MAX_LISTED = 10;
/** Buttons: two rows of three fit a phone. */
const MAX_BUTTONS = 6;
const BUTTONS_A_ROW = 3;
/** Characters of what an edit has changed: one line. */
const MAX_CHANGES_LENGTH = 160;
const MAX_WORDS_LENGTH = 60;
/** The list does not wait longer for what the last edit has changed. */
const LOOK_TIMEOUT_MS = 5_000;

/** Lists the latest edits with what each has changed, newest first, and buttons that export as it was. */
export async function showHistory(chat: Chat, signal: AbortSignal): Promise<void> {
  const { speaker, session, context, record } = chat;
  if (session && record.unseenEdit) await look(chat, session, signal);
  const history = session ? await context.store.readHistory(session.sessionId) : null;
  if (!session || !history) return void (await speaker.say("history.none"));
  const newestFirst = history.versions.toReversed();
  const [oldest] = history.versions;
  const isCut = newestFirst.length > MAX_LISTED;
  const text = speaker.paragraphs(
    speaker.rich("history.title"),
    ...newestFirst.slice(0, MAX_LISTED).map((version) => line(chat, version)),
    isCut && oldest ? speaker.rich("history.older", { number: oldest.number }) : [],
  );
  await speaker.send({ text, buttons: exportButtons(chat, session, newestFirst), isCard: true });
}

/**
 * Asks the agent to go back to how it was before the last edit that stands, for the person `userId`. What the edit was
 * is named where that is sure. Throws as `runTurn`.
 */
export async function undo(
  chat: Chat,
  session: SessionRef,
  userId: string,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, context } = chat;
  const state = await readProject(chat, session, signal);
  const history = await context.store.readHistory(session.sessionId);
  const version = history && lastStanding(history);
  // A state that lags behind the last edit, or that something else has changed since, is none of the versions.
  const isNewest = history?.versions.at(-1)?.after.fingerprint === state.timeline.fingerprint;
  if (history && version && isNewest && !chat.record.unseenEdit) {
    const text = undoWords(chat, history, version);
    return edit(chat, session, { text, userId, undoes: version.number }, signal);
  }
  const isEmpty = !isExportable(state.timeline) && state.clips.length === 0;
  if (isEmpty && !history) return void (await speaker.say("undo.nothing"));
  await edit(chat, session, { text: speaker.plain("undo.words"), userId }, signal);
}

/** For the agent, which knows what was said and done, and nothing of our numbers. */
function undoWords({ speaker }: Chat, history: History, version: Version): string {
  const earlier = versionBefore(history, version);
  const outline = outlineText(speaker, version.before);
  const before = earlier ? speaker.plain("undo.version", { number: earlier.number, outline }) : outline;
  const changes = changeSentences(speaker, version.changes, version.more).join(" ");
  return speaker.plain("undo.words-named", { words: version.words, before, changes });
}

/** `2 tracks, 0:10` */
function outlineText(speaker: Chat["speaker"], { tracks, lengthMs }: Outline): string {
  return speaker.list([
    speaker.plain(tracks === 1 ? "history.tracks-one" : "history.tracks-many", { count: tracks }),
    ...(lengthMs === null ? [] : [formatDuration(lengthMs)]),
  ]);
}

/** What cannot be read now is told another time. */
async function look(chat: Chat, session: SessionRef, signal: AbortSignal): Promise<void> {
  try {
    await readProject(chat, session, AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]));
  } catch (error) {
    signal.throwIfAborted();
    const isKnown =
      error instanceof BackendError || (error instanceof Error && error.name === "TimeoutError");
    if (!isKnown) throw error;
    chat.context.log.info({ err: error, conversation: chat.id }, "the history lacks the last edit");
  }
}

/** Number, when, the person's words, and what the edit has changed. */
function line({ speaker, context }: Chat, version: Version): RichText {
  const { number, at, undoes } = version;
  const words =
    undoes === undefined
      ? speaker.plain("history.words", { words: shorten(version.words, MAX_WORDS_LENGTH) })
      : speaker.plain("history.undid", { number: undoes });
  return speaker.rich("history.line", {
    number,
    when: relativeTime(context.locales.match(speaker.language) ?? "en", at, context.clock.now()),
    words,
    changes: shorten(changeSentences(speaker, version.changes, version.more).join(" "), MAX_CHANGES_LENGTH),
  });
}

function exportButtons({ speaker }: Chat, { sessionId }: SessionRef, newestFirst: Version[]): Button[][] {
  const buttons = newestFirst
    .filter(({ isKept }) => isKept)
    .slice(0, MAX_BUTTONS)
    .map(({ number }): Button => {
      const label = speaker.plain("button.export-version", { number });
      return { kind: "action", label, action: { kind: "export-version", version: number, sessionId } };
    });
  return [buttons.slice(0, BUTTONS_A_ROW), buttons.slice(BUTTONS_A_ROW)].filter((row) => row.length > 0);
}
