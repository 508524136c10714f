/** What is for one person alone never stands in a group. */
import { describe, expect, it } from "vitest";
import { clipBytes } from "../../../support/test-chat.ts";
import { PATIENTLY, startTelegramScene, type TelegramScene, until } from "../scene.ts";

/** Anna and Ben in a group; Anna has opened her chat with the bot unless she is `shy`. */
function people({ telegram }: TelegramScene, { isShy = false } = {}) {
  const anna = telegram.user({ first_name: "Anna" });
  const ben = telegram.user({ first_name: "Ben" });
  const chat = telegram.privateChat({ ...anna, isOpened: !isShy });
  return { anna, ben, chat, group: telegram.group({ members: [anna, ben] }) };
}

const MONEY = /credit|available|plan|top up|regist|bind=|clm_/i;

/** Everything the bot has shown to everybody in a chat, earlier versions and buttons included. */
function seenByAll(group: ReturnType<typeof people>["group"]): string {
  return JSON.stringify(group.botMessages().map(({ history, buttons }) => [history, buttons]));
}

describe.concurrent("credits that are asked for in a group", () => {
  it("come in the person's own chat, and the group hears that they did", async () => {
    await using scene = await startTelegramScene();
    const { anna, chat, group } = people(scene);
    group.say("/credits@nemobot", { from: anna });
    await chat.nextBotMessage((message) => message.text.includes("100 available"), PATIENTLY);
    await group.nextBotMessage((message) => message.text.includes("answered you privately"), PATIENTLY);
    group.say("@nemobot credits", { from: anna });
    await chat.nextBotMessage((message) => message.text.includes("100 available"), PATIENTLY);
    await group.nextBotMessage((message) => message.text.includes("answered you privately"), PATIENTLY);
    expect(seenByAll(group)).not.toMatch(MONEY);
  }, 60_000);

  it("wait behind a button where the bot may not write first, for that person alone", async () => {
    await using scene = await startTelegramScene();
    const { anna, chat, group } = people(scene, { isShy: true });
    group.say("/credits@nemobot", { from: anna });
    const asked = await group.nextBotMessage((message) => message.text.includes("Open our chat"), PATIENTLY);
    const url = asked.buttons.flat()[0]?.url ?? "";
    expect(url).toMatch(/^https:\/\/t\.me\/nemobot\?start=private_[\w-]{22}$/);
    const payload = url.split("start=")[1];
    expect(seenByAll(group)).not.toMatch(MONEY);
    const stranger = scene.telegram.privateChat();
    stranger.say(`/start ${payload}`);
    await stranger.nextBotMessage((message) => message.text.includes("That answer is gone"), PATIENTLY);
    await scene.restart();
    chat.say(`/start ${payload}`);
    await chat.nextBotMessage((message) => message.text.includes("100 available"), PATIENTLY);
    expect(stranger.botMessages()).toHaveLength(1);
  }, 60_000);

  it.each(["10.2", "10.3"] as const)(
    "come as an ephemeral message where the bot is an admin (Bot API %s)",
    async (version) => {
      await using scene = await startTelegramScene({ telegram: { version } });
      const { anna, ben, chat, group } = people(scene);
      group.promote();
      group.say("/credits@nemobot", { from: anna });
      await until(() => group.ephemeralMessages(anna).length > 0);
      expect(group.ephemeralMessages(anna)[0]?.text).toContain("100 available");
      expect(group.ephemeralMessages(ben)).toEqual([]);
      expect(chat.botMessages()).toEqual([]);
      expect(seenByAll(group)).not.toMatch(MONEY);
      expect(scene.telegram.violations()).toEqual([]);
    },
    60_000,
  );

  it("come as an ephemeral message to the person who has just pressed for them", async () => {
    await using scene = await startTelegramScene();
    const { anna, ben, group } = people(scene);
    group.say("/help@nemobot", { from: anna });
    const help = await group.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    group.press(help, "Credits", { from: ben });
    await until(() => group.ephemeralMessages(ben).length > 0);
    expect(group.ephemeralMessages(ben)[0]?.text).toContain("100 available");
    expect(seenByAll(group)).not.toContain("available");
  }, 60_000);

  it("are never sent as ephemeral to a server that would show them to everybody", async () => {
    await using scene = await startTelegramScene({ telegram: { version: "10.1" } });
    const { anna, chat, group } = people(scene);
    group.promote();
    for (let count = 0; count < 2; count++) {
      group.say("/credits@nemobot", { from: anna });
      await chat.nextBotMessage((message) => message.text.includes("100 available"), PATIENTLY);
    }
    expect(seenByAll(group)).not.toMatch(MONEY);
    expect(scene.telegram.calls("deleteEphemeralMessage")).toHaveLength(1);
  }, 60_000);

  it("are not tried as ephemeral again in a group that has refused it", async () => {
    await using scene = await startTelegramScene();
    const { anna, chat, group } = people(scene);
    for (let count = 0; count < 3; count++) {
      group.say("/credits@nemobot", { from: anna });
      await chat.nextBotMessage((message) => message.text.includes("100 available"), PATIENTLY);
    }
    const tried = scene.telegram.calls("sendMessage").filter(({ params }) => params.receiver_user_id);
    expect(tried).toHaveLength(1);
  }, 60_000);

  it("stay unsaid to an admin who stays anonymous", async () => {
    await using scene = await startTelegramScene();
    const { group } = people(scene);
    group.say("/credits@nemobot", { isAnonymous: true });
    const asked = await group.nextBotMessage((message) => message.text.includes("Open our chat"), PATIENTLY);
    expect(asked.buttons.flat()[0]?.url).toBe("https://t.me/nemobot");
    expect(seenByAll(group)).not.toMatch(MONEY);
  }, 60_000);
});

