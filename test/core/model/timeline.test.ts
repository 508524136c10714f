import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  displayName,
  EMPTY_TIMELINE,
  isExportable,
  type Segment,
  summarizeTimeline,
  type Timeline,
  type TimelineWords,
  type Track,
} from "../../../src/core/model/timeline.ts";
import { shortenToLimit } from "../../../src/lib/shorten.ts";

const WORDS: TimelineWords = {
  track: "{place}. {kind}: {what}",
  comma: ", ",
  facts: " ({facts})",
  headingOne: "Timeline (1 track):",
  headingMany: "Timeline ({count} tracks):",
  empty: "The timeline is empty.",
  emptyTrack: "empty",
  video: "Video",
  audio: "BGM",
  text: "Title",
  other: "Track",
  voice: "Voice-over",
  original: "Original sound",
  effect: "Sound effect",
  sound: "Audio",
  clipsOne: "1 clip",
  clipsMany: "{count} clips",
  more: "+{count} more",
};

function segment(facts: Partial<Segment> = {}): Segment {
  return { name: null, startMs: null, durationMs: null, volume: null, fingerprint: "f", ...facts };
}

function timeline(...tracks: Track[]): Timeline {
  return { tracks, fingerprint: "f" };
}

function track(type: Track["type"], ...segments: Segment[]): Track {
  return { type, name: null, segments };
}

/** The summary without its heading. */
function lines(...tracks: Track[]): string[] {
  return summarizeTimeline(timeline(...tracks), WORDS)
    .split("\n")
    .slice(1);
}

describe("the summary of a timeline", () => {
  it("has the published form", () => {
    const summary = summarizeTimeline(
      timeline(
        track("video", segment({ name: "city timelapse", startMs: 0, durationMs: 10_000, volume: 1 })),
        track("audio", segment({ name: "Lo-fi", startMs: 0, durationMs: 10_000, volume: 0.35 })),
        track("text", segment({ name: "Urban Dreams", startMs: 0, durationMs: 3000 })),
      ),
      WORDS,
    );
    expect(summary.replaceAll("\n", " ")).toBe(
      'Timeline (3 tracks): 1. Video: city timelapse (0-10s) 2. BGM: Lo-fi (0-10s, 35%) 3. Title: "Urban Dreams" (0-3s)',
    );
    expect(summary.split("\n")).toHaveLength(4);
  });

  it("says that there is nothing yet", () => {
    expect(summarizeTimeline(EMPTY_TIMELINE, WORDS)).toBe("The timeline is empty.");
    expect(summarizeTimeline(timeline(track("video")), WORDS)).toBe("Timeline (1 track):\n1. Video: empty");
  });

  it("lets segments follow one another where their start is unknown", () => {
    expect(
      lines(
        track("video", segment({ name: "a", durationMs: 2500 }), segment({ name: "b", durationMs: 3040 })),
      ),
    ).toEqual(["1. Video: a (0-2.5s), b (2.5-5.5s)"]);
  });

  it("leaves out what nobody knows", () => {
    expect(lines(track("video", segment({ name: "a" }), segment({ name: "b", durationMs: 1000 })))).toEqual([
      "1. Video: a, b",
    ]);
    expect(lines(track("video", segment({ durationMs: 1000 })))).toEqual(["1. Video: (0-1s)"]);
    expect(lines(track("video", segment(), segment()))).toEqual(["1. Video: 2 clips"]);
    expect(lines(track("other", segment()))).toEqual(["1. Track: 1 clip"]);
    expect(lines({ type: "audio", name: "Jazz", segments: [segment({ durationMs: 1000 })] })).toEqual([
      "1. BGM: Jazz (0-1s)",
    ]);
  });

  it("stays short", () => {
    const many = Array.from({ length: 8 }, (_, index) => segment({ name: `clip ${index}` }));
    expect(lines(track("video", ...many))).toEqual([
      "1. Video: clip 0, clip 1, clip 2, clip 3, clip 4, +3 more",
    ]);
    const tracks = Array.from({ length: 23 }, () => track("video", segment({ name: "a" })));
    expect(lines(...tracks)).toHaveLength(21);
    expect(lines(...tracks).at(-1)).toBe("+3 more");
    expect(displayName("x".repeat(500))).toHaveLength(60);
    expect(displayName(" two\n\u0007lines \u202e ")).toBe("two lines");
    expect(Array.from(displayName("😀".repeat(100)) ?? "")).toHaveLength(60);
  });

  it.each([
    [0, 59_900, "0-59.9s"],
    [0, 59_980, "0:00-1:00"],
    [50_000, 15_000, "0:50-1:05"],
    [0, 3_750_000, "0:00-1:02:30"],
    [61_500, 1000, "1:01.5-1:02.5"],
  ])("tells %i ms and %i more as %s", (startMs, durationMs, range) => {
    expect(lines(track("video", segment({ name: "a", startMs, durationMs })))).toEqual([
      `1. Video: a (${range})`,
    ]);
  });

  it("calls a sound what it is", () => {
    const sound = (name: string, role?: Segment["role"]) => segment({ name, ...(role ? { role } : {}) });
    expect(
      lines(
        track("audio", sound("Lo-fi")),
        track("audio", sound("take 2", "voice")),
        track("audio", sound("beach", "original")),
        track("audio", sound("bang", "effect")),
        track("audio", sound("Lo-fi"), sound("take 2", "voice")),
      ),
    ).toEqual([
      "1. BGM: Lo-fi",
      "2. Voice-over: take 2",
      "3. Original sound: beach",
      "4. Sound effect: bang",
      "5. Audio: Lo-fi, take 2",
    ]);
  });

  it.each(["👨‍👩‍👧‍👦", "👍🏽", "🇨🇳", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "é"])("keeps %s whole where a name is cut", (character) => {
    expect(displayName(character)).toBe(character);
    expect(displayName(character.repeat(100))).toBe(`${character.repeat(59)}…`);
  });

  it("has a heading and a line a track, whatever the draft says", () => {
    const anySegment = fc.record({
      name: fc.option(fc.string({ unit: "binary" })),
      startMs: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
      durationMs: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
      volume: fc.option(fc.double({ min: 0, max: 10, noNaN: true })),
      fingerprint: fc.string(),
    });
    const anyTrack = fc.record({
      type: fc.constantFrom<Track["type"]>("video", "audio", "text", "other"),
      name: fc.option(fc.string()),
      segments: fc.array(anySegment, { maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(anyTrack, { minLength: 1, maxLength: 20 }), (tracks) => {
        const summary = summarizeTimeline(timeline(...tracks), WORDS).split("\n");
        expect(summary).toHaveLength(tracks.length + 1);
        for (const line of summary.slice(1)) expect(line).toMatch(/^\d+\. \w+: \S/);
      }),
    );
  });
});

describe("a timeline", () => {
  it("can be exported once a track holds a segment", () => {
    expect(isExportable(EMPTY_TIMELINE)).toBe(false);
    expect(isExportable(timeline(track("video")))).toBe(false);
    expect(isExportable(timeline(track("video"), track("audio", segment())))).toBe(true);
  });
});

describe("a text that a platform's limit cuts", () => {
  it.each(["👨‍👩‍👧‍👦", "👍🏽", "🇨🇳", "a"])("keeps %s whole and within the limit", (character) => {
    const cut = shortenToLimit(character.repeat(100), 80);
    expect(Array.from(cut).length).toBeLessThanOrEqual(80);
    expect(cut.replaceAll(character, "")).toBe("…");
    expect(shortenToLimit(character, 80)).toBe(character);
  });
});
