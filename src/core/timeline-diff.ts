/**
 * What changed between two timelines, and how to say it: about a third of all edits answer with no words
 * at all. Source: nemo-api.md, "The SSE stream", rule 3.
 */
import { fill } from "./locales.ts";
import {
  displayName,
  displayRange,
  displaySeconds,
  displayVolume,
  type Segment,
  type Timeline,
  type Track,
} from "./timeline.ts";

/** `name` is the segment's name after the change, else its track's; null when the draft gives none. */
interface Subject {
  trackType: Track["type"];
  name: string | null;
}

/** One difference. A segment can have several: moved and louder, for example. */
export type TimelineChange = Subject &
  (
    | { kind: "added"; startMs: number | null; durationMs: number | null }
    | { kind: "removed" }
    | { kind: "renamed"; before: string; after: string }
    | { kind: "moved"; beforeMs: number; afterMs: number }
    | { kind: "lengthened" | "shortened"; beforeMs: number; afterMs: number }
    | { kind: "volume"; before: number | null; after: number }
    /** Same name, times and volume, and yet not the same: an effect, a colour, a transition. */
    | { kind: "altered" }
    /** Nothing on the tracks, but something in the project. */
    | { kind: "project" }
  );

/** Sentences of the locales, by kind of change; `{placeholders}` as given in each line. */
export interface ChangeTemplates {
  /** How a segment is called: the types alone, and `{type} "{name}"` where the name is known. */
  video: string;
  audio: string;
  text: string;
  other: string;
  named: string;
  /** `{what}`; a known range follows it in brackets. */
  added: string;
  removed: string;
  /** `{type}`, `{from}`, `{to}` */
  renamed: string;
  /** `{what}`, `{from}`, `{to}` (seconds, such as `12.5s`) */
  moved: string;
  lengthened: string;
  shortened: string;
  /** `{what}`, `{to}` (such as `35%`) */
  volume: string;
  altered: string;
  project: string;
  /** `{count}` changes that are not listed. */
  more: string;
}

const TYPES: readonly Track["type"][] = ["video", "audio", "text", "other"];
/** Sentences of one description. */
const MAX_CHANGES = 12;
/** Smaller differences are rounding. */
const TOLERANCE_MS = 50;

/**
 * The changes from `before` to `after`: video first, then audio, texts and the rest, each in the order of the
 * timeline, with removals last. Segments are the same when name and type are, else when type and place are.
 * Empty exactly when nothing visible changed and the fingerprints are equal.
 */
export function diffTimelines(before: Timeline, after: Timeline): TimelineChange[] {
  const changes = TYPES.flatMap((type) => diffType(type, placesOf(before, type), placesOf(after, type)));
  if (changes.length > 0 || before.fingerprint === after.fingerprint) return changes;
  return [{ kind: "project", trackType: "other", name: null }];
}

/** One short sentence a change, at most 12 and then a count. Empty for no changes. */
export function describeChanges(changes: readonly TimelineChange[], templates: ChangeTemplates): string[] {
  const shown = changes.slice(0, MAX_CHANGES).map((change) => describe(change, templates));
  const rest = changes.length - shown.length;
  return rest > 0 ? [...shown, fill(templates.more, { count: rest })] : shown;
}

interface Place {
  segment: Segment;
  name: string | null;
  /** Track and index within the type. */
  position: string;
}

function placesOf(timeline: Timeline, type: Track["type"]): Place[] {
  return timeline.tracks
    .filter((track) => track.type === type)
    .flatMap((track, trackIndex) =>
      track.segments.map((segment, index) => ({
        segment,
        name: segment.name ?? (track.segments.length === 1 ? track.name : null),
        position: `${trackIndex}:${index}`,
      })),
    );
}

function diffType(type: Track["type"], before: Place[], after: Place[]): TimelineChange[] {
  const partners = match(before, after);
  const matched = new Set(partners.values());
  const removed = before.filter((place) => !matched.has(place));
  const changes = after.flatMap((place): TimelineChange[] => {
    const old = partners.get(place);
    if (old !== undefined) return compare(type, old, place);
    const { startMs, durationMs } = place.segment;
    return [{ kind: "added", trackType: type, name: place.name, startMs, durationMs }];
  });
  const gone = removed.map(
    (place): TimelineChange => ({ kind: "removed", trackType: type, name: place.name }),
  );
  return withoutRipple([...changes, ...gone], removed);
}

