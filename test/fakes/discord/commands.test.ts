import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeDiscord, startFakeDiscord } from "./fake-discord.ts";
import { rest } from "./rest-client.ts";
import type { JsonObject } from "./wire.ts";

let fake: FakeDiscord;

beforeEach(async () => {
  fake = await startFakeDiscord();
});

afterEach(() => fake.stop());

const path = () => `/applications/${fake.applicationId}/commands`;
const put = (...commands: JsonObject[]) => rest(fake, "PUT", path(), commands);
const option = (name: string, more: JsonObject = {}) => ({ type: 3, name, description: "d", ...more });
const edit = (more: JsonObject = {}) => ({ name: "edit", description: "Edit a video", ...more });

describe("registering commands", () => {
  it("keeps ids of names that stay, and counts creations", async () => {
    const menu = { type: 3, name: "Edit this video", integration_types: [0, 1], contexts: [0, 1, 2] };
    const { status } = await put(edit({ options: [option("prompt", { required: true })] }), menu);
    expect(status).toBe(200);
    const before = fake.commands.find("edit")?.id;
    await put(edit({ description: "Another" }));
    expect(fake.commands.find("edit")?.id).toBe(before);
    expect([fake.commands.creates, fake.commands.writes]).toEqual([2, 2]);
  });

  it("gives localizations back only when asked", async () => {
    await put(edit({ name_localizations: { "zh-CN": "剪辑" } }));
    const plain = await rest(fake, "GET", path());
    const full = await rest(fake, "GET", `${path()}?with_localizations=true`);
    expect((plain.body as unknown as JsonObject[])[0]).not.toHaveProperty("name_localizations");
    expect((full.body as unknown as JsonObject[])[0]).toHaveProperty("name_localizations.zh-CN", "剪辑");
  });

  it.each<[string, JsonObject]>([
    ["capitals in a slash command", edit({ name: "Edit" })],
    ["white space in a slash command", edit({ name: "edit it" })],
    ["a name of 33 characters", edit({ name: "x".repeat(33) })],
    ["no description", { name: "edit" }],
    ["a description of 101 characters", edit({ description: "x".repeat(101) })],
    [
      "an optional option before a required one",
      edit({ options: [option("a"), option("b", { required: true })] }),
    ],
    ["two options of one name", edit({ options: [option("a"), option("a")] })],
    ["26 options", edit({ options: Array.from({ length: 26 }, (_, index) => option(`o${index}`)) })],
    [
      "choices and autocomplete",
      edit({ options: [option("a", { autocomplete: true, choices: [{ name: "x", value: "x" }] })] }),
    ],
    [
      "a number as choice of a text",
      edit({ options: [option("a", { choices: [{ name: "x", value: 1 }] })] }),
    ],
    ["a file filter on a text", edit({ options: [option("a", { file_types: ["video"] })] })],
    ["a description on a context-menu command", { type: 3, name: "Edit", description: "x" }],
    ["an unknown locale", edit({ name_localizations: { zh: "x" } })],
    ["an unknown context", edit({ contexts: [3] })],
    ["no integration type", edit({ integration_types: [] })],
    [
      "more than 8000 characters",
      edit({
        options: Array.from({ length: 25 }, (_, o) =>
          option(`o${o}`, {
            choices: Array.from({ length: 25 }, (_, c) => ({
              name: `${c}`.padEnd(10, "n"),
              value: "v".repeat(10),
            })),
          }),
        ),
      }),
    ],
  ])("refuses %s", async (_, command) => {
    expect((await put(command)).body).toMatchObject({ code: 50035, message: "Invalid Form Body" });
    expect(fake.commands.list()).toEqual([]);
  });

  it("refuses two of one name, and 16 context-menu commands", async () => {
    expect((await put(edit(), edit())).body.code).toBe(50035);
    const menus = Array.from({ length: 16 }, (_, index) => ({ type: 3, name: `menu ${index}` }));
    expect((await put(...menus)).body.code).toBe(30032);
  });

  it("stops after 200 creations", async () => {
    for (let day = 0; day < 2; day += 1)
      await put(...Array.from({ length: 100 }, (_, index) => edit({ name: `c${day}-${index}` })));
    expect((await put(edit())).body.code).toBe(30034);
  });

  it("is for the bot's own application", async () => {
    expect((await rest(fake, "PUT", "/applications/1/commands", [])).body.code).toBe(10002);
  });
});
