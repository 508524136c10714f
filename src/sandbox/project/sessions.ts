/** Sessions: one project each, and seen by their own account only. Source: nemo-api.md, the row "Session". */
import { randomUUID } from "node:crypto";
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Account } from "../accounts.ts";
import { Refusal } from "../answers.ts";
import { emptyProject, type Project } from "./project.ts";

/** Oldest sessions go first beyond this. */
const MAX_SESSIONS = 20_000;

/** A session of the backend. */
export interface Session {
  id: string;
  taskId: string;
  taskName: string;
  language: string;
  account: Account;
  project: Project;
  /** Place in the order of creation; seeds what happens by chance. */
  ordinal: number;
  /** Turns so far; seeds what happens by chance. */
  turns: number;
  /** A turn is being carried out. */
  isRunning: boolean;
  /** A request for it came without attribution headers: its exports fail with 402. */
  isUnattributed: boolean;
  claimTokens: string[];
  /** What was uploaded, by the media id that segments carry. */
  uploads: { mediaId: string; name: string; url: string }[];
  /** Fingerprints of the drafts that were given out, newest last: only these can be rendered. */
  givenDrafts: string[];
  /** What the state shows instead of the project until then; null when it does not lag. */
  lag: { project: Project; untilMs: number } | null;
  /** The project before each of its last turns that edited, newest last; absent before the first. */
  earlier?: Project[];
}

/** A session in a file: its account by name. */
export type KeptSession = Omit<Session, "account"> & { userId: string };

/** All sessions of a sandbox. */
export class Sessions {
  #byId = new BoundedMap<string, Session>(MAX_SESSIONS);
  #created = 0;

  /** What another sandbox needs to go on with them. */
  kept(): KeptSession[] {
    return [...this.#byId.values()].map(({ account, ...session }) => ({
      ...session,
      userId: account.userId,
    }));
  }

  /** Goes on with those of a sandbox that has ended, and with what it carried out. */
  restore(kept: readonly KeptSession[], accountOf: (userId: string) => Account | undefined): void {
    for (const { userId, ...session } of kept) {
      const account = accountOf(userId);
      if (account) this.#byId.set(session.id, { ...session, account, isRunning: false });
      this.#created = Math.max(this.#created, session.ordinal + 1);
    }
  }

  create(account: Account, options: { taskName: string; language: string }): Session {
    const session: Session = {
      id: `sess_${randomUUID()}`,
      taskId: `task_${randomUUID()}`,
      taskName: options.taskName,
      language: options.language,
      account,
      project: emptyProject(),
      ordinal: this.#created,
      turns: 0,
      isRunning: false,
      isUnattributed: false,
      claimTokens: [],
      uploads: [],
      givenDrafts: [],
      lag: null,
    };
    this.#created += 1;
    this.#byId.set(session.id, session);
    return session;
  }

  /** The account's session of that id; throws 1002 for any other. */
  find(id: string, account: Account): Session {
    const session = this.#byId.get(id);
    if (session === undefined || session.account !== account) throw new Refusal(1002, "Session not found");
    return session;
  }

  /** The session of a claim token; null when there is none. */
  claimedBy(token: string): Session | null {
    for (const session of this.#byId.values()) if (session.claimTokens.includes(token)) return session;
    return null;
  }

  /** Forgets them all: the next request for any of them gets 1002. */
  lose(): void {
    this.#byId.clear();
  }
}
