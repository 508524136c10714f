/** Timelines and their changes in the words of the locales. */
import { plain, type RichText } from "./rich-text.ts";
import type { Speaker } from "./speaker.ts";
import { summarizeTimeline, type Timeline } from "./timeline.ts";
import { describeChanges, diffTimelines } from "./timeline-diff.ts";

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
    clipsOne: speaker.plain("timeline.clips-one"),
    clipsMany: speaker.plain("timeline.clips-many"),
    more: speaker.plain("timeline.more"),
  });
}

/** What changed, a line each, and the timeline as it is now. */
export function changesText(speaker: Speaker, before: Timeline, after: Timeline): RichText {
  const sentences = describeChanges(diffTimelines(before, after), {
    video: speaker.plain("change.video"),
    audio: speaker.plain("change.audio"),
    text: speaker.plain("change.text"),
    other: speaker.plain("change.other"),
    named: speaker.plain("change.named"),
    added: speaker.plain("change.added"),
    removed: speaker.plain("change.removed"),
    renamed: speaker.plain("change.renamed"),
    moved: speaker.plain("change.moved"),
    lengthened: speaker.plain("change.lengthened"),
    shortened: speaker.plain("change.shortened"),
    volume: speaker.plain("change.volume"),
    altered: speaker.plain("change.altered"),
    project: speaker.plain("change.project"),
    more: speaker.plain("change.more"),
  });
  return speaker.paragraphs(
    plain(sentences.map((sentence) => `• ${sentence}`).join("\n")),
    plain(summaryText(speaker, after)),
  );
}