/** Pairs each segment with what it was: the very same first, then the same name, then the same place. */
function match(before: Place[], after: Place[]): Map<Place, Place> {
  const rules: ((place: Place) => string | null)[] = [
    ({ segment, name, position }) => `${segment.fingerprint} ${position} ${name}`,
    ({ segment, name }) => `${segment.fingerprint} ${name}`,
    ({ name }) => name,
    ({ position }) => position,
    ({ name }) => (name === null ? "unnamed" : null),
  ];
  const partners = new Map<Place, Place>();
  const free = new Set(before);
  for (const rule of rules) {
    // Many may share a key, so that each list is read by an iterator of its own.
    const waiting = new Map<string, Place[]>();
    for (const place of free) {
      const key = rule(place);
      if (key === null) continue;
      const others = waiting.get(key);
      if (others) others.push(place);
      else waiting.set(key, [place]);
    }
    const next = new Map([...waiting].map(([key, places]) => [key, places.values()]));
    for (const place of after) {
      const key = rule(place);
      const partner = partners.has(place) || key === null ? undefined : next.get(key)?.next().value;
      if (partner === undefined) continue;
      partners.set(place, partner);
      free.delete(partner);
    }
  }
  return partners;
}

function compare(trackType: Track["type"], before: Place, after: Place): TimelineChange[] {
  const subject = { trackType, name: after.name };
  const [old, now] = [before.segment, after.segment];
  const changes: TimelineChange[] = [];
  if (before.name !== after.name && before.name !== null && after.name !== null) {
    changes.push({ ...subject, kind: "renamed", before: before.name, after: after.name });
  }
  if (differ(old.startMs, now.startMs)) {
    changes.push({ ...subject, kind: "moved", beforeMs: old.startMs ?? 0, afterMs: now.startMs ?? 0 });
  }
  if (differ(old.durationMs, now.durationMs)) {
    const [beforeMs, afterMs] = [old.durationMs ?? 0, now.durationMs ?? 0];
    changes.push({ ...subject, kind: afterMs > beforeMs ? "lengthened" : "shortened", beforeMs, afterMs });
  }
  if (now.volume !== null && displayVolume(now.volume) !== displayVolume(old.volume ?? 1)) {
    changes.push({ ...subject, kind: "volume", before: old.volume, after: now.volume });
  }
  const isSame = old.fingerprint === now.fingerprint && before.name === after.name;
  return changes.length > 0 || isSame ? changes : [{ ...subject, kind: "altered" }];
}

function differ(before: number | null, after: number | null): boolean {
  return before !== null && after !== null && Math.abs(after - before) > TOLERANCE_MS;
}

/** Cutting a clip shifts all behind it by its length; only the cut is worth a sentence. */
function withoutRipple(changes: TimelineChange[], removed: Place[]): TimelineChange[] {
  let shiftMs = -removed.reduce((sum, { segment }) => sum + (segment.durationMs ?? 0), 0);
  for (const change of changes) {
    if (change.kind === "added") shiftMs += change.durationMs ?? 0;
    if (change.kind === "lengthened" || change.kind === "shortened")
      shiftMs += change.afterMs - change.beforeMs;
  }
  if (Math.abs(shiftMs) <= TOLERANCE_MS) return changes;
  return changes.filter(
    (change) =>
      change.kind !== "moved" || Math.abs(change.afterMs - change.beforeMs - shiftMs) > TOLERANCE_MS,
  );
}

function describe(change: TimelineChange, templates: ChangeTemplates): string {
  const type = templates[change.trackType];
  const name = displayName(change.name);
  const what = name === null ? type : fill(templates.named, { type, name });
  switch (change.kind) {
    case "added": {
      const range = displayRange(change.startMs, change.durationMs);
      return fill(templates.added, { what: range === null ? what : `${what} (${range})` });
    }
    case "renamed":
      return fill(templates.renamed, {
        type,
        from: displayName(change.before) ?? "",
        to: displayName(change.after) ?? "",
      });
    case "moved":
    case "lengthened":
    case "shortened":
      return fill(templates[change.kind], {
        what,
        from: `${displaySeconds(change.beforeMs)}s`,
        to: `${displaySeconds(change.afterMs)}s`,
      });
    case "volume":
      return fill(templates.volume, { what, to: displayVolume(change.after) });
    case "removed":
    case "altered":
    case "project":
      return fill(templates[change.kind], { what });
  }
}
