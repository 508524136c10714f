import { describe, expect, it } from "vitest";
import { type Json, person, sandboxFor } from "../client.ts";

/** Every project starts with one clip of 10 s. */
const CLIP = "0: clip 0-10000";

describe("the draft after the words", () => {
  it.each([
    ["trim to 5 seconds", ["0: clip 0-5000"]],
    ["trim it to the first five seconds", ["0: clip 0-5000"]],
    ["cut from 2s to 6s", ["0: clip 0-4000"]],
    ["keep the part between 0:02 and 0:04", ["0: clip 0-2000"]],
    ["remove the first 3 seconds", ["0: clip 0-7000"]],
    ["keep the last 4 seconds", ["0: clip 0-4000"]],
    ['add a title "Urban Dreams"', [CLIP, "7: Urban Dreams 0-3000"]],
    ["add a title “Remove music, trim to 2 seconds”", [CLIP, "7: Remove music, trim to 2 seconds 0-3000"]],
    ["add lo-fi music at 35% volume", [CLIP, "1: Lo-fi 0-10000"]],
    ["add some jazz BGM and trim to 4 seconds", ["0: clip 0-4000", "1: Jazz 0-4000"]],
    ["speed it up 2x", ["0: clip 0-5000"]],
    ["slow down 2x", ["0: clip 0-20000"]],
    ["remove clip 1", []],
    ["剪到5秒", ["0: clip 0-5000"]],
    ["只保留前三秒", ["0: clip 0-3000"]],
    ["从2秒到6秒裁剪", ["0: clip 0-4000"]],
    ["剪掉前3秒", ["0: clip 0-7000"]],
    ["加标题“你好世界”", [CLIP, "7: 你好世界 0-3000"]],
    ["添加字幕「夏天」", [CLIP, "7: 夏天 0-3000"]],
    ["加一段轻松的音乐，音量35%", [CLIP, "1: Chill 0-10000"]],
    ["两倍速播放", ["0: clip 0-5000"]],
    ["减速到0.5倍", ["0: clip 0-20000"]],
    ["删除第一段", []],
  ])("%s", async (words, tracks) => {
    const someone = await person(await sandboxFor(), { clip: true });
    await someone.turn(words);
    expect(await someone.tracks()).toEqual(tracks);
  });

  it.each([
    ["replace the background with a clean office scene", { background: "a clean office scene" }],
    ["把背景换成海边日落", { background: "海边日落" }],
    ["make it brighter", { effects: { brightness: "up" } }],
    ["把画面调成暖色", { effects: { warm: "on" } }],
    ["make it black and white", { effects: { "black-and-white": "on" } }],
    ["remove the background person", { effects: { "remove-object": "the background person" } }],
  ])("%s is kept with the clip", async (words, meta) => {
    const someone = await person(await sandboxFor(), { clip: true });
    await someone.turn(words);
    expect(await someone.state()).toMatchObject({ draft: { t: [{ tt: 0, sg: [{ m: meta }] }] } });
  });

  it.each([["mute it"], ["静音"], ["remove the sound"]])(
    "%s leaves the clip without sound",
    async (words) => {
      const someone = await person(await sandboxFor(), { clip: true });
      await someone.turn(words);
      expect(await someone.state()).toMatchObject({ draft: { t: [{ sg: [{ v: 0 }] }] } });
    },
  );

  it.each([["make it vertical"], ["9:16"], ["改成竖屏"]])("%s turns the canvas", async (words) => {
    const someone = await person(await sandboxFor(), { clip: true });
    await someone.turn(words);
    expect(await someone.state()).toMatchObject({
      canvas_config: { width: 1080, height: 1920, ratio: "9:16" },
    });
  });

  it.each([["remove the title and the music"], ["删除标题和音乐"]])(
    "%s takes both away again",
    async (words) => {
      const someone = await person(await sandboxFor(), { clip: true });
      await someone.turn('add a title "Hi" and add music');
      expect(await someone.tracks()).toHaveLength(3);
      await someone.turn(words);
      expect(await someone.tracks()).toEqual([CLIP]);
    },
  );

  it.each([["set the music volume to 20%"], ["音乐音量调到20%"]])(
    "%s changes the music only",
    async (words) => {
      const someone = await person(await sandboxFor(), { clip: true });
      await someone.turn("add lo-fi music");
      await someone.turn(words);
      expect(await someone.state()).toMatchObject({
        draft: { t: [{ sg: [{ v: 1 }] }, { sg: [{ v: 0.2 }] }] },
      });
    },
  );
});

