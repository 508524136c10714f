import { describe, expect, it } from "vitest";
import { actionSchema } from "../../src/core/model/message.ts";
import { startTitledScene } from "../support/scenes.ts";
import { CLIP, file, LIVELY, startScene } from "../support/test-chat.ts";

describe("a message beyond the limits", () => {
  it.each([
    { language: "en", said: "That's too long (max 8000 characters)." },
    { language: "zh", said: "消息太长了（上限 8000 个字符）。" },
  ])("of length is refused in words, and nothing is sent ($language)", async ({ language, said }) => {
    const { nemo, chat } = await startScene();
    await chat.asks("a".repeat(8_001), { language });
    expect(chat.last.text).toContain(said);
    expect(nemo.requests()).toEqual([]);
  });

  it("of length starts behind the last character that fits", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("a ".repeat(4_000));
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it.each([
    { language: "en", said: "Too many files at once (max 10)" },
    { language: "zh", said: "一次发送的文件太多了（上限 10 个）" },
  ])("of files is refused in words, and nothing is sent ($language)", async ({ language, said }) => {
    const { nemo, chat } = await startScene();
    await chat.asks("", { language, attachments: Array.from({ length: 11 }, () => file(CLIP)) });
    expect(chat.last.text).toContain(said);
    expect(nemo.requests()).toEqual([]);
  });
});

describe("a message that says nothing", () => {
  it.each(["", "   ", "\n\t", "?"])("(%j) is answered with help", async (text) => {
    const { nemo, chat } = await startScene();
    await chat.asks(text);
    expect(chat.last.text).toContain("Commands");
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });

  it("an empty prompt behind a button is answered with help too", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("", { action: { kind: "edit", text: "  " } });
    expect(chat.last.text).toContain("Commands");
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });
});

describe("a message in strange characters", () => {
  it.each([
    "👩‍👩‍👧‍👦 add a title 🎬",
    "مرحبا أضف عنوانا",
    "add\u0000 a title\u0007",
    "add a title \ud800",
    "a line\u2028and another",
    "**bold** `code` [x](https://example.org) <b>tag</b> {name}",
    "/unknown_command with words",
    "{limit} {elapsed}",
  ])("(%j) gets an end", async (text) => {
    const { chat, log } = await startScene();
    await chat.asks(text);
    expect(chat.last.text).not.toBe("");
    expect(chat.last.tone).not.toBe("error");
    expect(log.lines.filter((line) => line.startsWith("error"))).toEqual([]);
  });

  it("reaches the agent as it was written", async () => {
    const { nemo, chat } = await startScene();
    const text = 'add the title "Añadir 🎬 **bold** {x}"';
    await chat.asks(text);
    expect(nemo.requests("POST /run_sse")[0]?.json).toMatchObject({ new_message: { parts: [{ text }] } });
  });

  it("as a file's name is shown as it is, never read as markup or as a placeholder", async () => {
    const { chat } = await startScene();
    await chat.asks("", { attachments: [file(CLIP, { name: "**{facts}** [x](https://example.org).pdf" })] });
    expect(chat.last.text).toContain("I can't edit **{facts}** [x](https://example.org).pdf.");
  });
});

describe("what the adapters are given", () => {
  it("is plain data, from the first status to the video", async () => {
    const { chat } = await startTitledScene({ limits: LIVELY });
    for (const text of ["/help", "/skill", "/language", "/status", "/credits", "export"])
      await chat.asks(text);
    expect(chat.given.length).toBeGreaterThan(8);
    expect(chat.given[0]?.tone).toBe("progress");
    for (const message of chat.given) {
      expect(JSON.parse(JSON.stringify(message))).toEqual(message);
      for (const span of message.text) if (span.href) expect(span.href).toMatch(/^https?:/);
    }
    expect(chat.last.raw.video).toMatchObject({ name: "clip-1.mp4" });
  });

  it("holds words in every button, and an action or an address behind it", async () => {
    const { chat } = await startTitledScene();
    await chat.asks("/help");
    await chat.asks("export");
    const buttons = chat.given.flatMap((message) => message.buttons.flat());
    expect(buttons.length).toBeGreaterThan(8);
    for (const button of buttons) {
      expect(button.label.trim()).not.toBe("");
      if (button.kind === "link") expect(button.href).toMatch(/^https?:/);
      else expect(actionSchema.safeParse(button.action).success).toBe(true);
    }
  });
});

describe("a conversation", () => {
  it("does not see what another one does", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks('add the title "Mine"', { conversation: "test:1" });
    await chat.asks("/status", { conversation: "test:2" });
    expect(chat.last.text).toBe("The timeline is empty.");
    expect(nemo.requests("POST /api/tasks")).toHaveLength(2);
  });

  it("goes on when the platform does not take a message", async () => {
    const { nemo, chat, log } = await startScene();
    await chat.asks("/start");
    chat.failNextSends = 1;
    await chat.asks('add the title "Lost"');
    await chat.asks('add the title "Seen"');
    expect(chat.last.text).toContain("Seen");
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect(log.lines).toContainEqual(expect.stringMatching(/^error a message was not sent/));
  });
});
