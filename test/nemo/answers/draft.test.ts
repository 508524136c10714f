import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_TIMELINE, isExportable, timelineSchema } from "../../../src/core/model/timeline.ts";
import { readProjectState } from "../../../src/nemo/answers/draft.ts";

/** The single segment of a draft that holds one. */
async function segmentOf(segment: object) {
  const { timeline } = await readProjectState({ draft: { t: [{ tt: 0, sg: [segment] }] } });
  return timeline.tracks[0]?.segments[0];
}

async function fingerprintOf(state: object): Promise<string> {
  return (await readProjectState({ ...state })).timeline.fingerprint;
}

describe("a draft with short keys", () => {
  it("becomes tracks and segments in our words", async () => {
    const { timeline } = await readProjectState({
      draft: {
        d: 10_000,
        t: [
          { tt: 0, sg: [{ s: 0, d: 10_000, m: { title: "city timelapse" } }] },
          { tt: 1, m: { name: "BGM" }, sg: [{ d: 10_000, v: 0.35, m: { name: "Lo-fi" } }] },
          { tt: 7, sg: [{ st: 500, d: 3000, text: "Urban Dreams" }] },
        ],
      },
    });
    expect(timeline.tracks).toMatchObject([
      {
        type: "video",
        name: null,
        segments: [{ name: "city timelapse", startMs: 0, durationMs: 10_000, volume: null }],
      },
      {
        type: "audio",
        name: "BGM",
        segments: [{ name: "Lo-fi", startMs: null, durationMs: 10_000, volume: 0.35 }],
      },
      { type: "text", segments: [{ name: "Urban Dreams", startMs: 500, durationMs: 3000 }] },
    ]);
    expect(isExportable(timeline)).toBe(true);
  });
});

describe("other forms of a draft", () => {
  it("long keys, as recorded streams have them", async () => {
    const { timeline } = await readProjectState({
      draft: { tracks: [{ type: "music", segments: [{ start: 1, end: 5 }] }] },
    });
    expect(timeline.tracks[0]).toMatchObject({ type: "audio", segments: [{ startMs: 1, durationMs: 4 }] });
  });

  it.each([
    [0, "video"],
    [1, "audio"],
    [7, "text"],
    ["7", "text"],
    ["Video", "video"],
    [3, "other"],
    [null, "other"],
    [{}, "other"],
  ])("track type %j is %s", async (tt, type) => {
    expect((await readProjectState({ draft: { t: [{ tt, sg: [] }] } })).timeline.tracks[0]?.type).toBe(type);
  });

  it.each<[string, object, object]>([
    ["a name of its own", { name: "a" }, { name: "a" }],
    ["m.title before the name", { m: { title: "t" }, name: "n" }, { name: "t" }],
    ["text content", { text: { content: "hello" } }, { name: "hello" }],
    ["a blank name", { name: "  " }, { name: null }],
    ["a long name, cut", { name: "🎬".repeat(500) }, { name: "🎬".repeat(200) }],
    ["numbers as text", { s: "5", d: "7.5", volume: "1" }, { startMs: 5, durationMs: 7.5, volume: 1 }],
    [
      "numbers that are none",
      { s: "x", d: {}, v: Number.NaN },
      { startMs: null, durationMs: null, volume: null },
    ],
    ["an end before its start", { s: 5, e: 1 }, { startMs: 5, durationMs: null }],
    ["times below zero", { s: -5, d: -1 }, { startMs: null, durationMs: null }],
    ["times beyond all videos", { s: 1e12, d: "1e12" }, { startMs: null, durationMs: null }],
  ])("%s", async (_, segment, want) => {
    expect(await segmentOf(segment)).toMatchObject(want);
  });

  it.each<[string, unknown]>([
    ["no draft", undefined],
    ["null", null],
    ["an empty object", {}],
    ["text", "x"],
  ])("%s is an untouched project", async (_, draft) => {
    expect(await readProjectState({ draft })).toEqual({ timeline: EMPTY_TIMELINE, clips: [], draft: null });
  });

  it("holds at most a thousand segments", async () => {
    const sg = Array.from({ length: 900 }, (_, d) => ({ d }));
    const { timeline } = await readProjectState({ draft: { t: [{ sg }, { sg }, { sg }] } });
    expect(timeline.tracks.map((track) => track.segments.length)).toEqual([900, 100, 0]);
  });

  it("any JSON gives a valid timeline", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), async (draft, sg, media) => {
        for (const state of [
          { draft, generated_media: media, video_infos: media },
          { draft: { t: [{ sg }, sg] } },
          { draft: { t: sg } },
        ]) {
          timelineSchema.parse((await readProjectState(state)).timeline);
        }
      }),
    );
  });

  it("survives a draft nested without end", async () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 5000; depth++) nested = { t: [{ sg: [nested] }] };
    expect((await readProjectState({ draft: nested as object })).timeline.fingerprint).toHaveLength(64);
  });
});

