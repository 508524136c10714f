/**
 * The way of a message through the core: owned, understood, answered at once or put into the mailbox of its
 * conversation, and worked on to an end the person sees. Source: DESIGN.md, "The house" and rules 2, 3, 5.
 */
import {
  cancel,
  chooseLanguage,
  chooseSkill,
  isAnsweredAtOnce,
  showCredits,
  showHelp,
  showStatus,
  showUploadHelp,
} from "./actions.ts";
import { BackendError } from "./backend-error.ts";
import { Chat } from "./chat.ts";
import { connect, greeting, startSession, warnOperator } from "./connect.ts";
import { startExport, watchExport } from "./export-job.ts";
import { failureMessage } from "./failure.ts";
import type { GuiAction } from "./gui-translation.ts";
import type { Action, Attachment, IncomingMessage } from "./message.ts";
import type { MessageSink, SessionRef } from "./ports.ts";
import { keep, type Request, readRequest } from "./request.ts";
import { Speaker } from "./speaker.ts";
import { runTurn } from "./turn.ts";
import { areAllUnfit, askWhatToDo, refuseAttachments, uploadAttachments } from "./upload.ts";
import { exportLane, type MessageItem, mailboxLane, type WorkItem } from "./work-item.ts";
import { StopError, type World } from "./world.ts";

export class Engine implements MessageSink {
  readonly #world: World;
  readonly #asides = new Set<Promise<unknown>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Starts working on the mailboxes. */
  async start(): Promise<void> {
    await this.#world.queue.start((item, signal) => this.#work(item, signal));
  }

