/**
 * Ends the waiting of pressed buttons, beside the intake of updates: a slow answer holds up no other update,
 * and a person who presses without end takes no other's place. Source: Bot API, answerCallbackQuery.
 */
import type { Api } from "grammy";
import type { Locales, TextKey } from "../../../core/model/locales.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import { BoundedSet } from "../../../lib/bounded-map.ts";
import type { Background } from "../../shared/background.ts";
import { nativeSignal } from "../abort-signals.ts";

/** Requests under way, of one person and of all. */
const MAX_OF_ONE = 20;
const MAX_OF_ALL = 60;
/** Presses of one person that wait for their answer, and people who have such; beyond that the button ends by itself. */
const MAX_WAITING = 500;
const MAX_PEOPLE = 2_000;
/** Presses whose answer is remembered, so that one that is tried again is not answered again. */
const MAX_ANSWERED = 2_000;
/** Later than that Telegram takes no answer any more. */
const TIMEOUT_MS = 15_000;

export interface CallbackAnswersOptions {
  api: Api;
  locales: Locales;
  log: Log;
  background: Background;
}

/** A pressed button, as far as its answer needs to know. */
interface Press {
  id: string;
  from: { id: number; language_code?: string | undefined };
}

interface Person {
  waiting: (() => Promise<void>)[];
  underWay: number;
}

export class CallbackAnswers {
  readonly #options: CallbackAnswersOptions;
  readonly #answered = new BoundedSet<string>(MAX_ANSWERED);
  /** People with something to answer; the first is served next. */
  readonly #people = new Map<number, Person>();
  #underWay = 0;

  constructor(options: CallbackAnswersOptions) {
    this.#options = options;
  }

  /** Answers a press once, with a word or without; returns at once. */
  answer(press: Press, word: (TextKey & `button.${string}`) | null): void {
    if (this.#answered.has(press.id)) return;
    this.#answered.add(press.id);
    const person = this.#people.get(press.from.id) ?? { waiting: [], underWay: 0 };
    if (person.waiting.length >= MAX_WAITING || this.#people.size >= MAX_PEOPLE) return;
    person.waiting.push(() => this.#send(press, word));
    this.#people.set(press.from.id, person);
    this.#sendMore();
  }

  #sendMore(): void {
    for (const [id, person] of [...this.#people]) {
      if (this.#underWay >= MAX_OF_ALL) return;
      if (person.underWay >= MAX_OF_ONE) continue;
      const send = person.waiting.shift();
      if (!send) continue;
      person.underWay++;
      this.#underWay++;
      // Behind all others.
      this.#people.delete(id);
      this.#people.set(id, person);
      this.#options.background.run("the answer to a button failed", async () => {
        try {
          await send();
        } finally {
          person.underWay--;
          this.#underWay--;
          if (person.underWay === 0 && person.waiting.length === 0) this.#people.delete(id);
          this.#sendMore();
        }
      });
    }
  }

  async #send(press: Press, word: (TextKey & `button.${string}`) | null): Promise<void> {
    const { api, locales, log } = this.#options;
    const language = locales.match(press.from.language_code) ?? "en";
    const text = word ? { text: locales.plain(language, word) } : {};
    try {
      await api.answerCallbackQuery(press.id, text, nativeSignal(AbortSignal.timeout(TIMEOUT_MS)));
    } catch (error) {
      // Too old by now, or Telegram is away: the button ends by itself.
      log.debug({ err: error }, "a button press could not be confirmed");
    }
  }
}
