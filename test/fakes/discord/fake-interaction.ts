/** An interaction as the user who started it sees it. */

import { DEFAULT_WAIT_MS, waitFor } from "./core.ts";
import type { FakeMessage } from "./fake-message.ts";
import type { InteractionState } from "./interactions.ts";
import type { Stage } from "./stage.ts";
import { CallbackType, type JsonObject, MessageFlag } from "./wire.ts";

/** A handle of an interaction; it always tells the current state. */
export class FakeInteraction {
  readonly state: InteractionState;
  readonly #stage: Stage;

  constructor(stage: Stage, state: InteractionState) {
    this.#stage = stage;
    this.state = state;
  }

  get id(): string {
    return this.state.id;
  }

  get token(): string {
    return this.state.token;
  }

  /** True once the user was told "The application did not respond". */
  get hasFailed(): boolean {
    return this.state.state === "expired";
  }

  /** The first answer as the bot sent it, null before. */
  get callback(): { type: number; data: JsonObject; at: number } | null {
    return this.state.callback;
  }

  /** How long the first answer took; null before. */
  get tookMs(): number | null {
    return this.state.callback === null ? null : this.state.callback.at - this.state.createdAt;
  }

  /** What `@original` means: the answer, or the message whose component was used. */
  get original(): FakeMessage | null {
    const { original } = this.state;
    return original === null || original.isDeleted ? null : this.#stage.message(original);
  }

  get followUps(): FakeMessage[] {
    return this.state.followUps.filter((one) => !one.isDeleted).map((one) => this.#stage.message(one));
  }

  /** True when the first answer is seen by the user only. */
  get isEphemeral(): boolean {
    const flags = Number(this.state.callback?.data.flags ?? 0);
    return (flags & MessageFlag.ephemeral) !== 0;
  }

  /** Waits for the first answer. Rejects when the deadline passes or nothing comes. */
  async acknowledged(timeoutMs: number = DEFAULT_WAIT_MS): Promise<{ type: number; data: JsonObject }> {
    const answer = await waitFor(
      this.#stage.core,
      () => this.state.callback ?? (this.hasFailed ? ("failed" as const) : undefined),
      "an answer to the interaction",
      timeoutMs,
    );
    if (answer === "failed") throw new Error("The application did not respond");
    return answer;
  }

  /** The first answer or follow-up that has something to read and fits. */
  reply(
    predicate: (message: FakeMessage) => boolean = () => true,
    timeoutMs: number = DEFAULT_WAIT_MS,
  ): Promise<FakeMessage> {
    const isAnswer = () => {
      const type = this.state.callback?.type;
      return (
        type === CallbackType.message || type === CallbackType.deferredMessage || type === CallbackType.update
      );
    };
    return waitFor(
      this.#stage.core,
      () => {
        const first = isAnswer() && this.original !== null ? [this.original] : [];
        return [...first, ...this.followUps].find((one) => !one.isLoading && predicate(one));
      },
      "a reply to the interaction",
      timeoutMs,
    );
  }

  /** The modal the bot opened, waited for. */
  async modal(timeoutMs: number = DEFAULT_WAIT_MS): Promise<JsonObject> {
    const { type, data } = await this.acknowledged(timeoutMs);
    if (type !== CallbackType.modal) throw new Error(`no modal was opened; the answer has type ${type}`);
    return data;
  }

  /** Suggestions of an autocomplete, waited for. */
  async choices(timeoutMs: number = DEFAULT_WAIT_MS): Promise<{ name: string; value: string | number }[]> {
    const { type, data } = await this.acknowledged(timeoutMs);
    if (type !== CallbackType.autocomplete) throw new Error(`no choices came; the answer has type ${type}`);
    return data.choices as { name: string; value: string | number }[];
  }
}
