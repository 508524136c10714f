import type { Action } from "../../src/core/model/message.ts";
import type { Intent } from "../../src/core/model/understanding.ts";

/** `export`, `cancel all`, `skill film-maker`, `ask export`, `edit`: an intent as one short string. */
export function short(intent: Intent): string {
  return intent.kind === "action" ? shortAction(intent.action) : intent.kind;
}

function shortAction(action: Action): string {
  const detail = (word: string | undefined) => (word === undefined ? action.kind : `${action.kind} ${word}`);
  switch (action.kind) {
    case "ask-meaning":
      return action.action ? `ask ${shortAction(action.action)}` : "ask";
    case "small-talk":
      return detail(action.says);
    case "cancel":
      return detail(action.scope === "current" ? undefined : action.scope);
    case "skill":
    case "projects":
      return detail(action.name);
    case "export-version":
      return detail(String(action.version));
    case "start":
      return detail(action.skill);
    case "language":
      return detail(action.language);
    default:
      return action.kind;
  }
}
