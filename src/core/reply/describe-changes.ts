/** Changes of a timeline as sentences of the locales. Source: nemo-api.md, "The SSE stream", rule 3. */
import { fill } from "../model/locales.ts";
import { displayName, displayRange, displayTime, displayVolume } from "../model/timeline.ts";
import type { ChangeGroup, TimelineChange } from "../model/timeline-change.ts";

/** Sentences of the locales, `change.<name>` there; `{placeholders}` as given. */
export const CHANGE_TEXTS = [
  // How a segment is called: by type or role alone, and `{type} "{name}"` where the name is known.
  ...(["video", "audio", "voice", "original", "effect", "text", "other", "named"] as const),
  // `{what}`; a known range follows it in brackets.
  ...(["added", "removed", "altered", "colour"] as const),
  // `{type}`, `{from}`, `{to}`.
  "renamed",
  // `{what}`, `{from}`, `{to}`: times such as `12.5s` and `1:05`.
  ...(["moved", "lengthened", "shortened"] as const),
  // `{what}`, and `{range}`, `{count}` or `{at}`.
  ...(["cut", "cut-parts", "split"] as const),
  // `{what}`, `{to}` (such as `35%` or `2×`); `{what}`, `{names}`; `{to}`.
  ...(["volume", "speed", "look-on", "look-off", "shape"] as const),
  // `{count}` changes that are not listed.
  ...(["project", "more"] as const),
  // Many of a kind.
  ...(["videos", "audios", "voices", "originals", "effects", "texts", "others"] as const),
  // `{count}`, `{things}`, and `{to}`.
  ...(["many-added", "many-removed", "many-renamed", "many-moved", "many-lengthened"] as const),
  ...(["many-shortened", "many-volume", "many-speed", "many-altered"] as const),
] as const;
/** The sentences, and how a list is parted and what stands in brackets: `, ` and ` ({facts})`. */
export type ChangeTemplates = Record<(typeof CHANGE_TEXTS)[number] | "comma" | "facts", string>;

/** As many changes of one kind are one sentence. */
const MANY = 4;

/** Sentences of one description. */
const MAX_CHANGES = 12;

/**
 * One short sentence a change, or for all of a kind where there are many; at most 12 and then a count. Empty for
 * no changes.
 */
export function describeChanges(changes: readonly TimelineChange[], templates: ChangeTemplates): string[] {
  const groups = groupChanges(changes);
  return describeGroups(groups.slice(0, MAX_CHANGES), countChanges(groups.slice(MAX_CHANGES)), templates);
}

/** Sentences for `groups`, and one for `more` changes that are not among them. */
export function describeGroups(
  groups: readonly ChangeGroup[],
  more: number,
  templates: ChangeTemplates,
): string[] {
  const sentences = groups.map(({ change, count }) =>
    count > 1 ? describeMany(change, count, templates) : describe(change, templates),
  );
  return more > 0 ? [...sentences, fill(templates.more, { count: more })] : sentences;
}

/** What is said in one sentence each, in the order of the changes. */
export function groupChanges(changes: readonly TimelineChange[]): ChangeGroup[] {
  const groups = new Map<string, TimelineChange[]>();
  for (const change of changes) {
    const key = groupOf(change);
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return changes.flatMap((change) => {
    const group = groups.get(groupOf(change)) ?? [];
    if (group.length < MANY) return [{ change, count: 1 }];
    return group[0] === change ? [{ change, count: group.length }] : [];
  });
}

export function countChanges(groups: readonly ChangeGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** Changes of one group say the same of different things. */
function groupOf(change: TimelineChange): string {
  const same = change.kind === "volume" || change.kind === "speed" ? change.after : null;
  const looks = change.kind === "looks" ? [change.on, change.off] : null;
  return JSON.stringify([change.kind, change.trackType, change.role, same, looks]);
}

const THINGS = {
  video: "videos",
  audio: "audios",
  voice: "voices",
  original: "originals",
  effect: "effects",
  text: "texts",
  other: "others",
} as const;
function describeMany(change: TimelineChange, count: number, templates: ChangeTemplates): string {
  const things = templates[THINGS[change.role ?? change.trackType]];
  switch (change.kind) {
    case "added":
    case "removed":
    case "renamed":
    case "moved":
    case "lengthened":
    case "shortened":
      return fill(templates[`many-${change.kind}`], { count, things });
    case "volume":
      return fill(templates["many-volume"], { count, things, to: displayVolume(change.after) });
    case "speed":
      return fill(templates["many-speed"], { count, things, to: displaySpeed(change.after) });
    default:
      return fill(templates["many-altered"], { count, things });
  }
}

/** `2×`, `0.5×` */
function displaySpeed(speed: number): string {
  return `${Math.round(speed * 100) / 100}×`;
}

function describe(change: TimelineChange, templates: ChangeTemplates): string {
  const type = templates[change.role ?? change.trackType];
  const name = displayName(change.name);
  const what = name === null ? type : fill(templates.named, { type, name });
  switch (change.kind) {
    case "added": {
      const range = displayRange(change.startMs, change.durationMs);
      return fill(templates.added, {
        what: range === null ? what : what + fill(templates.facts, { facts: range }),
      });
    }
    case "renamed": {
      const [from, to] = [displayName(change.before), displayName(change.after)];
      // A name that only machines read is none to tell of.
      return from === null || to === null
        ? fill(templates.altered, { what })
        : fill(templates.renamed, { type, from, to });
    }
    case "moved":
    case "lengthened":
    case "shortened":
      return fill(templates[change.kind], {
        what,
        from: displayTime(change.beforeMs),
        to: displayTime(change.afterMs),
      });
    case "cut":
      if (change.pieces > 2) return fill(templates["cut-parts"], { what, count: change.pieces - 1 });
      if (change.removedMs === 0) return fill(templates.split, { what, at: displayTime(change.atMs) });
      return fill(templates.cut, { what, range: displayRange(change.atMs, change.removedMs) ?? "" });
    case "volume":
      return fill(templates.volume, { what, to: displayVolume(change.after) });
    case "speed":
      return fill(templates.speed, { what, to: displaySpeed(change.after) });
    case "looks": {
      const names = (looks: string[]) => looks.map((look) => displayName(look) ?? "").join(templates.comma);
      return [
        change.on.length > 0 ? fill(templates["look-on"], { what, names: names(change.on) }) : "",
        change.off.length > 0 ? fill(templates["look-off"], { what, names: names(change.off) }) : "",
      ]
        .filter((sentence) => sentence !== "")
        .join(" ");
    }
    case "shape":
      return fill(templates.shape, { to: change.after });
    case "removed":
    case "altered":
    case "colour":
    case "project":
      return fill(templates[change.kind], { what });
  }
}
