/** What to say where there is nothing to work on yet: what is missing, and prompts that fit. */

import { plainName } from "../../lib/machine-text.ts";
import { listText } from "../model/rich-text.ts";
import type { ProjectClip } from "../ports/video-backend.ts";
import { exampleButtons, examplesFor } from "../reply/greeting.ts";
import type { Speaker } from "../reply/speaker.ts";
import type { Chat } from "./chat.ts";

/** Names in one sentence. */
const MAX_NAMES = 5;
/** Prompts beside it. */
const MAX_EXAMPLES = 3;

/** There is nothing to export: which clips wait to be told what to do with, and how to say it. */
export async function sayWhatIsMissing(chat: Chat, clips: readonly ProjectClip[]): Promise<void> {
  const { speaker, skill } = chat;
  const names = clipNames(chat, clips);
  const examples = examplesFor(chat.context, skill, speaker.language, names.length > 0).slice(
    0,
    MAX_EXAMPLES,
  );
  const list = listText(examples);
  const text =
    names.length > 0
      ? speaker.rich("export.clips-wait", { names: nameList(speaker, names), examples: list })
      : speaker.paragraphs(
          speaker.rich("export.nothing-yet"),
          examples.length > 0 ? speaker.rich("connect.examples", { examples: list }) : [],
        );
  await speaker.send({ text, buttons: exampleButtons(examples) });
}

/** The files of a project, oldest first: as the backend names them, else as they were sent, in plain words. */
export function clipNames(chat: Chat, clips: readonly ProjectClip[]): string[] {
  const names = clips.length > 0 ? clips.map(({ name }) => name) : chat.record.files.map(({ name }) => name);
  return [...new Set(names.map((name) => plainName(name) ?? chat.speaker.plain("turn.your-clip")))];
}

/** `beach.mp4, city.mp4, +3 more` */
export function nameList(speaker: Speaker, names: readonly string[]): string {
  const rest = names.length - MAX_NAMES;
  const more = rest > 0 ? [speaker.plain("timeline.more", { count: rest })] : [];
  return speaker.list([...names.slice(0, MAX_NAMES), ...more]);
}
