/**
 * The way to a session: account, session, greeting. Happens on first contact, for a new project, and after
 * the backend lost the session. Source: nemo-api.md, "Endpoints"; the seeds' "Getting connected".
 */
import { BackendError } from "./backend-error.ts";
import type { Chat } from "./chat.ts";
import { failureMessage } from "./failure.ts";
import type { Button } from "./message.ts";
import type { SessionRef } from "./ports.ts";
import type { RichText } from "./rich-text.ts";
import { localized, type Skill } from "./skill.ts";
import type { Speaker } from "./speaker.ts";
import { EMPTY_TIMELINE } from "./timeline.ts";

/**
 * Makes sure that the chat has a session, greeting the person when there was none. Null when the backend
 * refused; the person has been told why. `canRetry`: the message holds something that a retry can repeat.
 */
export async function connect(
  chat: Chat,
  canRetry: boolean,
  signal: AbortSignal,
): Promise<SessionRef | null> {
  if (chat.session) return chat.session;
  const { speaker, skill } = chat;
  const status = await speaker.send({
    tone: "notice",
    text: [{ text: localized(skill.setup, speaker.language) }],
  });
  try {
    const session = await startSession(chat, signal);
    await speaker.edit(status, { tone: "notice", ...greeting(speaker, skill, "connect.ready") });
    return session;
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    warnOperator(chat, error);
    await speaker.edit(
      status,
      failureMessage(speaker, error, {
        payer: chat.payer,
        webUrl: chat.world.webUrl,
        skill,
        canRetry,
      }),
    );
    return null;
  }
}

/** A fresh session with an empty timeline in place of whatever there was. Throws `BackendError`. */
export async function startSession(chat: Chat, signal: AbortSignal): Promise<SessionRef> {
  const { backend } = chat.world;
  const caller = await chat.caller();
  await backend.signIn(caller, signal);
  const session = await backend.createSession(caller, { language: chat.speaker.language }, signal);
  await chat.update((current) => ({ ...current, session, timeline: EMPTY_TIMELINE, inFlight: null }));
  return session;
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

/** What the operator has to mend is written to the log. */
export function warnOperator(chat: Chat, error: BackendError): void {
  if (error.kind === "free-token-limit") {
    chat.world.log.warn(
      { conversation: chat.id },
      "the backend gives this address no more free tokens for now: set NEMO_TOKEN to serve all conversations with your own",
    );
  } else if (error.kind === "bad-token") {
    chat.world.log.warn(
      { conversation: chat.id, err: error },
      "the backend refuses the token: check NEMO_TOKEN",
    );
  }
}
