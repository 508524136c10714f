/**
 * The two pages of the web address: where a project is claimed and where an account is registered.
 * Source: nemo-api.md, the row "Claim link" and code 2001.
 */
import { type Answer, escapeHtml, json, page } from "../answers.ts";
import type { Backend } from "./endpoints.ts";

/** Answers a page request; null when the path is not a page. */
export function webPage(backend: Backend, method: string, url: URL): Answer | null {
  const key = `${method} ${url.pathname}`;
  if (key === "GET /") return page("Nemo sandbox", "<p>A stand-in for the Nemo backend.</p>");
  if (key === "GET /workspace/claim") {
    const session = backend.sessions.claimedBy(url.searchParams.get("ct") ?? "");
    if (session === null) return json({ error: "unknown link" }, 404);
    const tracks = session.project.draft.t.length;
    return page("Your project", `<p>${escapeHtml(session.taskName)}: ${tracks} tracks.</p>`);
  }
  if (url.pathname !== "/register") return null;
  const bind = url.searchParams.get("bind") ?? "";
  if (method === "GET") {
    return page(
      "Register",
      `<p>Account: ${escapeHtml(bind)}</p><form method="post"><button>Get full credits</button></form>`,
    );
  }
  if (method !== "POST") return null;
  return backend.accounts.topUp(bind)
    ? page("Registered", "<p>Your credits are full again. Go on in the chat.</p>")
    : json({ error: "unknown link" }, 404);
}
