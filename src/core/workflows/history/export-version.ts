/** Exports a project as it was after an earlier edit. Source: nemo-api.md, "Render" (the draft comes with the request). */

import { captureIdOf } from "../../model/history.ts";
import type { Action } from "../../model/message.ts";
import type { Chat } from "../chat.ts";
import { versionFileName } from "../export/file-name.ts";
import { exportCaptured } from "../export/start.ts";

/** Puts the export into the lane; says so where the version, or its project, is gone. Throws the signal's reason. */
export async function exportVersion(
  chat: Chat,
  { version: number, sessionId }: Extract<Action, { kind: "export-version" }>,
  userId: string,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, record, context } = chat;
  const projects = [record.session, ...(record.projects ?? []).map(({ session }) => session)];
  const session = projects.find((one) => one && (sessionId === undefined || one.sessionId === sessionId));
  const history = session ? await context.store.readHistory(session.sessionId) : null;
  const version = history?.versions.find((one) => one.number === number);
  const capture = version ? await context.store.readCapture(captureIdOf(version)) : null;
  if (!session || !capture) {
    const buttons = history ? [[speaker.button("button.history", { kind: "history" })]] : [];
    return void (await speaker.say("history.gone", { number }, { buttons }));
  }
  const fileName = versionFileName(capture.fileName, number);
  await exportCaptured(chat, session, userId, async () => ({ ...capture, fileName }), signal);
}
