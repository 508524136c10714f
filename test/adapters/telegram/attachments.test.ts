import { createHash } from "node:crypto";
import { mkdir, mkdtempDisposable, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { patternBytes } from "../../fakes/telegram/files.ts";
import { PATIENTLY, startTelegramScene, until } from "./scene.ts";

const MB = 1024 * 1024;
const TITLE = 'add the title "Kept"';

function sha256OfPattern(sizeBytes: number): string {
  const hash = createHash("sha256");
  for (let offset = 0; offset < sizeBytes; offset += MB) {
    hash.update(patternBytes(offset, Math.min(MB, sizeBytes - offset)));
  }
  return hash.digest("hex");
}

const temporaryDir = () => mkdtempDisposable(join(tmpdir(), "nemobot-files-"));

describe.concurrent("a download that breaks half-way", () => {
  it("is resumed where it broke, and the backend gets the whole file", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    telegram.breakDownloads({ afterBytes: 700_000, times: 2 });
    const chat = telegram.privateChat();
    chat.sendFile({ kind: "video", sizeBytes: 3 * MB });
    await until(() => scene.uploads().length > 0);
    expect(scene.uploads()).toMatchObject([{ sizeBytes: 3 * MB, sha256: sha256OfPattern(3 * MB) }]);
    expect(telegram.downloads().map((download) => download.range?.split("-")[0] ?? null)).toEqual([
      null,
      expect.stringMatching(/^bytes=\d+$/),
      expect.stringMatching(/^bytes=\d+$/),
    ]);
    expect(telegram.violations()).toEqual([]);
  });

  it("asks for a new link when the old one has expired", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    telegram.breakDownloads({ afterBytes: 700_000 });
    const chat = telegram.privateChat();
    chat.sendFile({ kind: "video", sizeBytes: 2 * MB });
    await telegram.waitFor(() => telegram.downloads().length === 1, PATIENTLY);
    telegram.expireFileLinks();
    await until(() => scene.uploads().length > 0);
    expect(scene.uploads()).toMatchObject([{ sha256: sha256OfPattern(2 * MB) }]);
    expect(telegram.calls("getFile")).toHaveLength(2);
  });

  it("that never gets through reaches the backend not at all, and the person keeps their words", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    telegram.breakDownloads({ afterBytes: 0, times: 1000 });
    const chat = telegram.privateChat();
    chat.sendFile({ kind: "video", sizeBytes: 2 * MB, name: "clip.mp4", caption: TITLE });
    const words = "I can't open clip.mp4 anymore. Please send it again.";
    await until(() => chat.botMessages().some(({ text }) => text.includes(words)));
    const [kept, ...others] = chat.botMessages();
    expect(others).toEqual([]);
    expect(kept?.text).toContain(TITLE);
    expect(kept?.buttons.flat().map(({ text }) => text)).toEqual(["Continue without the file"]);
    expect(scene.uploads()).toEqual([]);
    expect(scene.turns()).toEqual([]);
  }, 40_000);
});

describe.concurrent("a file that Telegram does not find at once", () => {
  it("is asked for again", async () => {
    await using scene = await startTelegramScene();
    scene.telegram.fail({ method: "getFile", status: 502 });
    scene.telegram.fail({ method: "getFile", status: "disconnect" });
    scene.telegram.privateChat().sendFile({ kind: "video", sizeBytes: 2_000 });
    await until(() => scene.uploads().length > 0);
    expect(scene.telegram.calls("getFile")).toHaveLength(3);
  });
});

describe.concurrent("a file over the 20 MB that Telegram's cloud hands over", () => {
  it("is answered at once, beside a running turn, with what to do", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    scene.holdTurn("running");
    chat.say("make a video of the sea");
    await scene.nemo.scenario.held("running");
    chat.sendFile({ kind: "video", sizeBytes: 21 * MB, name: "long.mp4", caption: TITLE });
    const answer = await chat.nextBotMessage((message) => message.text.includes("long.mp4"), PATIENTLY);
    expect(answer.text).toBe(
      "long.mp4 is too big for me to download here (max 20 MB). Send a link or a smaller version.\n\n" +
        `I saved your request: “${TITLE}”. Send another file, or continue without one.`,
    );
    expect(scene.telegram.calls("getFile")).toEqual([]);
    scene.nemo.scenario.release("running");
  });

  it("keeps the words that came with it", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.sendFile({ kind: "document", sizeBytes: 21 * MB, name: "long.mp4", caption: TITLE });
    const kept = await chat.nextBotMessage(
      (message) => message.text.includes("I saved your request"),
      PATIENTLY,
    );
    expect(kept.text).toContain(TITLE);
    chat.press(kept, "Continue without the file");
    await until(() => scene.turns().length > 0);
    expect(scene.turns()).toEqual([TITLE]);
  });

  it("is answered the same way when its size shows only as Telegram refuses it", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.sendFile({ kind: "video", sizeBytes: 21 * MB, name: "long.mp4", isSizeUnknown: true });
    await chat.nextBotMessage((message) => message.text.includes("max 20 MB"), PATIENTLY);
    expect(scene.telegram.calls("getFile")).toHaveLength(1);
    expect(scene.uploads()).toEqual([]);
  });
});

