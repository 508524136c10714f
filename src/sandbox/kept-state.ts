/**
 * What a sandbox keeps from one start to the next: accounts, projects, files and their addresses. Renders that are
 * under way end with it. Source: docs/usage.md, "In the terminal".
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { Accounts } from "./accounts.ts";
import type { FileStore } from "./media/file-store.ts";
import type { Source } from "./media/film.ts";
import type { Sessions } from "./project/sessions.ts";

const OWNER_ONLY = 0o600;

/** What is written down. It is our own: only its shape is checked. */
const stateSchema = z.object({
  version: z.literal(1),
  /** Addresses in the projects begin with it. */
  baseUrl: z.url(),
  accounts: z.object({ accounts: z.array(z.looseObject({})), tokens: z.array(z.looseObject({})) }),
  sessions: z.array(z.looseObject({ id: z.string() })),
  files: z.array(z.tuple([z.string(), z.object({ path: z.string(), type: z.string() })])),
  sources: z.array(z.tuple([z.string(), z.looseObject({})])),
});

interface KeptParts {
  accounts: Accounts;
  sessions: Sessions;
  store: FileStore;
  sources: Map<string, Source>;
}

export class KeptState {
  readonly #path: string;
  readonly #parts: KeptParts;
  #written = "";
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, parts: KeptParts) {
    this.#path = path;
    this.#parts = parts;
  }

  /** The text of the last state, and the port its addresses have; null when there is none that can be read. */
  async read(): Promise<{ text: string; port: number } | null> {
    try {
      const text = await readFile(this.#path, "utf8");
      return { text, port: Number(new URL(stateSchema.parse(JSON.parse(text)).baseUrl).port) };
    } catch {
      // The first start, or a file of another version: practice begins with nothing.
      return null;
    }
  }

  /** Goes on with it at another address. */
  restore(text: string, baseUrl: string): void {
    const old = stateSchema.parse(JSON.parse(text)).baseUrl;
    const state = stateSchema.parse(JSON.parse(text.replaceAll(old, baseUrl)));
    const { accounts, sessions, store, sources } = this.#parts;
    // Written by the same methods' counterparts.
    const byUser = accounts.restore(state.accounts as unknown as ReturnType<Accounts["kept"]>);
    sessions.restore(state.sessions as unknown as ReturnType<Sessions["kept"]>, (user) => byUser.get(user));
    store.restore(state.files);
    for (const [id, source] of state.sources) sources.set(id, source as unknown as Source);
  }

  /** Writes down what has changed, whole or not at all, one after another. */
  save(baseUrl: string): Promise<void> {
    const { accounts, sessions, store, sources } = this.#parts;
    const text = JSON.stringify({
      version: 1,
      baseUrl,
      accounts: accounts.kept(),
      sessions: sessions.kept(),
      files: store.kept(),
      sources: [...sources],
    });
    if (text === this.#written) return this.#writing;
    this.#written = text;
    this.#writing = this.#writing.then(async () => {
      await writeFile(`${this.#path}.new`, text, { mode: OWNER_ONLY });
      await rename(`${this.#path}.new`, this.#path);
    });
    return this.#writing;
  }
}
