import fc from "fast-check";
import { describe, expect, it } from "vitest";
import english from "../../../config/locales/en.json" with { type: "json" };
import type { Segment, Timeline, Track } from "../../../src/core/model/timeline.ts";
import { type ChangeTemplates, describeChanges } from "../../../src/core/reply/describe-changes.ts";
import { diffTimelines } from "../../../src/core/reply/timeline-diff.ts";

const TEMPLATES = Object.fromEntries(
  Object.entries(english)
    .filter(([key]) => /^(?:change|list)\./.test(key))
    .map(([key, text]) => [key.replace(/^\w+\./, ""), text.replace(/[“”]/g, '"')]),
) as ChangeTemplates;

function segment(name: string | null, startMs: number, endMs: number, facts: Partial<Segment> = {}): Segment {
  const durationMs = endMs - startMs;
  return { name, startMs, durationMs, volume: null, fingerprint: `${name} ${startMs} ${endMs}`, ...facts };
}

function timeline(tracks: Partial<Record<Track["type"], Segment[]>>): Timeline {
  const list = Object.entries(tracks) as [Track["type"], Segment[]][]; // keys of the record
  return {
    tracks: list.map(([type, segments]) => ({ type, name: null, segments })),
    fingerprint: JSON.stringify(tracks),
  };
}

function changes(before: Timeline, after: Timeline): string[] {
  return describeChanges(diffTimelines(before, after), TEMPLATES);
}

const city = segment("city", 0, 10_000);

describe("what changed in a timeline", () => {
  it.each<[string, Timeline, Timeline, string[]]>([
    [
      "a new title",
      timeline({ video: [city] }),
      timeline({ video: [city], text: [segment("Paradise", 0, 3000)] }),
      ['Added the title "Paradise" (0-3s).'],
    ],
    [
      "music that is gone",
      timeline({ video: [city], audio: [segment("Lo-fi", 0, 10_000)] }),
      timeline({ video: [city], audio: [] }),
      ['Removed the music "Lo-fi".'],
    ],
    [
      "another text in the same place",
      timeline({ text: [segment("Hello", 0, 3000)] }),
      timeline({ text: [segment("Paradise", 0, 3000)] }),
      ['Changed the title from "Hello" to "Paradise".'],
    ],
    [
      "a title that moved",
      timeline({ text: [segment("Hi", 0, 3000)] }),
      timeline({ text: [segment("Hi", 2500, 5500)] }),
      ['Moved the title "Hi" from 0s to 2.5s.'],
    ],
    [
      "a clip that was trimmed",
      timeline({ video: [city] }),
      timeline({ video: [segment("city", 0, 5000)] }),
      ['Made the video "city" shorter: 10s → 5s.'],
    ],
    [
      "a clip that grew and moved",
      timeline({ video: [segment("a", 0, 1000)] }),
      timeline({ video: [segment("a", 500, 4500)] }),
      ['Moved the video "a" from 0s to 0.5s.', 'Made the video "a" longer: 1s → 4s.'],
    ],
    [
      "softer music",
      timeline({ audio: [segment("Lo-fi", 0, 10_000, { volume: 1 })] }),
      timeline({ audio: [segment("Lo-fi", 0, 10_000, { volume: 0.35 })] }),
      ['Set the volume of the music "Lo-fi" to 35%.'],
    ],
    [
      "an effect we do not know",
      timeline({ video: [city] }),
      timeline({ video: [{ ...city, fingerprint: "brighter" }] }),
      ['Adjusted the video "city".'],
    ],
    [
      "a clip that was cut out, without the shift of those behind it",
      timeline({ video: [segment("a", 0, 2000), segment("b", 2000, 5000), segment("c", 5000, 6000)] }),
      timeline({ video: [segment("b", 0, 3000), segment("c", 3000, 4000)] }),
      ['Removed the video "a".'],
    ],
    [
      "a segment without a name",
      timeline({ other: [] }),
      timeline({ other: [segment(null, 0, 1000, { startMs: null })] }),
      ["Added an element."],
    ],
    [
      "a part cut out of the middle, with what is left moved together",
      timeline({ video: [city, segment("end", 10_000, 12_000)] }),
      timeline({
        video: [segment("city", 0, 4000), segment("city", 4000, 8000), segment("end", 8000, 10_000)],
      }),
      ['Cut 4-6s out of the video "city".'],
    ],
    [
      "a part cut out of the middle that leaves a gap",
      timeline({ video: [segment("city", 0, 100_000)] }),
      timeline({ video: [segment("city", 0, 55_000), segment("city", 65_000, 100_000)] }),
      ['Cut 0:55-1:05 out of the video "city".'],
    ],
    [
      "parts cut out in several places",
      timeline({ video: [city] }),
      timeline({
        video: [segment("city", 0, 2000), segment("city", 3000, 5000), segment("city", 6000, 9000)],
      }),
      ['Cut the video "city" in 2 places.'],
    ],
    [
      "a clip that was split",
      timeline({ video: [city] }),
      timeline({ video: [segment("city", 0, 4000), segment("city", 4000, 10_000)] }),
      ['Split the video "city" at 4s.'],
    ],
    [
      "a clip that was trimmed and stands beside another of its name",
      timeline({ video: [city, segment("city", 10_000, 20_000)] }),
      timeline({ video: [segment("city", 0, 4000), segment("city", 4000, 14_000)] }),
      ['Made the video "city" shorter: 10s → 4s.'],
    ],
    [
      "another shape of the picture",
      { ...timeline({ video: [city] }), shape: "16:9", fingerprint: "wide" },
      { ...timeline({ video: [city] }), shape: "9:16", fingerprint: "high" },
      ["Changed the aspect ratio to 9:16."],
    ],
    [
      "a faster clip, and not also that it is shorter",
      timeline({ video: [city] }),
      timeline({ video: [segment("city", 0, 5000, { speed: 2 })] }),
      ['Set the speed of the video "city" to 2×.'],
    ],
    [
      "a filter for another",
      timeline({ video: [{ ...city, looks: ["warm"] }] }),
      timeline({ video: [{ ...city, looks: ["black and white"], fingerprint: "bw" }] }),
      ['Gave the video "city" the black and white look. Removed the warm look from the video "city".'],
    ],
    [
      "other colours",
      timeline({ text: [segment("Hi", 0, 3000, { colour: "#fff" })] }),
      timeline({ text: [segment("Hi", 0, 3000, { colour: "#f00", fingerprint: "red" })] }),
      ['Changed the colors of the title "Hi".'],
    ],
    [
      "a voice-over",
      timeline({ video: [city] }),
      timeline({ video: [city], audio: [segment("take 2", 0, 65_000, { role: "voice" })] }),
      ['Added the voice-over "take 2" (0:00-1:05).'],
    ],
    [
      "a move beyond an hour",
      timeline({ text: [segment("Hi", 0, 3000)] }),
      timeline({ text: [segment("Hi", 3_750_000, 3_753_000)] }),
      ['Moved the title "Hi" from 0s to 1:02:30.'],
    ],
    [
      "something beside the tracks",
      { ...timeline({ video: [city] }), fingerprint: "landscape" },
      { ...timeline({ video: [city] }), fingerprint: "portrait" },
      ["Updated the project."],
    ],
  ])("%s", (_, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });

  it("is told video first, in the order of the timeline, removals last", () => {
    const before = timeline({ text: [segment("old", 0, 1000)], video: [segment("x", 0, 1000)] });
    const after = timeline({
      text: [segment("new", 0, 1000), segment("second", 1000, 2000)],
      video: [segment("x", 0, 1000), segment("y", 1000, 2000)],
    });
    expect(changes(before, after)).toEqual([
      'Added the video "y" (1-2s).',
      'Changed the title from "old" to "new".',
      'Added the title "second" (1-2s).',
    ]);
  });

  it("is told in at most twelve sentences and a count", () => {
    const titles = Array.from({ length: 20 }, (_, index) => segment(`t${index}`, index, index + 1));
    const louder = titles.map((one, index) => ({ ...one, volume: 0.5 + index / 100 }));
    const told = changes(timeline({ video: titles }), timeline({ video: louder }));
    expect(told).toHaveLength(13);
    expect(told.at(-1)).toBe("…and 8 more changes.");
  });

  it("is told in one sentence for many of a kind", () => {
    const subtitles = Array.from({ length: 40 }, (_, index) =>
      segment(`line ${index}`, index * 1000, index * 1000 + 900),
    );
    expect(changes(timeline({}), timeline({ text: subtitles }))).toEqual(["Added 40 titles."]);
    expect(changes(timeline({ text: subtitles }), timeline({ text: [] }))).toEqual(["Removed 40 titles."]);
  });

  it("keeps braces in names as they are", () => {
    const after = timeline({ text: [segment("{count} {what}", 0, 1000)] });
    expect(changes(timeline({}), after)).toEqual(['Added the title "{count} {what}" (0-1s).']);
  });
});