describe.concurrent("a local Bot API server", () => {
  it("gives files of any size from the shared folder", async () => {
    await using dir = await temporaryDir();
    await using scene = await startTelegramScene({
      telegram: { mode: "local", filesDir: dir.path },
      env: { TELEGRAM_LOCAL_FILES_DIR: dir.path },
    });
    scene.telegram.privateChat().sendFile({ kind: "video", sizeBytes: 25 * MB });
    await until(() => scene.uploads().length > 0);
    expect(scene.uploads()).toMatchObject([{ sizeBytes: 25 * MB, sha256: sha256OfPattern(25 * MB) }]);
    expect(scene.telegram.downloads()).toEqual([]);
  });

  it("cannot make the bot read a file outside the folder", async () => {
    await using dir = await temporaryDir();
    const [shared, other] = [join(dir.path, "shared"), join(dir.path, "shared-not")];
    await Promise.all([mkdir(shared), mkdir(other)]);
    await using scene = await startTelegramScene({
      telegram: { mode: "local", filesDir: other },
      env: { TELEGRAM_LOCAL_FILES_DIR: shared },
    });
    const chat = scene.telegram.privateChat();
    chat.sendFile({ kind: "video", sizeBytes: 2_000, name: "clip.mp4" });
    await chat.nextBotMessage((message) => message.text.includes("I can't open clip.mp4"), PATIENTLY);
    expect(scene.uploads()).toEqual([]);
    expect(scene.bot.logged(50).join()).toContain("TELEGRAM_LOCAL_FILES_DIR");
    expect(scene.bot.log).not.toContain(scene.telegram.token);
  });

  it("cannot lead the bot out of the folder by a link in it", async () => {
    await using dir = await temporaryDir();
    const [shared, secret] = [join(dir.path, "shared"), join(dir.path, "secret")];
    await Promise.all([mkdir(shared), mkdir(secret)]);
    await symlink(secret, join(shared, "link"));
    await using scene = await startTelegramScene({
      telegram: { mode: "local", filesDir: join(shared, "link") },
      env: { TELEGRAM_LOCAL_FILES_DIR: shared },
    });
    const chat = scene.telegram.privateChat();
    chat.sendFile({ kind: "video", sizeBytes: 2_000, name: "clip.mp4" });
    await chat.nextBotMessage((message) => message.text.includes("I can't open clip.mp4"), PATIENTLY);
    expect(scene.uploads()).toEqual([]);
  });
});

describe.concurrent("the bot's token", () => {
  it("stays between Telegram and the bot, also when everything goes wrong", async () => {
    await using scene = await startTelegramScene({ env: { LOG_LEVEL: "trace" } });
    const { telegram, nemo, bot } = scene;
    const chat = telegram.privateChat();
    telegram.breakDownloads({ afterBytes: 10_000 });
    telegram.fail({ method: "getFile", status: "disconnect" });
    chat.sendFile({ kind: "video", sizeBytes: MB, caption: TITLE });
    await chat.nextBotMessage((message) => message.buttons.flat().length > 0, PATIENTLY);
    telegram.fail({ status: "disconnect", times: 2 });
    telegram.fail({ status: 500, times: 2 });
    nemo.scenario.add({ on: "turn", do: { kind: "http", status: 500 } });
    chat.say("make it louder");
    await chat.nextBotMessage((message) => message.text.includes("lost contact"), PATIENTLY);
    const everything = [
      bot.log,
      JSON.stringify(chat.messages()),
      JSON.stringify(nemo.requests()),
      JSON.stringify(telegram.violations()),
    ].join();
    const [, secret = "none"] = telegram.token.split(":");
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain("/file/bot");
    expect(telegram.violations()).toEqual([]);
  });
});
