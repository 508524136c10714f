/**
 * Carries out one message of a mailbox, from its files to its goal, and never lets it end in silence.
 * Source: DESIGN.md, "How a message travels" and rule 5.
 */

import { BackendError } from "./model/backend-error.ts";
import { type Conversation, ownerOf } from "./model/conversation.ts";
import type { Action, Attachment, IncomingMessage } from "./model/message.ts";
import { ownWords } from "./model/question.ts";
import { type Request, repeatable } from "./model/request.ts";
import { isHandedOver, isShutdown, StopError } from "./model/stop.ts";
import { type MessageItem, mailboxLane } from "./model/work-item.ts";
import type { Context } from "./ports/context.ts";
import type { SessionRef } from "./ports/video-backend.ts";
import { mayBeAnswer, typedAnswer } from "./reply/question.ts";
import { languageOf } from "./understand/language.ts";
import { requestOf } from "./understand/request.ts";
import { takeAnswer } from "./workflows/answer-question.ts";
import { askMeaning, endAsking } from "./workflows/ask-meaning.ts";
import { cancel, dropWaiting } from "./workflows/cancel.ts";
import { Chat } from "./workflows/chat.ts";
import { connect } from "./workflows/connect.ts";
import { edit, followUp } from "./workflows/edit.ts";
import { startExport } from "./workflows/export/start.ts";
import { areAllUnfit, leadOutside } from "./workflows/fitness.ts";
import { exportVersion } from "./workflows/history/export-version.ts";
import { lookAtLastEdit } from "./workflows/history/versions.ts";
import { showHistory, undo } from "./workflows/history.ts";
import { showCredits, showHelp, showKept, showStatus, showUploadHelp } from "./workflows/instant-answers.ts";
import { startOver, tellError } from "./workflows/message-error.ts";
import { openProject, openProjectPlace, showProjects, startProject } from "./workflows/projects.ts";
import { isAllowed, mayAsk } from "./workflows/rights.ts";
import { chooseLanguage, chooseSkill, takeSkill } from "./workflows/settings.ts";
import { answerSmallTalk, greet } from "./workflows/small-talk.ts";
import { resumeTurn } from "./workflows/turn/resume.ts";
import {
  askAboutFiles,
  refuseAttachments,
  tellMissing,
  uploadAttachments,
  whatToDo,
  withoutFiles,
} from "./workflows/upload.ts";
import { areVoiceNotes, voiceQuestion, withVoiceNames } from "./workflows/voice-notes.ts";

/** One message while it is carried out. */
interface Job {
  chat: Chat;
  message: IncomingMessage;
  isInMailbox: boolean;
  signal: AbortSignal;
}