describe("for all timelines", () => {
  const anySegment: fc.Arbitrary<Segment> = fc.record({
    name: fc.option(fc.constantFrom("a", "b", "c", "long name")),
    startMs: fc.option(fc.nat(10_000)),
    durationMs: fc.option(fc.nat(10_000)),
    volume: fc.option(fc.double({ min: 0, max: 2, noNaN: true })),
    fingerprint: fc.string({ maxLength: 2 }),
  });
  const anyTimeline: fc.Arbitrary<Timeline> = fc.record({
    tracks: fc.array(
      fc.record({
        type: fc.constantFrom<Track["type"]>("video", "audio", "text", "other"),
        name: fc.option(fc.constantFrom("m", "n")),
        segments: fc.array(anySegment, { maxLength: 4 }),
      }),
      { maxLength: 4 },
    ),
    fingerprint: fc.string({ maxLength: 2 }),
  });

  it("nothing changed between a timeline and itself", () => {
    fc.assert(
      fc.property(anyTimeline, (one) => {
        expect(diffTimelines(one, structuredClone(one))).toEqual([]);
      }),
    );
  });

  it("another fingerprint or another number of segments is never silent", () => {
    const count = (one: Timeline) => one.tracks.reduce((sum, track) => sum + track.segments.length, 0);
    fc.assert(
      fc.property(anyTimeline, anyTimeline, (before, after) => {
        const told = describeChanges(diffTimelines(before, after), TEMPLATES);
        if (before.fingerprint !== after.fingerprint || count(before) !== count(after)) {
          expect(told.length).toBeGreaterThan(0);
        }
        for (const sentence of told) expect(sentence).not.toMatch(/[{}]|null|undefined|NaN/);
      }),
      { numRuns: 500 },
    );
  });
});
