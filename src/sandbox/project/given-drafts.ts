/**
 * What the state shows of a project, and which drafts may come back for a render: only those that were given out,
 * current or not. Source: nemo-api.md, the rows "State" and "Render", and the dialects of the vendor's own CLI.
 */
import { createHash } from "node:crypto";
import type { Dialects } from "../scenario.ts";
import type { Draft, Project } from "./project.ts";
import type { Session } from "./sessions.ts";

/** Older drafts of a session are forgotten. */
const MAX_GIVEN = 200;
const USERDATA = "/mnt/userdata/";

/** The project as the state shows it now; behind the times while it lags. */
export function shownProject(session: Session): Project {
  const { lag } = session;
  if (lag === null || performance.now() >= lag.untilMs) return session.project;
  return lag.project;
}

/** The draft as it goes out, remembered with the form it has once paths are replaced. */
export function giveDraft(session: Session, draft: Draft, paths: Dialects["paths"]): unknown {
  const pathOf = (upload: Session["uploads"][number]) => `${USERDATA}${session.id}/${upload.name}`;
  const given = paths === "none" ? draft : withSources(session, draft, pathOf);
  remember(session, given);
  if (paths === "userdata")
    remember(
      session,
      withSources(session, draft, ({ url }) => url),
    );
  return given;
}

/** The draft that came with a render; null when the session never gave it out. */
export function givenDraft(session: Session, body: unknown): Draft | null {
  // It has the very form of one of ours.
  return session.givenDrafts.includes(fingerprint(body)) ? (body as Draft) : null;
}

/** True when a draft names a file by a path that only the backend's editor knows. */
export function hasUserdataPath(draft: Draft): boolean {
  return JSON.stringify(draft).includes(`"${USERDATA}`);
}

function withSources(
  session: Session,
  draft: Draft,
  sourceOf: (upload: Session["uploads"][number]) => string,
): unknown {
  return {
    ...draft,
    t: draft.t.map((track) => ({
      ...track,
      sg: track.sg.map((segment) => {
        const upload = session.uploads.find(({ mediaId }) => mediaId === segment.m.media_id);
        return upload === undefined ? segment : { ...segment, src: sourceOf(upload) };
      }),
    })),
  };
}

function remember(session: Session, draft: unknown): void {
  const name = fingerprint(draft);
  if (session.givenDrafts.includes(name)) return;
  session.givenDrafts = [...session.givenDrafts.slice(1 - MAX_GIVEN), name];
}

/** The same for any order of keys. */
function fingerprint(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
  return createHash("sha256").update(sorted).digest("base64url");
}