export class Worker {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Resolves when the person has read how it went, or when the work was aborted. */
  async work(item: MessageItem, signal: AbortSignal): Promise<void> {
    const { message } = item;
    const language = await languageOf(this.#context, message);
    const chat = await this.#open(message, language);
    if (item.refusal) {
      const { key, limit } = item.refusal;
      await chat.speaker.say(key, { limit }, { tone: "error" });
      return;
    }
    const request = withVoiceNames(chat, requestOf(this.#context, item), message.receivedAt);
    const isInMailbox = item.lane === mailboxLane(message.conversationId);
    const job: Job = { chat, message, isInMailbox, signal };
    try {
      // A turn that was in flight when its process ended: its outcome is told, and nothing is sent again.
      if (isInMailbox) await resumeTurn(chat, signal);
      const { settled } = chat.record;
      if (settled?.itemId !== message.id) {
        await this.#carryOut(job, isInMailbox ? asAnswer(request, message, chat.record) : request);
      } else {
        chat.living.disown();
        const { actions } = settled;
        const userId = message.user.id;
        if (chat.session) await followUp(chat, chat.session, { actions, userId }, signal);
      }
    } catch (error) {
      if (isHandedOver(error, signal)) await chat.living.release();
      if (signal.aborted) return;
      if (error instanceof StopError) throw error;
      if (error instanceof BackendError && error.kind === "session-lost") await this.#startOver(job, request);
      else await tellError(chat, request, error);
    } finally {
      if (isShutdown(signal)) await chat.living.release();
      await chat.living.close();
      // The next item does not wait for it.
      if (isInMailbox && !signal.aborted) void lookAtLastEdit(chat, this.#context.limits.lookAfterMs);
    }
  }

  async #carryOut(job: Job, request: Request): Promise<void> {
    const { chat, signal } = job;
    const { goal } = request;
    if (!(await mayAsk(chat, job.message, goal, signal))) return;
    await endAsking(chat, job.message, goal);
    if (!(await takeSkill(chat, job.message, signal))) return;
    if (goal.kind === "action" && request.attachments.length === 0) {
      if (await this.#answerWithoutSession(job, goal.action)) return;
    }
    const words = goal.kind === "edit" ? goal.text : "";
    // The agent may open what stands in its words.
    if (!(await leadOutside(this.#context, words))) {
      await chat.speaker.say("link.not-public", {}, { tone: "error" });
      return;
    }
    if (areAllUnfit(this.#context, chat.skill, request.attachments)) {
      return refuseAttachments(chat, request.attachments, words);
    }
    const wasConnected = chat.session !== null;
    const hasNoOwner = ownerOf(chat) === null;
    const kept = repeatable(request);
    // An export has a living message of its own.
    const isExport = goal.kind === "action" && goal.action.kind === "export";
    if (job.isInMailbox && !isExport) chat.living.start();
    const session = await connect(chat, kept !== null, signal);
    if (!session) return chat.keepForRetry(kept);
    if (hasNoOwner && kept !== null) await this.#own(job);
    const attachments = request.areQuoted
      ? withoutFiles(request.attachments, chat.record.files)
      : request.attachments;
    if (attachments.length > 0 && !(await this.#upload(job, session, attachments, goal))) return;
    const { openQuestion } = chat.record;
    const said = (text: string) => (openQuestion ? ownWords(openQuestion, text) : text);
    if (goal.kind === "edit") await this.#edit(job, session, said(goal.text));
    if (goal.kind === "action") await this.#act(job, session, goal.action, wasConnected);
  }

  /** False when the request ends here: there are no words, or not all that belongs to them has arrived. */
  async #upload(
    { chat, signal }: Job,
    session: SessionRef,
    attachments: Attachment[],
    goal: Request["goal"],
  ): Promise<boolean> {
    const { lastFailed } = chat.record;
    // The file is no change of that edit.
    void lookAtLastEdit(chat, 0);
    const end = await uploadAttachments(chat, session, attachments, signal);
    const isMissing = end.problems.length > 0;
    if (goal.kind === "nothing" && end.added.length > 0) {
      const kept = lastFailed?.attachments.length === 0 ? lastFailed.text : null;
      const isVoice = areVoiceNotes(attachments) && kept === null;
      await askAboutFiles(chat, end, isVoice ? voiceQuestion(chat, attachments) : whatToDo(chat, kept));
    } else if (isMissing) await tellMissing(chat, goal.kind === "edit" ? goal.text : "", end);
    return goal.kind !== "nothing" && !isMissing;
  }

  /** The project belongs to the person who works on it first. */
  async #own({ chat, message }: Job): Promise<void> {
    const startedBy = message.user.id;
    await chat.update((current) => ({ ...current, startedBy: current.startedBy ?? startedBy }));
  }

  /** Actions that work before there is a session; false for all others. */
  async #answerWithoutSession(job: Job, action: Action): Promise<boolean> {
    const { chat, message, signal } = job;
    const { user } = message;
    switch (action.kind) {
      case "help":
        await showHelp(chat);
        return true;
      case "introduce":
        if (action.name === undefined) await chat.speaker.say("group.hello-mention");
        else await chat.speaker.say("group.hello", { name: action.name });
        return true;
      case "upload-help":
        await showUploadHelp(chat);
        return true;
      case "kept":
        await showKept(chat, user.id, action.key);
        return true;
      case "skill":
        await chooseSkill(chat, user, action.name, signal);
        return true;
      case "language":
        await chooseLanguage(chat, user.id, action.language, (language) => this.#open(message, language));
        return true;
      case "cancel":
        await cancel(chat, job.message, action.scope, signal);
        return true;
      case "ask-meaning":
        await askMeaning(chat, message, action, signal);
        return true;
      case "small-talk":
        await answerSmallTalk(chat, message, action);
        return true;
      case "drop":
        await dropWaiting(chat, user, action.itemId, signal);
        return true;
      case "projects":
        await showProjects(chat, job.message, action.name, signal);
        return true;
      case "open-project":
        await openProject(chat, job.message, action.sessionId, signal);
        return true;
      case "export-version":
        await exportVersion(chat, action, user.id, signal);
        return true;
      case "history":
        await showHistory(chat, signal);
        return true;
      case "undo":
        if (chat.session) return false;
        await chat.speaker.say("undo.nothing");
        return true;
      case "new-project":
        return action.from === undefined && openProjectPlace(chat, signal);
      case "keep-project":
        await chat.speaker.say("project.kept");
        return true;
      case "keep-files":
        await chat.speaker.say("upload.kept");
        return true;
      case "retry":
        await this.#retry(job, action.itemId);
        return true;
      case "upload-again":
        await this.#uploadAgain(job);
        return true;
      case "start":
        // A deep link opens its skill before the greeting.
        if (action.skill && this.#context.skills.find(action.skill)) {
          const name = action.skill;
          if (!(await isAllowed(chat, user, ownerOf(chat), "rights.project", signal))) return true;
          await chat.update((current) => ({ ...current, skill: name }));
        }
        await greet(chat);
        return true;
      case "export":
      case "credits":
      case "status":
      case "edit":
      case "answer":
        return false;
    }
  }

  async #act(job: Job, session: SessionRef, action: Action, wasConnected: boolean): Promise<void> {
    const { chat, message, isInMailbox, signal } = job;
    switch (action.kind) {
      case "export":
        return startExport(chat, session, message.user.id, signal);
      case "credits":
        return showCredits(chat, signal);
      case "status":
        return showStatus(chat, session, isInMailbox ? 1 : 0, signal);
      case "new-project":
        // The session that connecting has just made is a new project already.
        return wasConnected
          ? startProject(chat, message, action.from, signal)
          : greet(chat, "project.started");
      case "undo":
        return undo(chat, session, message.user.id, signal);
      case "edit":
        return this.#edit(job, session, action.text);
      case "answer":
        return this.#answer(job, session, action);
      default:
        await this.#answerWithoutSession(job, action);
    }
  }

  /** The next message to the agent, once all it asked is answered. */
  async #answer(job: Job, session: SessionRef, action: Action & { kind: "answer" }): Promise<void> {
    const text = await takeAnswer(job.chat, action);
    if (text !== null) await this.#edit(job, session, text);
  }

  #edit({ chat, message, signal }: Job, session: SessionRef, text: string): Promise<void> {
    return edit(chat, session, { text, userId: message.user.id }, signal);
  }

  /** Without `itemId` the last request that did not work is meant. */
  async #retry(job: Job, itemId: string | undefined): Promise<void> {
    const { chat, message, signal } = job;
    const { lastFailed } = chat.record;
    if (!lastFailed || (itemId !== undefined && itemId !== lastFailed.itemId)) {
      await chat.speaker.say("retry.nothing");
      return;
    }
    // It would be paid for again: the person who asked for it decides.
    if (!(await isAllowed(chat, message.user, lastFailed.startedBy, "rights.retry", signal))) return;
    const { text, attachments } = lastFailed;
    await this.#carryOut(job, {
      attachments,
      goal: text === "" ? { kind: "nothing" } : { kind: "edit", text },
    });
    // Last: a process that dies before has not lost what was to be repeated.
    await chat.update((current) => ({
      ...current,
      lastFailed: current.lastFailed?.itemId === lastFailed.itemId ? null : current.lastFailed,
    }));
  }

  async #uploadAgain(job: Job): Promise<void> {
    const { chat } = job;
    const { files } = chat.record;
    if (files.length === 0) {
      await chat.speaker.say("retry.nothing");
      return;
    }
    await this.#carryOut(job, { attachments: files, goal: { kind: "nothing" } });
  }

  async #startOver(job: Job, request: Request): Promise<void> {
    const { chat, isInMailbox, signal } = job;
    try {
      if (!(await startOver(chat, request, isInMailbox, signal))) await this.#carryOut(job, request);
    } catch (error) {
      if (!signal.aborted) await tellError(chat, request, error);
    }
  }

  #open(message: IncomingMessage, language: string): Promise<Chat> {
    return Chat.open(this.#context, {
      id: message.conversationId,
      target: message.replyTo,
      language,
      itemId: message.id,
      userId: message.user.id,
      userName: message.user.name,
      askedAt: message.receivedAt,
    });
  }
}

/** What a message asks for where the agent waits for an answer: an option it names, and "leave it", are that. */
function asAnswer(request: Request, message: IncomingMessage, record: Conversation): Request {
  const named = record.openQuestion ? typedAnswer(record.openQuestion, message) : null;
  if (named) return { attachments: [], goal: { kind: "action", action: named } };
  const { goal } = request;
  if (goal.kind !== "action" || !mayBeAnswer(record, goal.action, message)) return request;
  return { ...request, goal: { kind: "edit", text: goal.action.text } };
}
