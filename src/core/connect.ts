/**
 * The way to a session: account, session, greeting. Happens on first contact, for a new project, and after
 * the backend lost the session. Source: nemo-api.md, "Endpoints"; the seeds' "Getting connected".
 */
import { BackendError } from "./backend-error.ts";
import type { Chat } from "./chat.ts";
import { createKeyedQueue } from "./keyed-queue.ts";
import type { Button } from "./message.ts";
import type { SessionRef } from "./ports.ts";
import type { RichText } from "./rich-text.ts";
import { localized, type Skill } from "./skill.ts";
import type { Speaker } from "./speaker.ts";
import { isShutdown } from "./world.ts";

const inTurn = createKeyedQueue();

/**
 * Makes sure that the chat has a session, greeting the person when there was none. Null when the backend
 * refused; the person has been told why. `canRetry`: the message holds something that a retry can repeat.
 */
export function connect(chat: Chat, canRetry: boolean, signal: AbortSignal): Promise<SessionRef | null> {
  // An answer at once and the mailbox may both find no session: only one of them makes it.
  return inTurn(chat.id, async () => {
    await chat.refresh();
    return chat.session ?? (await greet(chat, canRetry, signal));
  });
}

async function greet(chat: Chat, canRetry: boolean, signal: AbortSignal): Promise<SessionRef | null> {
  const { speaker, skill } = chat;
  const status = await speaker.send({
    tone: "notice",
    text: [{ text: localized(skill.setup, speaker.language) }],
  });
  try {
    const session = (await createSession(chat, null, signal)) ?? chat.session;
    await speaker.edit(status, { tone: "notice", ...greeting(speaker, skill, "connect.ready") });
    return session;
  } catch (error) {
    if (signal.aborted) {
      if (!isShutdown(signal))
        await speaker.edit(status, { tone: "notice", text: speaker.rich("cancel.item") });
      throw error;
    }
    if (!(error instanceof BackendError)) throw error;
    await speaker.edit(status, chat.failure(error, canRetry));
    return null;
  }
}

/**
 * A fresh session with an empty timeline in place of `old`. Null when another item has replaced `old` since.
 * Throws `BackendError`.
 */
export function replaceSession(
  chat: Chat,
  old: SessionRef | null,
  signal: AbortSignal,
): Promise<SessionRef | null> {
  return inTurn(chat.id, async () => {
    await chat.refresh();
    if (chat.session && chat.session.sessionId !== old?.sessionId) return null;
    return createSession(chat, old, signal);
  });
}

/** Makes a session in place of `old`. Null: another process was faster, and its session stays. */
async function createSession(
  chat: Chat,
  old: SessionRef | null,
  signal: AbortSignal,
): Promise<SessionRef | null> {
  const { backend } = chat.world;
  const caller = await chat.caller();
  await backend.signIn(caller, signal);
  const session = await backend.createSession(caller, { language: chat.speaker.language }, signal);
  await chat.update((current) => {
    const isTaken = current.session !== null && current.session.sessionId !== old?.sessionId;
    return isTaken ? current : { ...current, session, inFlight: null, render: null };
  });
  return chat.session?.sessionId === session.sessionId ? session : null;
}

/** Title and greeting of a skill with its example prompts, as text and as buttons. */
export function greeting(
  speaker: Speaker,
  skill: Skill,
  lead: "connect.ready" | "skill.switched" | "project.started",
): { text: RichText; buttons: Button[][] } {
  const examples = localized(skill.examples, speaker.language);
  return {
    text: speaker.paragraphs(
      speaker.rich(lead, { title: localized(skill.title, speaker.language) }),
      [{ text: localized(skill.greeting, speaker.language) }],
      examples.length > 0
        ? speaker.rich("connect.examples", { examples: examples.map((example) => `• ${example}`).join("\n") })
        : [],
    ),
    buttons: exampleButtons(examples),
  };
}

/** One button a prompt, each on its own row. */
export function exampleButtons(examples: readonly string[]): Button[][] {
  return examples.map((text) => [{ kind: "action", label: text, action: { kind: "edit", text } }]);
}