  /** Hands running work back; what is in flight stays written down for the next start. */
  async stop(): Promise<void> {
    await this.#world.queue.stop(new StopError("shutdown"));
    await Promise.allSettled(this.#asides);
  }

  async receive(message: IncomingMessage): Promise<void> {
    const { store, queue, limits, log } = this.#world;
    if (!(await store.claim(message.id))) {
      log.debug({ id: message.id }, "a redelivered message was left alone");
      return;
    }
    const speaker = new Speaker(this.#world, message.replyTo, await this.#languageOf(message));
    const tooMuch = tooMuchOf(message, limits);
    if (tooMuch) {
      this.#aside(speaker.say(tooMuch.key, { limit: tooMuch.limit }, { tone: "error" }));
      return;
    }
    const item: MessageItem = {
      version: 1,
      id: message.id,
      kind: "message",
      lane: (await this.#isInstant(message)) ? `instant:${message.id}` : mailboxLane(message.conversationId),
      message,
    };
    const pushed = await queue.push(item);
    if (pushed.kind === "full") {
      this.#aside(speaker.say("queue.full", { limit: pushed.limit }, { tone: "error" }));
    } else if (pushed.ahead > 0) {
      const cancelButton = speaker.button("button.cancel", { kind: "cancel", scope: "current" });
      const buttons = [[cancelButton]];
      this.#aside(speaker.say("queue.place", { place: pushed.ahead }, { tone: "notice", buttons }));
    }
  }

  /** Whether a message is answered beside whatever runs in its conversation. */
  async #isInstant(message: IncomingMessage): Promise<boolean> {
    const { store, skills } = this.#world;
    const { goal, attachments } = this.#understand(message);
    const record = await store.read(message.conversationId);
    if (attachments.length === 0) {
      return goal.kind === "action" && isAnsweredAtOnce(goal.action, record?.session != null);
    }
    const skill = skills.find(record?.skill ?? "") ?? skills.defaultSkill;
    return areAllUnfit(this.#world, skill, attachments);
  }

  /** A word to the person that the platform's pace may hold up, and that intake must not wait for. */
  #aside(sending: Promise<unknown>): void {
    this.#asides.add(sending);
    void sending.finally(() => this.#asides.delete(sending));
  }

  async revise(message: IncomingMessage): Promise<void> {
    const { queue, limits, log } = this.#world;
    if (tooMuchOf(message, limits)) return;
    const lane = mailboxLane(message.conversationId);
    const isRevised = await queue.revise({ version: 1, id: message.id, kind: "message", lane, message });
    log.debug({ id: message.id, isRevised }, "a message was edited");
  }

  async abandon(conversationId: string): Promise<void> {
    const { queue, log } = this.#world;
    log.info({ conversation: conversationId }, "a chat is gone; its work stops");
    for (const lane of [mailboxLane(conversationId), exportLane(conversationId)]) {
      await queue.clear(lane);
      await queue.cancel(lane, new StopError("gone"));
    }
  }

  async #work(item: WorkItem, signal: AbortSignal): Promise<void> {
    if (item.kind === "export") return watchExport(this.#world, item, signal);
    const { message } = item;
    const chat = await this.#open(message, await this.#languageOf(message));
    const request = this.#understand(message);
    try {
      await this.#carryOut(chat, item, request, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof BackendError && error.kind === "session-lost") {
        return this.#startOver(chat, request, signal);
      }
      await chat.update((current) => ({ ...current, lastFailed: keep(request) ?? current.lastFailed }));
      await this.#apologise(chat, error, keep(request) !== null);
    }
  }

  async #carryOut(chat: Chat, item: MessageItem, request: Request, signal: AbortSignal): Promise<void> {
    const { goal } = request;
    if (goal.kind === "action" && request.attachments.length === 0) {
      if (await this.#answerWithoutSession(chat, item, goal.action, signal)) return;
    }
    const words = goal.kind === "edit" ? goal.text : "";
    if (areAllUnfit(this.#world, chat.skill, request.attachments)) {
      return refuseAttachments(chat, request.attachments, words);
    }
    const wasConnected = chat.session !== null;
    const session = await connect(chat, keep(request) !== null, signal);
    if (!session) {
      await chat.update((current) => ({ ...current, lastFailed: keep(request) ?? current.lastFailed }));
      return;
    }
    const kept = chat.record.lastFailed?.attachments.length === 0 ? chat.record.lastFailed.text : null;
    const attachments = request.areQuoted
      ? withoutFiles(request.attachments, chat.record.files)
      : request.attachments;
    if (attachments.length > 0) {
      const isComplete = await uploadAttachments(chat, session, { attachments, words }, signal);
      if (!isComplete && goal.kind !== "action") return;
      if (goal.kind === "nothing") return askWhatToDo(chat, kept);
    }
    if (goal.kind === "edit") await this.#edit(chat, session, item, goal.text, signal);
    if (goal.kind === "action") await this.#act(chat, session, item, goal.action, wasConnected, signal);
  }

  /** Actions that work before there is a session; false for all others. */
  async #answerWithoutSession(
    chat: Chat,
    item: MessageItem,
    action: Action,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { message } = item;
    switch (action.kind) {
      case "help":
        await showHelp(chat);
        return true;
      case "upload-help":
        await showUploadHelp(chat);
        return true;
      case "skill":
        await chooseSkill(chat, action.name);
        return true;
      case "language":
        await chooseLanguage(chat, message.user.id, action.language, (language) =>
          this.#open(message, language),
        );
        return true;
      case "cancel":
        await cancel(chat, message.user, action.scope, signal);
        return true;
      case "retry":
        await this.#repeat(chat, item, chat.record.lastFailed, signal);
        return true;
      case "upload-again":
        await this.#repeat(chat, item, { text: "", attachments: chat.record.files }, signal);
        return true;
      case "start":
        // A deep link opens its skill before the greeting.
        if (action.skill && this.#world.skills.find(action.skill)) {
          const name = action.skill;
          await chat.update((current) => ({ ...current, skill: name }));
        }
        return false;
      case "export":
      case "credits":
      case "status":
      case "new-project":
      case "edit":
        return false;
    }
  }

  async #act(
    chat: Chat,
    session: SessionRef,
    item: MessageItem,
    action: Action,
    wasConnected: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    switch (action.kind) {
      case "start":
        // Whoever is new has just been greeted.
        if (wasConnected) await chat.speaker.send(greeting(chat.speaker, chat.skill, "connect.ready"));
        return;
      case "export":
        return startExport(chat, session, item.message.user.id, signal);
      case "credits":
        return showCredits(chat, signal);
      case "status":
        return showStatus(chat, session, item.lane === mailboxLane(chat.id) ? 1 : 0, signal);
      case "new-project":
        return this.#newProject(chat, wasConnected, signal);
      case "edit":
        return this.#edit(chat, session, item, action.text, signal);
      default:
        await this.#answerWithoutSession(chat, item, action, signal);
    }
  }

  /** A turn, and then what the agent's GUI instructions asked for. A dragged edit is sent once: no loops. */
  async #edit(
    chat: Chat,
    session: SessionRef,
    item: MessageItem,
    text: string,
    signal: AbortSignal,
  ): Promise<void> {
    const itemId = item.id;
    const userId = item.message.user.id;
    if (text.trim() === "") return showHelp(chat);
    const followUps = await runTurn(chat, session, { itemId, text }, signal);
    const edit = followUps.find((followUp) => followUp.kind === "edit");
    const rest: GuiAction[] = followUps.filter((followUp) => followUp.kind !== "edit");
    if (edit) {
      const more = await runTurn(chat, session, { itemId, text: edit.text }, signal);
      for (const followUp of more) {
        if (followUp.kind !== "edit" && !rest.some((one) => one.kind === followUp.kind)) rest.push(followUp);
      }
    }
    const kinds = new Set(
      rest.map((followUp) => (followUp.kind === "show-tracks" ? "show-state" : followUp.kind)),
    );
    if (kinds.has("show-state")) await showStatus(chat, session, 1, signal);
    if (kinds.has("show-credits")) await showCredits(chat, signal);
    if (kinds.has("export")) await startExport(chat, session, userId, signal);
  }

