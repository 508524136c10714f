import { describe, expect, it } from "vitest";
import { startScene } from "../../support/test-chat.ts";

const SKILLS = ["Change Background", "Film Maker", "Free Image Editing", "Remove and Replace Objects"];

describe("the list of skills", () => {
  it("names each skill with what it does, and marks the active one", async () => {
    const { chat } = await startScene();
    await chat.asks("/skill");
    expect(chat.buttons).toEqual(SKILLS);
    expect(chat.last.text).toContain("• Film Maker ✓: Turns raw footage into a finished film, with");
    expect(chat.last.text.match(/✓/g)).toHaveLength(1);
  });

  it("is answered before there is a session, in the person's language", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("技能", { language: "zh" });
    expect(chat.last.text).toContain("• 电影制作 ✓");
    expect(nemo.requests()).toEqual([]);
  });

  it("comes with a plain sentence when a name is unknown", async () => {
    const { chat } = await startScene();
    await chat.asks("/skill juggling");
    expect(chat.last.text).toContain("There's no skill named “juggling”.");
    expect(chat.buttons).toHaveLength(4);
  });
});

describe("switching the skill", () => {
  it("works by button, by command and in free words", async () => {
    const { chat } = await startScene();
    await chat.asks("/skill");
    await chat.presses("Free Image Editing");
    expect(chat.last.text).toContain("Switched to Free Image Editing. Your project is unchanged.");
    await chat.asks("/skill video-object-ops");
    expect(chat.last.text).toContain("Switched to");
    await chat.asks("switch to the film-maker skill");
    expect(chat.last.text).toContain("Switched to Film Maker");
  });

  it("keeps the project and its session", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks('add the title "Hello"');
    await chat.asks("/skill free-image-editing");
    await chat.asks("/status");
    expect(chat.last.text).toContain("Hello");
    expect(nemo.requests("POST /api/tasks")).toHaveLength(1);
  });

  it("changes the attribution of every later request", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status");
    await chat.asks("/skill free-image-editing");
    const before = nemo.requests().length;
    await chat.asks('add the title "Hello"');
    const later = nemo.requests().slice(before);
    expect(later.length).toBeGreaterThan(0);
    for (const request of later) expect(request.headers["x-skill-source"]).toBe("free-image-editing");
  });

  it("is kept for this conversation alone, also after a restart", async () => {
    const { nemo, chat, restart } = await startScene({ storage: "disk" });
    await chat.asks("/skill free-image-editing", { conversation: "test:1" });
    await chat.asks("/skill", { conversation: "test:2" });
    expect(chat.last.text).toContain("• Film Maker ✓");
    const next = await restart();
    await next.chat.asks("/skill", { conversation: "test:1" });
    expect(next.chat.last.text).toContain("• Free Image Editing ✓");
    await next.chat.asks('add the title "Hello"', { conversation: "test:1" });
    expect(nemo.requests("POST /api/tasks").at(-1)?.headers["x-skill-source"]).toBe("free-image-editing");
  });

  it("gives way to the default when the chosen skill was uninstalled", async () => {
    const { nemo, chat, restart } = await startScene({ storage: "disk" });
    await chat.asks("/skill free-image-editing");
    await chat.bot.store.update("test:1", (current) => {
      if (!current) throw new Error("the choice was not stored");
      return { ...current, skill: "gone-since" };
    });
    const next = await restart();
    await next.chat.asks("/skill");
    expect(next.chat.last.text).toContain("• Film Maker ✓");
    await next.chat.asks('add the title "Hello"');
    expect(nemo.requests("POST /api/tasks").at(-1)?.headers["x-skill-source"]).toBe("film-maker");
  });
});
