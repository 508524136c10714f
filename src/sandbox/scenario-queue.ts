/** The scenarios that wait, the standing dialects, and the holds that tests let go. See `scenario.ts`. */
import { abortable } from "../lib/timeout.ts";
import {
  chooseDialects,
  DEFAULT_DIALECTS,
  type DialectChoice,
  type Dialects,
  type Scenario,
  type ScenarioAction,
  type ScenarioTarget,
  scenarioSchema,
} from "./scenario.ts";

/** Bound of the waiting scenarios, all endpoints together. */
const MAX_WAITING = 10_000;

/** What tests and the console steer the sandbox with. */
export interface ScenarioApi {
  /** Appends scenarios; throws a zod error when one is malformed. */
  add(...scenarios: Scenario[]): void;
  /** Forgets the scenarios of one endpoint, or all. */
  clear(on?: ScenarioTarget): void;
  /** How many requests the waiting scenarios would still serve. */
  waiting(on?: ScenarioTarget): number;
  /** Standing dialects for all answers from now on; keys left out stay as they are. */
  setDialect(dialects: DialectChoice): void;
  /** Resolves once a request has reached the hold of that name. */
  held(name: string): Promise<void>;
  /** Lets a hold go, now and for requests that reach it later. */
  release(name: string): void;
}

interface Gate {
  reached: PromiseWithResolvers<void>;
  opened: PromiseWithResolvers<void>;
}

/** The queue itself: the public part for tests, `take` and `pass` for the server. */
export class ScenarioQueue implements ScenarioApi {
  #waiting: { on: ScenarioTarget; do: ScenarioAction; left: number }[] = [];
  #gates = new Map<string, Gate>();
  #dialects: Dialects = { ...DEFAULT_DIALECTS };

  get dialects(): Dialects {
    return this.#dialects;
  }

  add(...scenarios: Scenario[]): void {
    const checked = scenarios.map((scenario) => scenarioSchema.parse(scenario));
    if (this.#waiting.length + checked.length > MAX_WAITING)
      throw new Error("too many scenarios are waiting");
    for (const { on, do: action, times } of checked) {
      this.#waiting.push({ on, do: action, left: times ?? 1 });
    }
  }

  clear(on?: ScenarioTarget): void {
    this.#waiting = on === undefined ? [] : this.#waiting.filter((entry) => entry.on !== on);
  }

  waiting(on?: ScenarioTarget): number {
    const entries = on === undefined ? this.#waiting : this.#waiting.filter((entry) => entry.on === on);
    return entries.reduce((sum, entry) => sum + entry.left, 0);
  }

  setDialect(dialects: DialectChoice): void {
    this.#dialects = chooseDialects(this.#dialects, dialects);
  }

  held(name: string): Promise<void> {
    return this.#gate(name).reached.promise;
  }

  release(name: string): void {
    this.#gate(name).opened.resolve();
  }

  /** The next action for an endpoint, used up by this call; null when none waits. */
  take(on: ScenarioTarget): ScenarioAction | null {
    const index = this.#waiting.findIndex((entry) => entry.on === on);
    const entry = this.#waiting[index];
    if (entry === undefined) return null;
    entry.left -= 1;
    if (entry.left === 0) this.#waiting.splice(index, 1);
    return entry.do;
  }

  /** Waits at a hold; rejects with the signal's reason. */
  async pass(name: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const gate = this.#gate(name);
    gate.reached.resolve();
    await abortable(gate.opened.promise, signal);
  }

  #gate(name: string): Gate {
    let gate = this.#gates.get(name);
    if (gate === undefined) {
      gate = { reached: Promise.withResolvers<void>(), opened: Promise.withResolvers<void>() };
      this.#gates.set(name, gate);
    }
    return gate;
  }
}
