/** Who may manage a chat. Source: Bot API, getChatMember; the `ChatPlatform` port. */
import type { Api } from "grammy";
import type { Clock } from "../../core/ports/runtime.ts";
import { KnownManagers } from "../shared/managers.ts";
import { nativeSignal } from "./abort-signals.ts";
import type { Migrations } from "./migrations.ts";

export class Managers {
  readonly #api: Api;
  readonly #migrations: Migrations;
  readonly #known: KnownManagers;

  constructor(api: Api, migrations: Migrations, clock: Clock) {
    this.#api = api;
    this.#migrations = migrations;
    this.#known = new KnownManagers(clock);
  }

  /** `askedIn`: the chat, which may have moved since. Throws when Telegram does not say. */
  async has(askedIn: string, userId: string, signal: AbortSignal): Promise<boolean> {
    const id = userId.slice("telegram:".length);
    // A private chat has the number of its person; an admin who stays anonymous speaks as the group itself.
    if (id === askedIn) return true;
    const chatId = await this.#migrations.currentOf(askedIn);
    return this.#known.has(chatId, id, async () => {
      const { status } = await this.#api.getChatMember(chatId, Number(id), nativeSignal(signal));
      return status === "creator" || status === "administrator";
    });
  }
}
