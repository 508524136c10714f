/** The list of projects in a conversation's record, and what they are called. Pure. */

import { shorten, UNSHOWN } from "../../lib/shorten.ts";
import type { Conversation, KeptProject } from "./conversation.ts";

/** Projects of a conversation, the open one included. */
const MAX_PROJECTS = 10;
/** Characters of a name; a button holds it with its date. */
const MAX_NAME_LENGTH = 30;

/** The record's list with one more project, the oldest making room. */
export function withProject(
  current: Pick<Conversation, "projects">,
  project: KeptProject | null,
): KeptProject[] {
  const all = [...(current.projects ?? []), ...(project ? [project] : [])];
  return all.slice(1 - MAX_PROJECTS);
}

/** The first words that were asked for in a project; what it is called where nothing else has a name. */
export function titleFrom(text: string): string {
  return shorten(text.replace(UNSHOWN, " ").trim(), MAX_NAME_LENGTH);
}