describe("times of a draft", () => {
  const rangeOf = async (state: object) => {
    const segment = (await readProjectState({ ...state })).timeline.tracks[0]?.segments[0];
    return [segment?.startMs, segment?.durationMs];
  };
  const draftOf = (s: number, d: number) => ({ draft: { t: [{ tt: 0, sg: [{ s, d }] }] } });

  it.each<[string, object, unknown[]]>([
    ["seconds that fit the clip", { ...draftOf(0, 10), video_infos: [{ duration: 10 }] }, [0, 10_000]],
    ["seconds of a trimmed clip", { ...draftOf(2, 150), video_infos: [{ duration: 300 }] }, [2000, 150_000]],
    ["seconds of an hour", { ...draftOf(0, 3600), video_infos: [{ duration: 3600 }] }, [0, 3_600_000]],
    ["seconds of a generated clip", { ...draftOf(0, 5), generated_media: { a: { duration: 5 } } }, [0, 5000]],
    ["ms", { ...draftOf(0, 10_000), video_infos: [{ duration: 10 }] }, [0, 10_000]],
    ["ms of a short cut", { ...draftOf(0, 500), video_infos: [{ duration: 10 }] }, [0, 500]],
    ["ms, where no length is known", draftOf(0, 10), [0, 10]],
  ])("are read as %s", async (_, state, want) => {
    expect(await rangeOf(state)).toEqual(want);
  });
});

describe("a sound", () => {
  const roleOf = async (segment: object, track: object = {}) =>
    (
      await readProjectState({
        draft: { t: [{ tt: 1, ...track, sg: [segment] }] },
        video_infos: [{ filename: "beach.mp4", file_type: "video" }],
      })
    ).timeline.tracks[0]?.segments[0]?.role;

  it.each<[string, object, object, string | undefined]>([
    ["a name without a hint", { m: { title: "Lo-fi" } }, {}, undefined],
    ["a name", { m: { title: "Voice-over take 2" } }, {}, "voice"],
    ["a Chinese name", { m: { title: "旁白" } }, {}, "voice"],
    ["its metadata", { m: { title: "x", kind: "tts" } }, {}, "voice"],
    ["its track", { m: { title: "x" } }, { m: { name: "Original audio" } }, "original"],
    ["its file", { m: { title: "x" }, src: "/a/narration_1.wav?sig=1" }, {}, "voice"],
    ["the clip it came with", { m: { title: "beach" } }, {}, "original"],
    ["a sound effect's name", { m: { title: "SFX door" } }, {}, "effect"],
    ["music that is called a voice", { m: { title: "Voices of Spring", category: "music" } }, {}, undefined],
  ])("is known by %s", async (_, segment, track, role) => {
    expect(await roleOf(segment, track)).toBe(role);
  });
});

describe("looks, speed and shape", () => {
  it("are read where the draft has them", async () => {
    const segment = {
      m: { speed: 2, effects: { warm: "on", brightness: "up" }, filters: [{ name: "film_grain" }] },
    };
    expect(await segmentOf(segment)).toMatchObject({
      speed: 2,
      looks: ["warm", "film grain"],
      colour: "brightness up",
    });
    const shape = async (canvas_config: object) =>
      (await readProjectState({ draft: { t: [] }, video_infos: [1], canvas_config })).timeline.shape;
    expect(await shape({ width: 1080, height: 1920, ratio: "original" })).toBe("9:16");
    expect(await shape({ width: 1000, height: 700 })).toBe("1000×700");
    expect(await shape({ ratio: "4:5" })).toBe("4:5");
    expect(await shape({})).toBeUndefined();
  });
});

describe("the fingerprint", () => {
  const state = {
    draft: { t: [{ tt: 0, sg: [{ d: 1, url: "https://cdn/a.mp4?sig=1" }] }] },
    generated_media: { m1: { url: "https://cdn/m.mp4?sig=1" } },
    video_infos: [{ filename: "a.mp4", cdn_url: "https://cdn/a.mp4?sig=1", status: "analysing" }],
    canvas_config: { width: 1080 },
  };

  it.each<[string, object]>([
    [
      "the order of keys",
      { ...state, draft: { t: [{ sg: [{ url: "https://cdn/a.mp4?sig=1", d: 1 }], tt: 0 }] } },
    ],
    [
      "a new signature of a URL",
      { ...state, draft: { t: [{ tt: 0, sg: [{ d: 1, url: "https://cdn/a.mp4?sig=2" }] }] } },
    ],
    ["times of saving", { ...state, draft: { ...state.draft, updated_at: 5, timestamp: 6 } }],
    [
      "an analysis that goes on",
      { ...state, video_infos: [{ filename: "a.mp4", status: "done" }], video_analyses: [1] },
    ],
  ])("does not change with %s", async (_, same) => {
    expect(await fingerprintOf(same)).toBe(await fingerprintOf(state));
  });

  it.each<[string, object]>([
    ["a segment's length", { ...state, draft: { t: [{ tt: 0, sg: [{ d: 2, url: "https://cdn/a.mp4" }] }] } }],
    ["a key we do not know", { ...state, draft: { ...state.draft, filter: "sepia" } }],
    ["generated media", { ...state, generated_media: { m1: {}, m2: {} } }],
    ["another clip", { ...state, video_infos: [...state.video_infos, { filename: "b.mp4" }] }],
    ["the canvas", { ...state, canvas_config: { width: 1920 } }],
    ["no draft any more", { ...state, draft: null }],
  ])("changes with %s", async (_, other) => {
    expect(await fingerprintOf(other)).not.toBe(await fingerprintOf(state));
  });

  it("of a segment covers what we do not understand", async () => {
    expect((await segmentOf({ d: 1, fx: "blur" }))?.fingerprint).not.toBe(
      (await segmentOf({ d: 1 }))?.fingerprint,
    );
  });

  it("tells generated media even before there is a draft", async () => {
    const { timeline, draft } = await readProjectState({ generated_media: [{ id: 1 }] });
    expect(draft).toBeNull();
    expect(timeline.fingerprint).not.toBe(EMPTY_TIMELINE.fingerprint);
  });
});
