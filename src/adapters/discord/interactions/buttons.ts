/** Buttons and menus, read into what becomes of them. */
import { ComponentType } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { Action } from "../../../core/model/message.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { decodeAction } from "../../shared/action-codes.ts";
import { soonOr } from "../../shared/store-trouble.ts";
import type { ComponentInteraction, Interaction } from "../incoming/event-schema.ts";
import { EDIT_MORE, readCustomId } from "../outgoing/render.ts";
import { conversationOf } from "../place.ts";
import { channelOf, isAppOnly, isForOneAlone, languageOf } from "./facts.ts";
import type { Forms } from "./forms.ts";
import type { Asked, Plan } from "./plan.ts";

/** Of the three seconds that Discord gives. */
const STORE_TIMEOUT_MS = 500;

export interface ButtonOptions {
  memory: AdapterMemory;
  locales: Locales;
}

export class Buttons {
  readonly #memory: AdapterMemory;
  readonly #locales: Locales;
  readonly #forms: Forms;

  constructor({ memory, locales }: ButtonOptions, forms: Forms) {
    this.#memory = memory;
    this.#locales = locales;
    this.#forms = forms;
  }

  /** A button, or a choice of a menu. */
  async press(interaction: ComponentInteraction): Promise<Plan> {
    const { data } = interaction;
    const code = readCustomId(data.custom_id);
    if (code === EDIT_MORE) return this.#forms.forMore(interaction);
    const chosen = data.component_type === ComponentType.StringSelect ? (data.values?.[0] ?? "") : code;
    const read = () => decodeAction(chosen, conversationOf(channelOf(interaction)), this.#memory);
    // Undefined: the store does not say in time what was kept for the button; it is asked again after the acknowledgement.
    const action = await soonOr<Action | null | undefined>(STORE_TIMEOUT_MS, read(), undefined);
    if (action === null) return { kind: "say", text: this.tooOld(interaction) };
    const isPrivate = action !== undefined && isForOneAlone(action);
    const acknowledgement = isPrivate ? "private" : isAppOnly(interaction) ? "public" : "update";
    const asked = async (): Promise<Asked | null> => {
      const known = action ?? (await read());
      return known && { text: "", attachments: [], action: known };
    };
    return { kind: "ask", acknowledgement, asked };
  }

  /** The answer to a button or a form that is not known any more. */
  tooOld(interaction: Interaction): string {
    return this.#locales.plain(languageOf(interaction, this.#locales), "button.too-old");
  }
}
