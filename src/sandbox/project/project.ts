/**
 * A session's project: the draft with its short keys, and what else an edit can change.
 * Source: nemo-api.md, "Draft (timeline), short keys" and the row "State".
 */
import type { EditOperation } from "../scenario.ts";

/** Track types of the draft. */
export const TRACK = { video: 0, audio: 1, text: 7 } as const;

/** A piece on a track. `s` start and `d` duration are ms, `v` is the volume, 0–1. */
export interface DraftSegment {
  id: string;
  s: number;
  d: number;
  v?: number;
  m: SegmentMeta;
}

/** `in`/`out`: the part of the source that is used, ms. `media_id` names an upload or generated media. */
interface SegmentMeta {
  title: string;
  media_id?: string;
  in?: number;
  out?: number;
  speed?: number;
  background?: string;
  effects?: Record<string, string>;
}

/** The draft as it goes over the wire. */
export interface Draft {
  t: { tt: number; sg: DraftSegment[] }[];
  d: number;
}

/** A clip that can be put on the timeline. */
export interface Clip {
  mediaId: string;
  name: string;
  kind: "video" | "image" | "audio";
  durationMs: number;
}

/** All of a session that an edit can change, in the wire's form. */
export interface Project {
  draft: Draft;
  canvas_config: { width: number; height: number; ratio: string };
  video_infos: Record<string, unknown>[];
  generated_media: { id: string; type: string; prompt: string; duration: number }[];
  video_analyses: Record<string, unknown>[];
  /** Counts segments and media, so that ids repeat from run to run. */
  serial: number;
}

/** A project as it is created. */
export function emptyProject(): Project {
  return {
    draft: { t: [], d: 0 },
    canvas_config: { width: 1920, height: 1080, ratio: "16:9" },
    video_infos: [],
    generated_media: [],
    video_analyses: [],
    serial: 0,
  };
}

/** True when at least one track holds a segment. */
export function isExportable(draft: Draft): boolean {
  return draft.t.some((track) => track.sg.length > 0);
}

/** The segments of one track type, in order. */
export function segmentsOf(draft: Draft, type: number): DraftSegment[] {
  return draft.t.filter((track) => track.tt === type).flatMap((track) => track.sg);
}

/** Puts a clip behind what is there: sound on the audio track, everything else on the video track. */
export function placeClip(project: Project, clip: Clip): void {
  const type = clip.kind === "audio" ? TRACK.audio : TRACK.video;
  const segments = track(project, type);
  segments.push({
    id: nextId(project, "seg"),
    s: endOf(segments),
    d: clip.durationMs,
    v: 1,
    m: { title: clip.name, media_id: clip.mediaId, in: 0, out: clip.durationMs },
  });
  settle(project);
}

/** Applies one edit. False when there was nothing it could change. */
export function applyEdit(project: Project, edit: EditOperation): boolean {
  const before = JSON.stringify(project);
  change(project, edit);
  settle(project);
  return JSON.stringify(project) !== before;
}

function change(project: Project, edit: EditOperation): void {
  const clips = segmentsOf(project.draft, TRACK.video);
  switch (edit.op) {
    case "generate": {
      const id = nextId(project, "gen");
      project.generated_media.push({
        id,
        type: "video",
        prompt: edit.description,
        duration: edit.durationMs / 1000,
      });
      placeClip(project, {
        mediaId: id,
        name: edit.description,
        kind: "video",
        durationMs: edit.durationMs,
      });
      return;
    }
    case "trim":
      trim(project, edit.fromMs, edit.toMs);
      return;
    case "title": {
      const startMs = edit.startMs ?? 0;
      const left = project.draft.d > startMs ? project.draft.d - startMs : Number.POSITIVE_INFINITY;
      track(project, TRACK.text).push({
        id: nextId(project, "seg"),
        s: startMs,
        d: Math.min(edit.durationMs ?? 3000, left),
        m: { title: edit.text },
      });
      return;
    }
    case "music": {
      // One piece of music at a time: a second one replaces the first, uploaded sound stays.
      const segments = track(project, TRACK.audio);
      const kept = segments.filter((segment) => segment.m.media_id !== undefined);
      const length = endOf(clips) || 10_000;
      kept.push({
        id: nextId(project, "seg"),
        s: 0,
        d: length,
        v: edit.volume ?? 0.35,
        m: { title: edit.name },
      });
      segments.splice(0, segments.length, ...kept);
      return;
    }
    case "volume":
      for (const segment of edit.of === "music" ? segmentsOf(project.draft, TRACK.audio) : clips) {
        segment.v = edit.volume;
      }
      return;
    case "speed":
      for (const clip of clips) {
        const speed = clamp((clip.m.speed ?? 1) * edit.factor, 0.1, 10);
        clip.d = Math.max(1, Math.round((clip.d * (clip.m.speed ?? 1)) / speed));
        clip.m.speed = speed;
      }
      return;
    case "mute":
      for (const clip of clips) clip.v = 0;
      return;
    case "background":
      for (const clip of clips) clip.m.background = edit.description;
      return;
    case "effect":
      for (const clip of clips) clip.m.effects = { ...clip.m.effects, [edit.name]: edit.value ?? "on" };
      return;
    case "aspect":
      project.canvas_config = { ...CANVAS[edit.ratio], ratio: edit.ratio };
      return;
    case "undo":
      // What was before is the session's to know.
      return;
    case "remove":
      remove(project, edit.what, edit.index);
      return;
  }
}

