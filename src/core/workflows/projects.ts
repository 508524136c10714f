/**
 * The projects of a conversation: the one that is open, and those that can be opened again. Each is a session of
 * the backend with what we keep of it. A new one takes the place of the old, which stays in the list.
 */
import { BackendError } from "../model/backend-error.ts";
import type { Conversation, KeptProject } from "../model/conversation.ts";
import { newConversation, ownerOf } from "../model/conversation.ts";
import type { Button, IncomingMessage } from "../model/message.ts";
import { titleFrom, withProject } from "../model/project-list.ts";
import { listText, plain } from "../model/rich-text.ts";
import { isExportable } from "../model/timeline.ts";
import type { ProjectState, SessionRef } from "../ports/video-backend.ts";
import { greeting } from "../reply/greeting.ts";
import { Speaker } from "../reply/speaker.ts";
import { summaryText } from "../reply/timeline-text.ts";
import type { Chat } from "./chat.ts";
import { type OldProject, replaceSession } from "./connect.ts";
import { forgetGoneProjects, readProject } from "./history/versions.ts";
import { isAllowed } from "./rights.ts";

/** What we call every task; it tells nothing. */
const TASK_NAME = "project";

/**
 * Opens a new project; asks first where there is something on the timeline. `from` is the session that a person
 * has agreed to leave. Throws `BackendError` and the signal's reason.
 */
export async function startProject(
  chat: Chat,
  message: IncomingMessage,
  from: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, session } = chat;
  if (!session) return;
  if (!(await isAllowed(chat, message.user, ownerOf(chat), "rights.project", signal))) return;
  const state = await readProject(chat, session, signal);
  const isEmpty = !isExportable(state.timeline);
  // Left already, by another press or before a crash: the new one is open.
  const isDone = from !== undefined && from !== session.sessionId && isEmpty;
  if (!isEmpty && from !== session.sessionId) {
    const start = speaker.button("button.start-new", { kind: "new-project", from: session.sessionId });
    const stay = speaker.button("button.keep-going", { kind: "keep-project" });
    await speaker.say("project.ask-new", {}, { buttons: [[start, stay]] });
    return;
  }
  if (!isDone) await replaceSession(chat, session, signal, keptIfWorked(chat, state));
  await speaker.send(greeting(chat.context, speaker, chat.skill, "project.started", false));
}

/** Opens a new project in a place of its own, and says where; false where projects have none. */
export async function openProjectPlace(chat: Chat, signal: AbortSignal): Promise<boolean> {
  const { speaker, context, record, itemId } = chat;
  const name = speaker.plain("project.untitled");
  const target = await speaker.platform.places?.open(speaker.target, { key: itemId, name });
  if (!target) return false;
  signal.throwIfAborted();
  const { skill, account } = record;
  // The person's credits go along.
  await context.store.update(target.conversationId, (now) => now ?? { ...newConversation(skill), account });
  const there = new Speaker(context, target, speaker.language, `${itemId}:there`);
  await there.send(greeting(context, there, chat.skill, "project.started", false));
  await speaker.say("project.opened-there", { name });
  return true;
}

/**
 * Lists the projects with a button for each. With `wanted`, the words a person calls one by, opens the only one
 * they fit.
 */
export async function showProjects(
  chat: Chat,
  message: IncomingMessage,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { speaker } = chat;
  const kept = [...(chat.record.projects ?? [])].reverse();
  if (wanted !== undefined) {
    const called = wanted.toLowerCase();
    const fitting = kept.filter(({ name }) => name.toLowerCase().includes(called));
    const [only] = fitting;
    const open = nameOf(chat, null).toLowerCase();
    if (fitting.length === 0 && chat.session && open.includes(called)) {
      return void (await speaker.say("project.is-open"));
    }
    if (only && fitting.length === 1) return openProject(chat, message, only.session.sessionId, signal);
  }
  const places = (await speaker.platform.places?.list(speaker.target)) ?? [];
  if (kept.length === 0 && places.length > 0) {
    return void (await speaker.say("project.places", { projects: listText(places) }));
  }
  if (kept.length === 0) return void (await speaker.say("project.only-one"));
  const lines = kept.map((project) => titleOf(chat, project));
  if (chat.session) lines.unshift(`${nameOf(chat, null) || speaker.plain("project.untitled")} ✓`);
  const list = speaker.rich("project.list", { projects: listText(lines) });
  const isCalled = (called: string) => kept.some(({ name }) => name.toLowerCase().includes(called));
  const isUnknown = wanted !== undefined && !isCalled(wanted.toLowerCase());
  const text = isUnknown ? speaker.paragraphs(speaker.rich("project.unknown", { name: wanted }), list) : list;
  const buttons = kept.map((project): Button[] => [
    {
      kind: "action",
      label: titleOf(chat, project),
      action: { kind: "open-project", sessionId: project.session.sessionId },
    },
  ]);
  await speaker.send({ text, buttons, isCard: true });
}

