/**
 * What a person reads when something did not work: what happened and what to do, never a code.
 * Source: nemo-api.md, "Errors".
 */
import type { BackendErrorKind } from "./backend-error.ts";
import type { TextKey, TextParams } from "./locales.ts";
import { formatBytes, SUPPORTED_FORMATS } from "./media.ts";
import type { Action, Button } from "./message.ts";
import type { SessionRef } from "./ports.ts";
import type { Skill } from "./skill.ts";
import type { MessageDraft, Speaker } from "./speaker.ts";

/** Who the person is to the backend; decides between registering and topping up. */
export interface Payer {
  isAnonymous: boolean;
  userId: string | null;
}

/** The payer of a session: `anon_…` ids are anonymous; without an id the account's owner decides. */
export function payerOf(
  session: SessionRef | null,
  account: { owner: "operator" | "free"; userId: string | null } | null,
): Payer {
  const userId = session?.userId ?? account?.userId ?? null;
  return { userId, isAnonymous: userId?.startsWith("anon_") ?? account?.owner !== "operator" };
}

/** `<web>/register?bind=<user_id>`: registering there keeps the anonymous person's work. */
function registrationLink(webUrl: string, payer: Payer): string {
  return `${webUrl}/register${payer.userId ? `?bind=${encodeURIComponent(payer.userId)}` : ""}`;
}

const SENTENCES: Record<Exclude<BackendErrorKind, "no-credits" | "export-blocked">, TextKey> = {
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
  const link = registrationLink(webUrl, payer);
  if (kind === "no-credits" || kind === "export-blocked") {
    const key: TextKey =
      kind === "export-blocked"
        ? "error.export-blocked"
        : payer.isAnonymous
          ? "error.no-credits.anonymous"
          : "error.no-credits.registered";
    const text = speaker.rich(key);
    // Money is nobody else's business, and whoever has the link could claim the account.
    const register: Button = { kind: "link", label: speaker.plain("button.register"), href: link };
    return payer.isAnonymous
      ? {
          tone: "private",
          text: speaker.paragraphs(text, [{ text: link, href: link }]),
          buttons: [[register]],
        }
      : { tone: "private", text };
  }
  const params: TextParams = {
    formats: SUPPORTED_FORMATS.join(", "),
    limit: formatBytes(skill.maxFileBytes),
  };
  const buttons =
    options.retry && WORTH_A_RETRY.includes(kind) ? [[speaker.button("button.retry", options.retry)]] : [];
  return { tone: "error", text: speaker.rich(SENTENCES[kind], params), buttons };
}
