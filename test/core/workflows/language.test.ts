import { describe, expect, it } from "vitest";
import { locales } from "../../support/content.ts";
import { CLIP, startScene } from "../../support/test-chat.ts";

const BEN = { id: "test:ben" };
/** What the languages call themselves, ours among them. */
const ALL = locales.languages.map((language) => locales.plain(language, "language.name"));

describe("the language a person is spoken to in", () => {
  it.each([
    { platform: undefined, text: "help", said: "Commands" },
    { platform: "en-GB", text: "help", said: "Commands" },
    { platform: "zh-Hans", text: "help", said: "命令" },
    { platform: "zh_CN", text: "/help", said: "命令" },
    { platform: undefined, text: "帮助", said: "命令" },
    { platform: "gv", text: "help", said: "Commands" },
    { platform: "gv", text: "帮助", said: "命令" },
    { platform: "en", text: "帮助", said: "命令" },
    { platform: "zh", text: "how do I export the video", said: "命令" },
    { platform: "zh", text: "help", said: "命令" },
  ])("with the platform's word $platform and “$text”: $said", async ({ platform, text, said }) => {
    const { chat } = await startScene();
    await chat.asks(text, platform ? { language: platform } : {});
    expect(chat.last.text).toContain(said);
  });

  it("is chosen by button, in the names that the languages give themselves", async () => {
    const { chat } = await startScene();
    await chat.asks("/language");
    expect(chat.buttons).toEqual(ALL);
    expect(ALL).toEqual(expect.arrayContaining(["English", "中文"]));
    await chat.presses("中文");
    expect(chat.last.text).toBe("今后我会用中文和你交流。");
    await chat.asks("help");
    expect(chat.last.text).toContain("命令");
  });

  it("stays what the first words told, also for words that tell nothing or something else", async () => {
    const { chat } = await startScene();
    await chat.asks("你能做什么", { language: "en" });
    await chat.asks("help", { language: "en" });
    expect(chat.last.text).toContain("命令");
    await chat.asks("/help", { language: "en" });
    expect(chat.last.text).toContain("命令");
  });

  it.each(["/language zh", "speak Chinese", "用中文", "/language 中文"])(
    "is chosen with “%s”",
    async (text) => {
      const { chat } = await startScene();
      await chat.asks(text);
      expect(chat.last.text).toBe("今后我会用中文和你交流。");
    },
  );

  it("is said to be missing where there is none, with those we speak", async () => {
    const { chat } = await startScene();
    await chat.asks("/language xx");
    expect(chat.last.text).toContain("I don't speak “xx” yet.");
    expect(chat.buttons).toEqual(ALL);
  });

  it("may be one that the editor alone speaks", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/language gv");
    expect(chat.last.text).toContain("I don't speak Manx myself yet");
    expect(chat.buttons).toEqual(ALL);
    await chat.asks("add a title");
    expect(nemo.requests("POST /api/tasks")[0]?.json).toMatchObject({ language: "gv" });
  });

  it("counts more than the platform's word once it is chosen", async () => {
    const { chat } = await startScene();
    await chat.asks("/language en", { language: "zh" });
    await chat.asks("帮助", { language: "zh" });
    expect(chat.last.text).toContain("Commands");
  });

  it("is each person's own, also in one conversation", async () => {
    const { chat } = await startScene();
    await chat.asks("/language zh");
    await chat.asks("help", { user: BEN });
    expect(chat.last.text).toContain("Commands");
    await chat.asks("help");
    expect(chat.last.text).toContain("命令");
  });

  it("goes with the person into other conversations", async () => {
    const { chat } = await startScene();
    await chat.asks("/language zh", { conversation: "test:1" });
    await chat.asks("help", { conversation: "test:2" });
    expect(chat.last.text).toContain("命令");
  });

  it("is kept over a restart", async () => {
    const { chat, restart } = await startScene({ storage: "disk" });
    await chat.asks("/language zh");
    const next = await restart();
    await next.chat.asks("help");
    expect(next.chat.last.text).toContain("命令");
  });

  it("is the language of the session that is made for them", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/language zh");
    await chat.asks("add a title");
    expect(nemo.requests("POST /api/tasks")[0]?.json).toMatchObject({ language: "zh" });
  });
});

