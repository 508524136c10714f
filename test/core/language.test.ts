import { describe, expect, it } from "vitest";
import { startScene } from "../support/test-chat.ts";

const BEN = { id: "test:ben" };

describe("the language a person is spoken to in", () => {
  it.each([
    { platform: undefined, text: "help", said: "Commands" },
    { platform: "en-GB", text: "help", said: "Commands" },
    { platform: "zh-Hans", text: "help", said: "命令" },
    { platform: "zh_CN", text: "/help", said: "命令" },
    { platform: undefined, text: "帮助", said: "命令" },
    { platform: "fr", text: "help", said: "Commands" },
    { platform: "fr", text: "帮助", said: "命令" },
    { platform: "en", text: "帮助", said: "Commands" },
  ])("with the platform's word $platform and “$text”: $said", async ({ platform, text, said }) => {
    const { chat } = await startScene();
    await chat.asks(text, platform ? { language: platform } : {});
    expect(chat.last.text).toContain(said);
  });

  it("is chosen by button, in the names that the languages give themselves", async () => {
    const { chat } = await startScene();
    await chat.asks("/language");
    expect(chat.buttons).toEqual(["English", "中文"]);
    await chat.presses("中文");
    expect(chat.last.text).toBe("从现在起我用中文和您交流。");
    await chat.asks("help");
    expect(chat.last.text).toContain("命令");
  });

  it.each(["/language zh", "speak Chinese", "用中文", "/language 中文"])(
    "is chosen with “%s”",
    async (text) => {
      const { chat } = await startScene();
      await chat.asks(text);
      expect(chat.last.text).toBe("从现在起我用中文和您交流。");
    },
  );

  it("is said to be missing where we do not speak it, with those we do", async () => {
    const { chat } = await startScene();
    await chat.asks("/language fr");
    expect(chat.last.text).toContain('I do not speak "fr" yet.');
    expect(chat.buttons).toEqual(["English", "中文"]);
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