/** Opens a project of the list: its session, files and skill. One that the backend has lost leaves the list. */
export async function openProject(
  chat: Chat,
  message: IncomingMessage,
  sessionId: string,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, context } = chat;
  if (chat.session?.sessionId === sessionId) return void (await speaker.say("project.is-open"));
  const wanted = chat.record.projects?.find(({ session }) => session.sessionId === sessionId);
  if (!wanted) return void (await speaker.say("project.gone"));
  if (!(await isAllowed(chat, message.user, ownerOf(chat), "rights.project", signal))) return;
  const name = wanted.name || speaker.plain("project.untitled");
  const state = await stateOf(chat, wanted.session, signal);
  if (state === "refused") return;
  if (state === "lost") {
    const { record } = chat;
    await chat.update((current) => ({ ...current, projects: without(current, sessionId) }));
    await forgetGoneProjects(chat, record);
    return void (await speaker.say("project.lost", { name }, { tone: "error" }));
  }
  const left = await leftProject(chat, signal);
  if (left === "refused") return;
  const { record } = chat;
  await chat.update((current) => {
    const next = current.projects?.find(({ session }) => session.sessionId === sessionId);
    if (!next) return current;
    const others = withProject({ ...current, projects: without(current, sessionId) }, left);
    const { name: _name, at: _at, language, title, ...project } = next;
    // Whose it was stays unknown where it is: it is not theirs whose project gave way.
    const { language: _language, title: _title, startedBy: _startedBy, unseenEdit: _edit, ...rest } = current;
    return {
      ...rest,
      ...project,
      ...(language ? { language } : {}),
      ...(title === undefined ? {} : { title }),
      projects: others,
      lastFailed: null,
      openQuestion: null,
    };
  });
  await forgetGoneProjects(chat, record);
  context.log.info({ conversation: chat.id }, "a project was opened again");
  const text = speaker.paragraphs(
    speaker.rich("project.opened", { name }),
    plain(summaryText(speaker, state.timeline)),
  );
  const buttons = [
    speaker.button("button.export", { kind: "export" }),
    speaker.button("button.status", { kind: "status" }),
  ];
  await speaker.send({ text, buttons: isExportable(state.timeline) ? [buttons] : [] });
}

function without({ projects }: Conversation, sessionId: string): KeptProject[] {
  return (projects ?? []).filter(({ session }) => session.sessionId !== sessionId);
}

/** The open project as it would be kept; null when nothing was done in it. */
function keptIfWorked(chat: Chat, state: ProjectState): OldProject {
  const { context, record } = chat;
  const hasWork = isExportable(state.timeline) || state.clips.length > 0 || record.files.length > 0;
  if (!hasWork) return null;
  return (current) => keptProject(current, nameOf(chat, state), context.clock.now());
}

function keptProject(current: Conversation, name: string, at: number): KeptProject | null {
  const { session, skill, files, startedBy, language, title } = current;
  if (!session) return null;
  return {
    session,
    name,
    at,
    skill,
    files,
    ...(startedBy === undefined ? {} : { startedBy }),
    ...(language ? { language } : {}),
    ...(title === undefined ? {} : { title }),
  };
}

/** What is left for another project; null when it is not worth keeping, or lost. */
async function leftProject(chat: Chat, signal: AbortSignal): Promise<KeptProject | null | "refused"> {
  const { session, record } = chat;
  if (!session) return null;
  const state = await stateOf(chat, session, signal);
  if (state === "refused") return "refused";
  if (state === "lost") return null;
  return keptIfWorked(chat, state)?.(record) ?? null;
}

/** `refused`: the backend could not say, and the person has been told. */
async function stateOf(
  chat: Chat,
  session: SessionRef,
  signal: AbortSignal,
): Promise<ProjectState | "lost" | "refused"> {
  try {
    return await readProject(chat, session, signal);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    if (error.kind === "session-lost") return "lost";
    await chat.speaker.send(chat.failure(error, false));
    return "refused";
  }
}

/** What the backend calls it, else its first clip, else what was asked first; empty when there is none of it. */
function nameOf({ record }: Chat, state: ProjectState | null): string {
  const called = state?.name === TASK_NAME ? "" : (state?.name ?? "");
  const clip = state?.clips[0]?.name ?? record.files[0]?.name ?? "";
  const names = [called, clip.replace(/\.[a-z0-9]{2,5}$/i, ""), record.title ?? ""];
  return titleFrom(names.find((name) => name.trim() !== "") ?? "");
}

/** `beach · Nov 21` */
function titleOf({ speaker, context }: Chat, { name, at }: KeptProject): string {
  const language = context.locales.match(speaker.language) ?? "en";
  const date = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" }).format(at);
  return `${name || speaker.plain("project.untitled")} · ${date}`;
}
