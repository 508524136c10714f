/** A skill's greeting and its example prompts. */
import type { Button } from "../model/message.ts";
import { listText, type RichText } from "../model/rich-text.ts";
import { localized, type Skill } from "../model/skill.ts";
import type { Context } from "../ports/context.ts";
import type { Speaker } from "./speaker.ts";

/** Title and greeting of a skill with the example prompts that fit, as text and as buttons. */
export function greeting(
  context: Pick<Context, "understanding">,
  speaker: Speaker,
  skill: Skill,
  lead: "connect.ready" | "skill.switched" | "project.started",
  hasFootage: boolean,
): { text: RichText; buttons: Button[][] } {
  const examples = examplesFor(context, skill, speaker.language, hasFootage);
  return {
    text: speaker.paragraphs(
      speaker.rich(lead, { title: localized(skill.title, speaker.language) }),
      [{ text: localized(skill.greeting, speaker.language) }],
      examples.length > 0 ? speaker.rich("connect.examples", { examples: listText(examples) }) : [],
    ),
    buttons: exampleButtons(examples),
  };
}

/** Prompts that can be sent now: without footage only those that need none, and no export before there is an edit. */
export function examplesFor(
  { understanding }: Pick<Context, "understanding">,
  skill: Skill,
  language: string,
  hasFootage: boolean,
): string[] {
  const examples = localized(hasFootage ? skill.examples : skill.startExamples, language);
  return examples.filter((text) => {
    const intent = understanding.readIntent(text);
    return intent.kind !== "action" || intent.action.kind !== "export";
  });
}

/** One button a prompt, each on its own row. */
export function exampleButtons(examples: readonly string[]): Button[][] {
  return examples.map((text) => [{ kind: "action", label: text, action: { kind: "edit", text } }]);
}
