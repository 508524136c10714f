/** What the agent says that a person could do, as buttons. Source: nemo-api.md, "GUI translation". */

import type { GuiOffer } from "../../model/gui-action.ts";
import type { Button } from "../../model/message.ts";
import type { Chat } from "../chat.ts";

/** One a row. */
export function offerButtons(chat: Chat, offers: GuiOffer[]): Button[][] {
  const hasOneEdit = offers.filter(({ kind }) => kind === "edit").length === 1;
  return offers.map((offer) => [offerButton(chat, offer, hasOneEdit)]);
}

/** An edit that is `isOnlyEdit` has its words above the button; several have to be told apart. */
export function offerButton({ speaker, userId }: Chat, offer: GuiOffer, isOnlyEdit: boolean): Button {
  const by = userId === null ? {} : { startedBy: userId };
  switch (offer.kind) {
    case "export":
      return speaker.button("button.export", { kind: "export" });
    case "show-credits":
      return speaker.button("button.credits", { kind: "credits" });
    case "show-state":
    case "show-tracks":
      return speaker.button("button.status", { kind: "status" });
    case "edit": {
      const action = { kind: "edit", text: offer.text, ...by } as const;
      return isOnlyEdit
        ? speaker.button("button.do-that", action)
        : { kind: "action", label: offer.text, action };
    }
    case "press":
      return { kind: "action", label: offer.label, action: { kind: "edit", text: offer.label, ...by } };
  }
}
