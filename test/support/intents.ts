import type { Intent } from "../../src/core/model/understanding.ts";

/** `export`, `cancel all`, `skill film-maker`, `edit`: an intent as one short string. */
export function short(intent: Intent): string {
  if (intent.kind !== "action") return intent.kind;
  const { action } = intent;
  const detail = (word: string | undefined) => (word === undefined ? action.kind : `${action.kind} ${word}`);
  switch (action.kind) {
    case "cancel":
      return detail(action.scope === "current" ? undefined : action.scope);
    case "skill":
    case "projects":
      return detail(action.name);
    case "start":
      return detail(action.skill);
    case "language":
      return detail(action.language);
    default:
      return action.kind;
  }
}
