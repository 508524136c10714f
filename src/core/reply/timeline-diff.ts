/**
 * What changed between two timelines: about a third of all edits answer with no words at all. Said by
 * `describe-changes.ts`. Source: nemo-api.md, "The SSE stream", rule 3.
 */

import { displayVolume, type Segment, type Timeline, type Track } from "../model/timeline.ts";
import type { TimelineChange } from "../model/timeline-change.ts";

type Subject = Pick<TimelineChange, "trackType" | "role" | "name">;

const TYPES: readonly Track["type"][] = ["video", "audio", "text", "other"];
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
