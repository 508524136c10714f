/** The projects of a conversation: a new one asks first, the old one stays and can be opened again. */
import { describe, expect, it } from "vitest";
import { CLIP, type Scene, startScene } from "../../support/test-chat.ts";

/** The sessions that were made, by how many. */
const sessions = ({ nemo }: Scene) => nemo.requests("POST /api/tasks/me/with-session").length;

/** Two projects: "Beach" that was left, and one with the title "City" that is open. */
async function startTwo(options: Parameters<typeof startScene>[0] = {}) {
  const scene = await startScene(options);
  const { chat } = scene;
  await chat.sendsFile(CLIP, 'add the title "Beach"');
  await chat.asks("/skill video-object-ops");
  await chat.asks("new project");
  await chat.presses("Start new");
  await chat.asks('make a video of the city, with the title "City"');
  return scene;
}

/** The label of the only project that is offered. */
const offered = ({ chat }: Scene) => chat.buttons.at(-1) ?? "";

describe("a new project", () => {
  it.each([
    { language: "en", say: "new project", ask: "Start a new project? The old one stays in /projects." },
    { language: "zh", say: "新项目", ask: "要新建一个项目吗？旧项目会保留在 /projects 里。" },
  ])("asks first when there is something on the timeline ($language)", async ({ language, say, ask }) => {
    const scene = await startScene();
    await scene.chat.sendsFile(CLIP, 'add the title "Beach"', { language });
    expect(await scene.chat.asks(say, { language })).toEqual([ask]);
    expect(sessions(scene)).toBe(1);
  });

  it("is not opened by [Keep going]", async () => {
    const scene = await startScene();
    const { chat } = scene;
    await chat.sendsFile(CLIP, 'add the title "Beach"');
    await chat.asks("new project");
    expect(await chat.presses("Keep going")).toEqual(["OK, let's go on with this one."]);
    expect(sessions(scene)).toBe(1);
  });

  it("is opened without a question when nothing is there, and leaves nothing behind", async () => {
    const scene = await startScene();
    const { chat } = scene;
    await chat.asks("/status");
    expect((await chat.asks("new project")).join()).toContain("New project started");
    expect((await chat.asks("my projects")).join()).toContain("There's no other project here yet");
  });

  it("is opened once, however often the button is pressed", async () => {
    const scene = await startScene();
    const { chat } = scene;
    await chat.sendsFile(CLIP, 'add the title "Beach"');
    await chat.asks("new project");
    await chat.presses("Start new");
    await chat.presses("Start new");
    expect(sessions(scene)).toBe(2);
    await chat.asks('make a video of the city, with the title "City"');
    // What is there now was not what the button asked about.
    expect((await chat.presses("Start new")).join()).toContain("Start a new project?");
    expect(sessions(scene)).toBe(2);
  });
});

