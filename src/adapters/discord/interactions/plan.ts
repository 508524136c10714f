/** What becomes of an interaction: each kind of them is read into one of these, and the router carries it out. */
import type { Action, Attachment } from "../../../core/model/message.ts";

/** What the person sees until there is an answer: a message that loads, one for them alone, or nothing new. */
export type Acknowledgement = "public" | "private" | "update";

/** What an interaction asks the core for: words and files, or an action. */
export interface Asked {
  text: string;
  attachments: Attachment[];
  action?: Action;
  /** It is an edit, whatever its words mean elsewhere. */
  isEdit?: boolean;
  /** The skill it is to be done with; absent: the conversation's. */
  skill?: string;
}

export type Plan =
  /** A whole answer for the person alone. */
  | { kind: "say"; text: string }
  /** A whole answer as Discord takes it, such as a form or suggestions. */
  | { kind: "respond"; body: object }
  /** Acknowledged first, then asked of the core. `asked` is null for a button or a form that is too old. */
  | { kind: "ask"; acknowledgement: Acknowledgement; asked: () => Promise<Asked | null> }
  /** None of the bot's business. */
  | { kind: "nothing" };
