/** What an answer of the backend asks for and offers, collected while it is read. */
import type { GuiAction, GuiOffer } from "../../model/gui-action.ts";

/** More than an agent's answer can sensibly ask for. */
const MAX_ACTIONS = 8;

export class Findings {
  readonly #mayEdit: boolean;
  readonly #all: { action: GuiOffer; isOffer: boolean }[] = [];

  /** `mayEdit`: whether an edit may follow by itself. */
  constructor(mayEdit: boolean) {
    this.#mayEdit = mayEdit;
  }

  /** Whether an edit could still follow by itself. */
  get mayEdit(): boolean {
    return this.#mayEdit && !this.#all.some(({ action, isOffer }) => !isOffer && action.kind === "edit");
  }

  asksFor(wanted: GuiOffer): boolean {
    return this.#all.some(({ action, isOffer }) => !isOffer && key(action) === key(wanted));
  }

  add(action: GuiOffer, isOffer: boolean): void {
    this.#all.push({ action, isOffer });
  }

  /** For a part that may turn out to be content; `take` makes it count. */
  apart(): Findings {
    return new Findings(this.mayEdit);
  }

  take(part: Findings): void {
    this.#all.push(...part.#all);
  }

  /** Each once, in the order of the text; no offer is an action as well. */
  result(): { actions: GuiAction[]; offers: GuiOffer[] } {
    const actions = this.#unique(false)
      .filter((action) => action.kind !== "press")
      .slice(0, MAX_ACTIONS);
    const taken = new Set(actions.map(key));
    const offers = this.#unique(true).filter((offer) => !taken.has(key(offer)));
    return { actions, offers: offers.slice(0, MAX_ACTIONS) };
  }

  #unique(isOffer: boolean): GuiOffer[] {
    const some = this.#all.filter((each) => each.isOffer === isOffer);
    return [...new Map(some.map(({ action }) => [key(action), action])).values()];
  }
}

function key(action: GuiOffer): string {
  return JSON.stringify(action);
}