describe.concurrent("in a group", () => {
  it.each([
    ["an edit that costs too much", "turn", 2001, "Your free credits are used up"],
    ["an export that the plan does not allow", "render", 402, "upgrade your plan"],
  ] as const)(
    "%s is told in private, and the rest hear that it did not work",
    async (_what, on, code, words) => {
      await using scene = await startTelegramScene();
      const { anna, chat, group } = people(scene);
      group.sendFile({ kind: "video", bytes: await clipBytes(), caption: '@nemobot add the title "Hello"' });
      await group.nextBotMessage((message) => message.text.includes('title "Hello"'), PATIENTLY);
      scene.nemo.scenario.add({ on, do: { kind: "error", code } });
      group.say(on === "turn" ? '@nemobot add the title "Two"' : "@nemobot export", { from: anna });
      const told = await chat.nextBotMessage((message) => message.text.includes(words), PATIENTLY);
      expect(told.text).toContain("/register?bind=anon_");
      const rest = await group.nextBotMessage(
        (message) => message.text.includes("couldn't finish"),
        PATIENTLY,
      );
      expect(rest.text).toBe("I couldn't finish that.\n\n🔒 I've answered you privately.");
      expect(seenByAll(group)).not.toMatch(MONEY);
    },
    60_000,
  );

  it("a project that cannot even be opened says no word about accounts, in no version of a message", async () => {
    await using scene = await startTelegramScene({
      nemo: { ipLimitPerHour: 0 },
      env: { RETRY_WAIT_MS: "20" },
    });
    const { anna, chat, group } = people(scene);
    group.say('@nemobot add the title "Hello"', { from: anna });
    await chat.nextBotMessage((message) => message.text.includes("No free accounts are left"), PATIENTLY);
    await until(() => seenByAll(group).includes("couldn't finish"));
    expect(seenByAll(group)).not.toMatch(/account/);
    // What can be done about it is done in the group, where the work is.
    expect(group.botMessages().flatMap(({ buttons }) => buttons.flat().map(({ text }) => text))).toContain(
      "Try again",
    );
  }, 60_000);

  it.each([
    ["goes to its owner's own chat", false],
    ["is left out where the owner cannot be told alone", true],
  ])(
    "the link that opens the project %s",
    async (_what, isShy) => {
      await using scene = await startTelegramScene();
      const { anna, chat, group } = people(scene, { isShy });
      const caption = '@nemobot add the title "Hello"';
      group.sendFile({ kind: "video", bytes: await clipBytes(), caption, from: anna });
      await group.nextBotMessage((message) => message.text.includes('title "Hello"'), PATIENTLY);
      group.say("@nemobot export", { from: anna });
      await group.nextBotMessage((message) => message.file !== null, PATIENTLY);
      if (!isShy) {
        const told = await chat.nextBotMessage(
          (message) => message.text.includes("Open the project"),
          PATIENTLY,
        );
        expect(told.buttons.flat()[0]?.url).toContain("/workspace/claim?ct=clm_");
      }
      group.say("/help@nemobot", { from: anna });
      await group.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
      const beforeHelp = seenByAll(group).slice(0, seenByAll(group).indexOf("Commands"));
      expect(beforeHelp).not.toMatch(/clm_|privately|Open our chat/);
      expect(chat.botMessages()).toHaveLength(isShy ? 0 : 1);
    },
    60_000,
  );
});
