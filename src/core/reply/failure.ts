/**
 * What a person reads when something did not work: what happened and what to do, never a code.
 * Source: nemo-api.md, "Errors".
 */
import type { BackendErrorKind } from "../model/backend-error.ts";
import { formatBytes, SUPPORTED_FORMATS } from "../model/file-formats.ts";
import type { TextKey, TextParams } from "../model/locales.ts";
import type { Action, Button } from "../model/message.ts";
import type { Skill } from "../model/skill.ts";
import type { SessionRef } from "../ports/video-backend.ts";
import type { MessageDraft, Speaker } from "./speaker.ts";

/** Who the person is to the backend; decides between registering and topping up. */
export interface Payer {
  isAnonymous: boolean;
  userId: string | null;
  /** The account is the operator's, and the person does not run the bot: they cannot top it up. */
  isGuest: boolean;
  /** The free account is another person's, who works in the same chat. */
  isMember: boolean;
}

/**
 * The payer of a session: `anon_…` ids are anonymous; without an id the account's owner decides. `isOperator`: the
 * person runs the bot. `isOwner`: a free account is theirs.
 */
export function payerOf(
  session: SessionRef | null,
  account: { owner: "operator" | "free"; userId: string | null } | null,
  { isOperator, isOwner }: { isOperator: boolean; isOwner: boolean },
): Payer {
  const userId = session?.userId ?? account?.userId ?? null;
  const isOperators = account?.owner === "operator";
  return {
    userId,
    isAnonymous: !isOperators && (userId?.startsWith("anon_") ?? true),
    isGuest: isOperators && !isOperator,
    isMember: !isOperators && !isOwner,
  };
}

/** `<web>/register?bind=<user_id>`: registering there keeps the anonymous person's work. */
function registrationLink(webUrl: string, payer: Payer): string {
  return `${webUrl}/register${payer.userId ? `?bind=${encodeURIComponent(payer.userId)}` : ""}`;
}

/** What is said about money, by payer. */
const MONEY = {
  "no-credits": {
    guest: "error.no-credits.guest",
    member: "error.no-credits.member",
    anonymous: "error.no-credits.anonymous",
    registered: "error.no-credits.registered",
  },
  "export-blocked": {
    guest: "error.export-blocked.guest",
    member: "error.export-blocked.member",
    anonymous: "error.export-blocked",
    registered: "error.export-blocked",
  },
  "plan-required": {
    guest: "error.plan-required.guest",
    member: "error.plan-required.member",
    anonymous: "error.plan-required",
    registered: "error.plan-required",
  },
} as const satisfies Record<string, Record<string, TextKey>>;

const SENTENCES: Record<Exclude<BackendErrorKind, keyof typeof MONEY>, TextKey> = {
  "bad-token": "error.bad-token",
  "session-lost": "session.lost",
  "unsupported-file": "error.unsupported-file",
  "too-large": "error.too-large",
  "missing-client-id": "error.refused",
  "rate-limited": "error.rate-limited",
  "free-token-limit": "error.free-token-limit",
  "duplicate-render": "error.render-failed",
  "render-active": "error.render-active",
  "not-found": "error.refused",
  refused: "error.refused",
  unreachable: "error.unreachable",
  "connection-lost": "error.connection-lost",
  unavailable: "error.unavailable",
  "bad-answer": "error.unavailable",
};

/** Kinds that tell of the account behind the work. */
const ABOUT_THE_ACCOUNT: readonly BackendErrorKind[] = ["bad-token", "free-token-limit"];

/** Kinds after which the same request may work later, so that a retry button helps. */
const WORTH_A_RETRY: readonly BackendErrorKind[] = [
  "rate-limited",
  "free-token-limit",
  "unreachable",
  "connection-lost",
  "unavailable",
  "bad-answer",
  "refused",
];

/** The sentence for a failed call, with the buttons that help; `retry` is what "Try again" would do. */
export function failureMessage(
  speaker: Speaker,
  kind: BackendErrorKind,
  options: { payer: Payer; webUrl: string; skill: Skill; retry: Action | null },
): MessageDraft {
  const { payer, webUrl, skill } = options;
  if (kind === "no-credits" || kind === "export-blocked" || kind === "plan-required") {
    const text = speaker.rich(MONEY[kind][whoPays(payer)]);
    if (!payer.isAnonymous || payer.isMember) return inPrivate(speaker, { text });
    const link = registrationLink(webUrl, payer);
    // Another reader of the link could claim the account.
    const register: Button = { kind: "link", label: speaker.plain("button.register"), href: link };
    return inPrivate(speaker, {
      text: speaker.paragraphs(text, [{ text: link, href: link }]),
      buttons: [[register]],
    });
  }
  const params: TextParams = {
    formats: speaker.list(SUPPORTED_FORMATS),
    limit: formatBytes(skill.maxFileBytes),
  };
  const buttons =
    options.retry && WORTH_A_RETRY.includes(kind) ? [[speaker.button("button.retry", options.retry)]] : [];
  const message: MessageDraft = { tone: "error", text: speaker.rich(SENTENCES[kind], params), buttons };
  return ABOUT_THE_ACCOUNT.includes(kind) ? inPrivate(speaker, message) : message;
}

function whoPays({ isGuest, isMember, isAnonymous }: Payer): "guest" | "member" | "anonymous" | "registered" {
  if (isGuest) return "guest";
  if (isMember) return "member";
  return isAnonymous ? "anonymous" : "registered";
}

/** Money and accounts are private: others read that it did not work. */
function inPrivate(speaker: Speaker, message: MessageDraft): MessageDraft {
  return { ...message, tone: "private", inPublic: speaker.rich("error.not-finished") };
}
