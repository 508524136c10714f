/**
 * What changed between two timelines, and how to say it: about a third of all edits answer with no words
 * at all. Source: nemo-api.md, "The SSE stream", rule 3.
 */
import { fill } from "../model/locales.ts";
import {
  displayName,
  displayRange,
  displayTime,
  displayVolume,
  type Segment,
  type Timeline,
  type Track,
} from "../model/timeline.ts";

/** `name` is the segment's name after the change, else its track's; null when the draft gives none. */
interface Subject {
  trackType: Track["type"];
  role?: Segment["role"];
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
    /** One segment became several: what lay between them is gone, or nothing is (`removedMs` 0). */
    | { kind: "cut"; atMs: number; removedMs: number; pieces: number }
    | { kind: "volume"; before: number | null; after: number }
    | { kind: "speed"; after: number }
    | { kind: "looks"; on: string[]; off: string[] }
    | { kind: "colour" }
    /** Same in all that we can read, and yet not the same: a transition, a position. */
    | { kind: "altered" }
    /** The picture's shape. */
    | { kind: "shape"; after: string }
    /** Nothing on the tracks, but something in the project. */
    | { kind: "project" }
  );

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
export type ChangeTemplates = Record<(typeof CHANGE_TEXTS)[number], string>;

const TYPES: readonly Track["type"][] = ["video", "audio", "text", "other"];
/** As many changes of one kind are one sentence. */
const MANY = 4;
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
  if (before.shape !== undefined && after.shape !== undefined && before.shape !== after.shape) {
    changes.push({ kind: "shape", trackType: "video", name: null, after: after.shape });
  }
  if (changes.length > 0 || before.fingerprint === after.fingerprint) return changes;
  return [{ kind: "project", trackType: "other", name: null }];
}

/**
 * One short sentence a change, or for all of a kind where there are many; at most 12 and then a count. Empty for
 * no changes.
 */
export function describeChanges(changes: readonly TimelineChange[], templates: ChangeTemplates): string[] {
  const groups = new Map<string, TimelineChange[]>();
  for (const change of changes) {
    const key = groupOf(change);
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  const sentences = changes.flatMap((change) => {
    const group = groups.get(groupOf(change)) ?? [];
    if (group.length < MANY) return [{ count: 1, text: describe(change, templates) }];
    return group[0] === change
      ? [{ count: group.length, text: describeMany(change, group.length, templates) }]
      : [];
  });
  const shown = sentences.slice(0, MAX_CHANGES).map(({ text }) => text);
  const rest = sentences.slice(MAX_CHANGES).reduce((sum, { count }) => sum + count, 0);
  return rest > 0 ? [...shown, fill(templates.more, { count: rest })] : shown;
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
  const cuts = findCuts(type, before, after, partners);
  const inCut = new Set(cuts.flatMap(({ pieces }) => pieces));
  const changes = after.flatMap((place): TimelineChange[] => {
    const cut = cuts.find(({ pieces }) => pieces[0] === place);
    if (cut) return [cut.change];
    if (inCut.has(place)) return [];
    const old = partners.get(place);
    if (old !== undefined) return compare(type, old, place);
    const { startMs, durationMs } = place.segment;
    return [{ ...subjectOf(type, place), kind: "added", startMs, durationMs }];
  });
  const gone = removed.map((place): TimelineChange => ({ ...subjectOf(type, place), kind: "removed" }));
  return withoutRipple([...changes, ...gone], removed);
}

function subjectOf(trackType: Track["type"], { segment, name }: Place): Subject {
  return { trackType, name, ...(segment.role === undefined ? {} : { role: segment.role }) };
}

/**
 * Segments that became several of the same name, together no longer than they were: something was cut out of them,
 * or they were split.
 */
function findCuts(type: Track["type"], before: Place[], after: Place[], partners: Map<Place, Place>) {
  return before.flatMap((old) => {
    const { startMs, durationMs } = old.segment;
    const isNamesake = (place: Place) =>
      place.name === old.name && (old.name !== null || before.length === 1);
    const pieces = after
      .filter((place) => isNamesake(place) && (partners.get(place) ?? old) === old)
      .sort((a, b) => (a.segment.startMs ?? 0) - (b.segment.startMs ?? 0));
    const isAlone = before.filter(isNamesake).length === 1;
    const [first, second] = pieces;
    if (!isAlone || !first || !second || durationMs === null) return [];
    const leftMs = pieces.reduce((sum, { segment }) => sum + (segment.durationMs ?? durationMs), 0);
    if (leftMs > durationMs + TOLERANCE_MS) return [];
    const removedMs = durationMs - leftMs > TOLERANCE_MS ? durationMs - leftMs : 0;
    const atMs = (startMs ?? 0) + (first.segment.durationMs ?? 0);
    const subject = subjectOf(type, first);
    const change: TimelineChange = { ...subject, kind: "cut", atMs, removedMs, pieces: pieces.length };
    return [{ pieces: after.filter((place) => pieces.includes(place)), change }];
  });
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
  const subject = subjectOf(trackType, after);
  const [old, now] = [before.segment, after.segment];
  const changes: TimelineChange[] = [];
  if (before.name !== after.name && before.name !== null && after.name !== null) {
    changes.push({ ...subject, kind: "renamed", before: before.name, after: after.name });
  }
  if (differ(old.startMs, now.startMs)) {
    changes.push({ ...subject, kind: "moved", beforeMs: old.startMs ?? 0, afterMs: now.startMs ?? 0 });
  }
  const [oldSpeed, speed] = [old.speed ?? 1, now.speed ?? old.speed ?? 1];
  if (Math.abs(oldSpeed - speed) > 0.005) changes.push({ ...subject, kind: "speed", after: speed });
  // What is faster is shorter: that follows from it.
  const atOldSpeedMs = now.durationMs === null ? null : (now.durationMs * speed) / oldSpeed;
  if (differ(old.durationMs, now.durationMs) && differ(old.durationMs, atOldSpeedMs)) {
    const [beforeMs, afterMs] = [old.durationMs ?? 0, now.durationMs ?? 0];
    changes.push({ ...subject, kind: afterMs > beforeMs ? "lengthened" : "shortened", beforeMs, afterMs });
  }
  if (now.volume !== null && displayVolume(now.volume) !== displayVolume(old.volume ?? 1)) {
    changes.push({ ...subject, kind: "volume", before: old.volume, after: now.volume });
  }
  const [looksBefore, looks] = [old.looks ?? [], now.looks ?? []];
  const on = looks.filter((look) => !looksBefore.includes(look));
  const off = looksBefore.filter((look) => !looks.includes(look));
  if (on.length + off.length > 0) changes.push({ ...subject, kind: "looks", on, off });
  if (old.colour !== now.colour) changes.push({ ...subject, kind: "colour" });
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
    if (change.kind === "cut") shiftMs -= change.removedMs;
    if (change.kind === "lengthened" || change.kind === "shortened")
      shiftMs += change.afterMs - change.beforeMs;
  }
  if (Math.abs(shiftMs) <= TOLERANCE_MS) return changes;
  return changes.filter(
    (change) =>
      change.kind !== "moved" || Math.abs(change.afterMs - change.beforeMs - shiftMs) > TOLERANCE_MS,
  );
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
      return fill(templates.added, { what: range === null ? what : `${what} (${range})` });
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
      const names = (looks: string[]) => looks.map((look) => displayName(look) ?? "").join(", ");
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
