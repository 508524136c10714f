/** Timelines and their changes in the words of the locales. */
import { listText, plain, type RichText } from "../model/rich-text.ts";
import { summarizeTimeline, type Timeline } from "../model/timeline.ts";
import type { ChangeGroup } from "../model/timeline-change.ts";
import { CHANGE_TEXTS, type ChangeTemplates, describeChanges, describeGroups } from "./describe-changes.ts";
import type { Speaker } from "./speaker.ts";
import { diffTimelines } from "./timeline-diff.ts";

/** The tracks, a line each. */
export function summaryText(speaker: Speaker, timeline: Timeline): string {
  return summarizeTimeline(timeline, {
    headingOne: speaker.plain("timeline.heading-one"),
    headingMany: speaker.plain("timeline.heading-many"),
    empty: speaker.plain("timeline.empty"),
    emptyTrack: speaker.plain("timeline.empty-track"),
    video: speaker.plain("timeline.video"),
    audio: speaker.plain("timeline.audio"),
    text: speaker.plain("timeline.text"),
    other: speaker.plain("timeline.other"),
    voice: speaker.plain("timeline.voice"),
    original: speaker.plain("timeline.original"),
    effect: speaker.plain("timeline.effect"),
    sound: speaker.plain("timeline.sound"),
    clipsOne: speaker.plain("timeline.clips-one"),
    clipsMany: speaker.plain("timeline.clips-many"),
    more: speaker.plain("timeline.more"),
    track: speaker.plain("timeline.track"),
    comma: speaker.plain("list.comma"),
    facts: speaker.plain("list.facts"),
  });
}

/** What changed, a line each, and the timeline as it is now. */
export function changesText(speaker: Speaker, before: Timeline, after: Timeline): RichText {
  const sentences = describeChanges(diffTimelines(before, after), templatesOf(speaker));
  return speaker.paragraphs(plain(listText(sentences)), plain(summaryText(speaker, after)));
}

/** What changed, as an edit's version keeps it: sentences for `groups`, and one for `more` changes beyond. */
export function changeSentences(speaker: Speaker, groups: readonly ChangeGroup[], more: number): string[] {
  return describeGroups(groups, more, templatesOf(speaker));
}

function templatesOf(speaker: Speaker): ChangeTemplates {
  const texts = [
    ...CHANGE_TEXTS.map((name) => [name, speaker.plain(`change.${name}`)]),
    ["comma", speaker.plain("list.comma")],
    ["facts", speaker.plain("list.facts")],
  ];
  // Each name of the list is there.
  return Object.fromEntries(texts) as ChangeTemplates;
}