  async #newProject(chat: Chat, wasConnected: boolean, signal: AbortSignal): Promise<void> {
    // The session that connecting has just made is a new project already.
    if (wasConnected) {
      await startSession(chat, signal);
      await chat.update((current) => ({ ...current, files: [], lastFailed: null, renderId: null }));
      await chat.speaker.send(greeting(chat.speaker, chat.skill, "project.started"));
    }
  }

  async #repeat(
    chat: Chat,
    item: MessageItem,
    what: { text: string; attachments: Attachment[] } | null,
    signal: AbortSignal,
  ): Promise<void> {
    if (!what || (what.text === "" && what.attachments.length === 0)) {
      await chat.speaker.say("retry.nothing");
      return;
    }
    // Whoever uploads the files of a lost session again may still want the words that met its end.
    const isLastFailed = what === chat.record.lastFailed;
    await chat.update((current) => ({
      ...current,
      lastFailed: isLastFailed ? null : current.lastFailed,
      files: withoutFiles(current.files, what.attachments),
    }));
    const request: Request = {
      attachments: what.attachments,
      goal: what.text === "" ? { kind: "nothing" } : { kind: "edit", text: what.text },
    };
    await this.#carryOut(chat, item, request, signal);
  }

  /** The backend lost the session: a new one, said plainly, and the way back to where the person was. */
  async #startOver(chat: Chat, request: Request, signal: AbortSignal): Promise<void> {
    const { speaker, world } = chat;
    world.log.warn({ conversation: chat.id }, "the backend lost a session; starting a new one");
    await chat.update((current) => ({
      ...current,
      session: null,
      inFlight: null,
      renderId: null,
      lastFailed: keep(request) ?? current.lastFailed,
    }));
    try {
      await startSession(chat, signal);
    } catch (error) {
      if (signal.aborted) return;
      await this.#apologise(chat, error, true);
      return;
    }
    const buttons = [];
    if (chat.record.files.length > 0) {
      buttons.push([speaker.button("button.upload-again", { kind: "upload-again" })]);
    }
    if (keep(request)) buttons.push([speaker.button("button.retry", { kind: "retry" })]);
    const key = chat.record.files.length > 0 ? "session.lost-with-files" : "session.lost";
    await speaker.say(key, {}, { tone: "error", buttons });
  }

  /** The last line against silence: a plain sentence for whatever went wrong. */
  async #apologise(chat: Chat, error: unknown, canRetry: boolean): Promise<void> {
    const { speaker, payer, skill, world } = chat;
    if (error instanceof BackendError) {
      warnOperator(chat, error);
      world.log.warn({ err: error, conversation: chat.id }, "a message could not be carried out");
      await speaker.send(failureMessage(speaker, error, { payer, skill, webUrl: world.webUrl, canRetry }));
      return;
    }
    world.log.error({ err: error, conversation: chat.id }, "a message ended in an unexpected error");
    const buttons = canRetry ? [[speaker.button("button.retry", { kind: "retry" })]] : [];
    await speaker.say("error.unexpected", {}, { tone: "error", buttons });
  }

  #understand(message: IncomingMessage): Request {
    return readRequest(
      message,
      this.#world.skills.list().map((skill) => skill.name),
    );
  }

  #open(message: IncomingMessage, language: string): Promise<Chat> {
    return Chat.open(this.#world, message.conversationId, message.replyTo, language);
  }

  /** The person's choice, else the platform's word, else the script they write in. */
  async #languageOf(message: IncomingMessage): Promise<string> {
    const { store, locales } = this.#world;
    const chosen = locales.match((await store.readUser(message.user.id))?.language);
    const script = /\p{Script=Han}/u.test(message.text) ? locales.match("zh") : null;
    return chosen ?? locales.match(message.user.language) ?? script ?? "en";
  }
}

function withoutFiles(files: Attachment[], repeated: Attachment[]): Attachment[] {
  return files.filter((file) => !repeated.some((one) => JSON.stringify(one) === JSON.stringify(file)));
}

function tooMuchOf(message: IncomingMessage, limits: World["limits"]) {
  if (message.text.length > limits.maxTextLength) {
    return { key: "message.too-long", limit: limits.maxTextLength } as const;
  }
  if (message.attachments.length > limits.maxFilesPerMessage) {
    return { key: "message.too-many-files", limit: limits.maxFilesPerMessage } as const;
  }
  return null;
}