describe("the list of projects", () => {
  it.each(["/projects", "my projects", "我的项目"])("opens with “%s” and names each one", async (text) => {
    const scene = await startTwo();
    const [list] = await scene.chat.asks(text);
    expect(list).toMatch(/Your projects|你的项目/);
    expect(list).toMatch(/• make a video of the city.* ✓/);
    expect(list).toMatch(/• clip · /);
    expect(offered(scene)).toMatch(/^clip · /);
  });

  it("leads back to a project with its session, files and skill", async () => {
    const scene = await startTwo();
    const { chat, nemo } = scene;
    await chat.asks("/skill film-maker");
    await chat.asks("my projects");
    const [opened] = await chat.presses(offered(scene));
    expect(opened).toContain("You're back in “clip”.");
    expect(opened).toContain("Beach");
    expect((await chat.asks("skills")).join()).toMatch(/Object.* ✓/);
    await chat.asks('add the title "Two"');
    expect((await chat.asks("status")).join()).toMatch(/Beach[\s\S]*Two/);
    expect(sessions(scene)).toBe(2);
    nemo.command("lose");
    expect((await chat.asks("status")).length).toBeGreaterThan(0);
    expect(chat.buttons).toContain("Re-upload my last files");
  });

  it("leads back by the name that somebody calls a project", async () => {
    const scene = await startTwo();
    const { chat } = scene;
    expect((await chat.asks("switch to the clip project")).join()).toContain("You're back in “clip”.");
    expect((await chat.asks("go back to the city project")).join()).toContain("You're back in “make a video");
    expect((await chat.asks("open the wedding project")).join()).toContain("find a project called “wedding”");
  });

  it("offers all whose name fits, however it is written", async () => {
    const { chat } = await startTwo();
    await chat.asks("new project");
    await chat.presses("Start new");
    await chat.asks("make a video of the city by night");
    const said = (await chat.asks("switch to the City project")).join();
    expect(said).not.toContain("can't find a project");
  });

  it("survives a restart, its buttons too", async () => {
    const scene = await startTwo({ storage: "disk" });
    await scene.chat.asks("my projects");
    const action = scene.chat.actionOf(offered(scene));
    const { chat } = await scene.restart();
    expect((await chat.asks("", { action })).join()).toContain("You're back in “clip”.");
  });

  it("holds the last ten", async () => {
    const scene = await startScene();
    const { chat } = scene;
    for (let count = 1; count <= 12; count++) {
      await chat.asks(`make a video of number ${count}`);
      if (count === 12) break;
      await chat.asks("new project");
      await chat.presses("Start new");
    }
    await chat.asks("my projects");
    expect(chat.buttons).toHaveLength(9);
    expect(chat.last.text).toContain("number 12 ✓");
    expect(chat.last.text).toContain("number 3 ·");
    expect(chat.last.text).not.toContain("number 2 ·");
  }, 60_000);

  it("says that a project is lost, drops it, and leaves the open one alone", async () => {
    const scene = await startTwo();
    const { chat, nemo } = scene;
    await chat.asks("my projects");
    nemo.scenario.add({ on: "state", do: { kind: "error", code: 1002 } });
    expect((await chat.presses(offered(scene))).join()).toContain("The editor no longer has “clip”");
    expect((await chat.asks("status")).join()).toContain("City");
    expect((await chat.asks("my projects")).join()).toContain("There's no other project here yet");
  });
});

describe("switching", () => {
  it("waits its turn behind a running edit", async () => {
    const scene = await startTwo();
    const { chat, nemo } = scene;
    await chat.asks("my projects");
    const action = chat.actionOf(offered(scene));
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "edit" } });
    await chat.says('add the title "Late"');
    await nemo.scenario.held("edit");
    await chat.says("", { action });
    await chat.until(() => chat.text.includes("in the queue"));
    nemo.scenario.release("edit");
    await chat.bot.queue.idle();
    expect(chat.text.indexOf('title "Late"')).toBeLessThan(chat.text.indexOf("You're back in “clip”."));
    expect((await chat.asks("status")).join()).not.toContain("Late");
  });

  it("leaves the export of the old project to be delivered", async () => {
    const scene = await startScene();
    const { chat, nemo } = scene;
    await chat.sendsFile(CLIP, 'add the title "Beach"');
    nemo.scenario.add({ on: "render", do: { kind: "render", ms: 1_500 } });
    await chat.says("export");
    await chat.until(() => chat.text.includes("Rendering your video"));
    await chat.says("new project");
    await chat.until(() => chat.text.includes("Start a new project?"));
    await chat.says("", { action: chat.actionOf("Start new") });
    await chat.bot.queue.idle();
    expect(chat.text).toContain("New project started");
    expect(chat.text).toContain("Your video is ready");
  });

  it("is for who began the open project, and who manages the chat", async () => {
    const scene = await startTwo();
    const { chat } = scene;
    await chat.asks("my projects");
    const label = offered(scene);
    const ben = { id: "test:ben" };
    expect((await chat.presses(label, { user: ben })).join()).toContain("Only the person who started");
    const mia = { id: "test:mia", canManage: true };
    expect((await chat.presses(label, { user: mia })).join()).toContain("You're back in “clip”.");
  });
});