describe("the language of a session", () => {
  it.each([
    { platform: "fr-CA", text: "ajoute un titre", code: "fr" },
    { platform: "en", text: "добавь заголовок", code: "ru" },
    { platform: "uk", text: "додай заголовок", code: "uk" },
    { platform: "en", text: "タイトルを追加して", code: "ja" },
    { platform: "ja", text: "動画編集", code: "ja" },
    { platform: "en", text: "제목을 추가해 줘", code: "ko" },
    { platform: "en", text: "أضف عنوانا", code: "ar" },
    { platform: "en", text: "הוסף כותרת", code: "he" },
    { platform: "en", text: "เพิ่มชื่อเรื่อง", code: "th" },
    { platform: "en", text: "शीर्षक जोड़ें", code: "hi" },
    { platform: "en", text: "加个标题 please", code: "zh" },
    { platform: "en", text: "add the title 你好 at the end", code: "en" },
    { platform: "en", text: 'add "你好，世界"', code: "en" },
    { platform: "en", text: "🔥🔥 123", code: "en" },
    { platform: "en", text: "https://example.com/视频/没有.mp4", code: "en" },
    { platform: "not a code", text: "add a title", code: "en" },
  ])("for “$text” with the platform's word $platform: $code", async ({ platform, text, code }) => {
    const { nemo, chat } = await startScene();
    await chat.asks(text, { language: platform });
    expect(nemo.requests("POST /api/tasks")[0]?.json).toMatchObject({ language: code });
  });

  /** What the agent was told, in order. */
  const told = (nemo: Awaited<ReturnType<typeof startScene>>["nemo"]) =>
    nemo.requests("POST /run_sse").map((request) => {
      const { new_message } = request.json as { new_message: { parts: { text: string }[] } };
      return new_message.parts.map((part) => part.text).join("\n");
    });

  it("changes with the next turn, is said once, and never shown", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    await chat.asks('add the title "A"');
    await chat.asks("/language zh");
    await chat.asks('add the title "B"');
    await chat.asks('add the title "C"');
    expect(told(nemo)).toEqual([
      'add the title "A"',
      '(Please answer in Chinese.)\nadd the title "B"',
      'add the title "C"',
    ]);
    expect(chat.last.text).toContain("标题");
    expect(chat.text).not.toContain("Please answer");
  });

  it("is said again when the turn did not come to a good end, and is no part of what is repeated", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    await chat.asks("/language zh");
    nemo.scenario.add({ on: "turn", do: { kind: "drop", when: "after-headers" } });
    await chat.asks('add the title "B"');
    await chat.presses("重试");
    expect(told(nemo)).toEqual([
      '(Please answer in Chinese.)\nadd the title "B"',
      '(Please answer in Chinese.)\nadd the title "B"',
    ]);
    expect(chat.text).not.toContain("Please answer");
  });

  it("is said with the turn after when it changes during one", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({
      on: "turn",
      do: {
        kind: "steps",
        steps: [
          { kind: "hold", name: "slow" },
          { kind: "text", text: "All done." },
        ],
      },
    });
    await chat.says('add the title "A"');
    await chat.until(() => told(nemo).length === 1);
    await chat.says("/language zh");
    await chat.until(() => chat.text.includes("今后我会用中文和你交流。"));
    nemo.scenario.release("slow");
    await chat.bot.queue.idle();
    await chat.asks('add the title "B"');
    expect(told(nemo)).toEqual(['add the title "A"', '(Please answer in Chinese.)\nadd the title "B"']);
  });

  it("is that of who began the project, whoever else writes in a group", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    await chat.asks("加个标题", { user: BEN });
    expect(told(nemo)).toEqual(["加个标题"]);
  });
});