const CANVAS = {
  "9:16": { width: 1080, height: 1920 },
  "16:9": { width: 1920, height: 1080 },
  "1:1": { width: 1080, height: 1080 },
  "4:5": { width: 1080, height: 1350 },
  "4:3": { width: 1440, height: 1080 },
} as const;

/** Keeps `fromMs`–`toMs` of the timeline, on every track. */
function trim(project: Project, fromMs: number, toMs: number): void {
  const length = project.draft.d;
  if (fromMs >= Math.min(toMs, length)) return;
  for (const { tt, sg } of project.draft.t) {
    const kept: DraftSegment[] = [];
    for (const segment of sg) {
      // Titles and music move to the front of what is left rather than vanish.
      const moves = tt !== TRACK.video;
      const start = moves ? Math.min(segment.s, toMs - fromMs) : Math.max(segment.s, fromMs);
      const end = moves
        ? Math.min(segment.s + segment.d, toMs - fromMs)
        : Math.min(segment.s + segment.d, toMs);
      if (end <= start) continue;
      const speed = segment.m.speed ?? 1;
      if (!moves && segment.m.in !== undefined) {
        segment.m.in += Math.round((start - segment.s) * speed);
        segment.m.out = segment.m.in + Math.round((end - start) * speed);
      }
      segment.s = moves ? start : start - fromMs;
      segment.d = end - start;
      kept.push(segment);
    }
    sg.splice(0, sg.length, ...kept);
  }
}

function remove(project: Project, what: "title" | "music" | "clip", index: number | undefined): void {
  const type = { title: TRACK.text, music: TRACK.audio, clip: TRACK.video }[what];
  const segments = segmentsOf(project.draft, type);
  const chosen =
    index === undefined ? (what === "clip" ? segments.slice(-1) : segments) : [segments[index - 1]];
  for (const each of project.draft.t) {
    if (each.tt === type) each.sg = each.sg.filter((segment) => !chosen.includes(segment));
  }
}

/** Closes gaps on the video track, drops empty tracks, and measures the whole. */
function settle(project: Project): void {
  const { draft } = project;
  draft.t = draft.t.filter((each) => each.sg.length > 0).sort((a, b) => a.tt - b.tt);
  const clips = segmentsOf(draft, TRACK.video);
  let at = 0;
  for (const clip of clips) {
    clip.s = at;
    at += clip.d;
  }
  if (clips.length > 0) {
    // Generated music is as long as the pictures; it has no end of its own.
    for (const sound of segmentsOf(draft, TRACK.audio)) {
      if (sound.m.media_id === undefined) sound.d = Math.max(1, at - sound.s);
    }
    for (const title of segmentsOf(draft, TRACK.text)) {
      title.s = Math.min(title.s, at - 1);
      title.d = Math.min(title.d, at - title.s);
    }
  }
  draft.d = at > 0 ? at : endOf(draft.t.flatMap((each) => each.sg));
}

function track(project: Project, type: number): DraftSegment[] {
  let found = project.draft.t.find((each) => each.tt === type);
  if (found === undefined) {
    found = { tt: type, sg: [] };
    project.draft.t.push(found);
  }
  return found.sg;
}

function endOf(segments: DraftSegment[]): number {
  return segments.reduce((end, segment) => Math.max(end, segment.s + segment.d), 0);
}

function nextId(project: Project, prefix: string): string {
  project.serial += 1;
  return `${prefix}_${project.serial}`;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