describe("a generation", () => {
  it.each([
    ["en", "generate an 8 second video of a city at night", "a city at night", 8],
    ["zh", "生成一段5秒的海边日落视频", "海边日落", 5],
    ["en", "make me a video about coffee", "coffee", 6],
  ])("(%s) needs no upload and comes in two stages", async (language, words, about, seconds) => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { language });
    const stream = await someone.turn(words);
    const calls = [...stream.text.matchAll(/"operation":"([a-z]+)"/g)].map((match) => match[1]);
    expect(calls).toEqual(["generate", "music", "title", "effect"]);
    const state = await someone.state();
    expect(state).toMatchObject({
      draft: { d: seconds * 1000, t: [{ tt: 0 }, { tt: 1 }, { tt: 7 }] },
      generated_media: [{ prompt: expect.stringContaining(about), duration: seconds }],
    });
  });
});

describe("words that call for nothing", () => {
  it.each([
    ["en", "hello there", "I can trim your clip"],
    ["zh", "你好", "我可以剪辑视频"],
    ["en", "export", "Click the Export button"],
    ["zh", "导出", "点击导出按钮"],
  ])("(%s) %s gets an answer and changes nothing", async (language, words, answer) => {
    const someone = await person(await sandboxFor(), { clip: true, language });
    const before = await someone.state();
    expect((await someone.turn(words)).text).toContain(answer);
    expect(await someone.state()).toEqual(before);
  });

  it("asks for a clip when there is none to edit", async () => {
    const someone = await person(await sandboxFor());
    expect((await someone.turn("trim to 5 seconds")).text).toContain("Open the Media panel");
  });
});

describe("chance", () => {
  const EDITS = 80;

  async function silences(seed: number): Promise<string> {
    const someone = await person(await sandboxFor({ seed, silentShare: 0.3, credits: 1000 }), { clip: true });
    let pattern = "";
    for (let index = 0; index < EDITS; index += 1) {
      const { text } = await someone.turn(`add a title "${index}"`);
      pattern += text.includes("I added the title") ? "t" : "-";
    }
    const titles = (await someone.tracks()).length - 1;
    expect(titles).toBe(EDITS);
    return pattern;
  }

  it("leaves about 30 % of the edits without a word, the same ones for the same seed", async () => {
    const pattern = await silences(7);
    const silent = pattern.replaceAll("t", "").length;
    expect(silent / EDITS).toBeGreaterThan(0.2);
    expect(silent / EDITS).toBeLessThan(0.4);
    expect(await silences(7)).toBe(pattern);
    expect(await silences(8)).not.toBe(pattern);
  });

  it("speaks of a GUI now and then", async () => {
    const someone = await person(await sandboxFor({ guiShare: 1 }), { clip: true });
    const { text } = await someone.turn("trim to 5 seconds");
    expect(text).toMatch(/Export|timeline|panel|drop|billing/);
  });
});

describe("the state", () => {
  it("names session, task and user beside the project", async () => {
    const someone = await person(await sandboxFor(), { clip: true });
    const { json } = await someone.get(`/api/state/nemo_agent/me/${someone.sessionId}/latest`);
    const expected: Record<string, unknown> = { session_id: someone.sessionId, task_id: someone.taskId };
    expect(json).toMatchObject({ code: 0, data: expected });
    expect(Object.keys(json.data?.state as Json).sort()).toEqual(
      ["canvas_config", "draft", "generated_media", "video_analyses", "video_infos"].sort(),
    );
  });
});
