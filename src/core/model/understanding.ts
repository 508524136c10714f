/** What words mean, in any language that has a phrase file. `core/understand` reads them. */
import type { GuiTranslation } from "./gui-action.ts";
import type { Action, IncomingMessage } from "./message.ts";
import type { Request } from "./request.ts";

/** What words ask for. `upload.text` holds the words around the links, empty when there are none. */
export type Intent =
  | { kind: "action"; action: Action }
  | { kind: "upload"; urls: string[]; text: string }
  | { kind: "edit"; text: string };

/** Reads words. Pure, as all its methods are; they never throw and take texts of any length. */
export interface Understanding {
  readRequest(message: IncomingMessage): Request;
  /** An empty text is an edit with `""`. */
  readIntent(text: string): Intent;
  /** What the agent says of buttons and panels as what a chat can do; `mayEdit`: whether an edit may follow by itself. */
  translateGui(text: string, mayEdit?: boolean): GuiTranslation;
  /** Where the sentences and lines of the agent's text end; texts of two events may meet without a space. */
  sentenceEnds(text: string): number[];
  /** What a sentence of the agent is beside a temporary problem that it has. */
  readApology(sentence: string): "apology" | "sorry" | "advice" | "content";
  /** The code of the language a text is written in, null when its script leaves it open; `platform`: the code the platform tells. */
  writtenLanguage(text: string, platform: string | null): string | null;
}
