import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { patternBytes } from "../../../fakes/telegram/files.ts";
import type { UserFile } from "../../../fakes/telegram/incoming.ts";
import { clipBytes, linkTo, voiceNoteBytes } from "../../../support/test-chat.ts";
import { PATIENTLY, startTelegramScene, until } from "../scene.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const VOICE_NOTE = /^Voice note \d{4}-\d\d-\d\d\.wav$/;
const CAPTION = 'add the title "Hello"';

describe.concurrent("media in a message", () => {
  it("reaches the backend byte for byte, whatever kind it is", async () => {
    await using scene = await startTelegramScene();
    const files: (UserFile & { ends: RegExp })[] = [
      { kind: "video", name: "holiday.mov", mimeType: "video/quicktime", ends: /^holiday\.mov$/ },
      { kind: "document", name: "raw.mkv", mimeType: "video/x-matroska", ends: /^raw\.mkv$/ },
      { kind: "animation", name: "loop.mp4", ends: /^loop\.mp4$/ },
      { kind: "audio", name: "song.mp3", mimeType: "audio/mpeg", ends: /^song\.mp3$/ },
      { kind: "photo", ends: /^photo-\d+\.jpg$/ },
      { kind: "video_note", ends: /^video-note-\d+\.mp4$/ },
    ];
    for (const [index, file] of files.entries()) {
      scene.telegram.privateChat().sendFile({ ...file, bytes: patternBytes(index * 7, 30_000 + index) });
    }
    await until(() => scene.uploads().length === files.length);
    for (const [index, { ends }] of files.entries()) {
      const bytes = patternBytes(index * 7, 30_000 + index);
      const found = scene.uploads().find((upload) => upload.sha256 === sha256(bytes));
      expect(found?.name).toMatch(ends);
      expect(found?.sizeBytes).toBe(bytes.length);
    }
  });

  it("is a photo in its largest size", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    const { wire } = chat.sendFile({ kind: "photo", sizeBytes: 90_000 });
    expect(wire.photo?.map((size) => size.file_size)).toEqual([1500, 90_000]);
    await until(() => scene.uploads().length > 0);
    expect(scene.uploads().map((upload) => upload.sizeBytes)).toEqual([90_000]);
  });

  it("is a voice note, which is uploaded as sound, and asked about", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.sendFile({ kind: "voice", bytes: await voiceNoteBytes() });
    const question = await chat.nextBotMessage(
      (message) => message.text.includes("What should I"),
      PATIENTLY,
    );
    expect(question.buttons.flat().map((button) => button.text)).toEqual([
      "As the voice-over",
      "As background sound",
      "Just keep it",
    ]);
    expect(scene.uploads().map((upload) => upload.name)).toEqual([expect.stringMatching(VOICE_NOTE)]);
    expect(scene.turns()).toEqual([]);
    scene.answerNext("It speaks over your video now.");
    chat.press(question.id, "As the voice-over");
    await chat.nextBotMessage((message) => message.text.startsWith("It speaks over"), PATIENTLY);
    expect(scene.turns()).toEqual([expect.stringMatching(/^Use “Voice note [\d-]{10}” as the voice-over$/)]);
  });

  it("is a voice note that is to be kept for now", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat({ language_code: "zh" });
    chat.sendFile({ kind: "voice", bytes: await voiceNoteBytes() });
    const question = await chat.nextBotMessage((message) => message.text.includes("要怎么处理"), PATIENTLY);
    chat.press(question.id, "先留着");
    await chat.nextBotMessage((message) => message.text.includes("留在项目里"), PATIENTLY);
    expect(scene.uploads().map((upload) => upload.name)).toEqual([
      expect.stringMatching(/^语音 [\d-]{10}\.wav$/),
    ]);
    expect(scene.turns()).toEqual([]);
  });

  it("is one voice note after the other, told apart by their names", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    const bytes = await voiceNoteBytes();
    for (const count of [1, 2]) {
      chat.sendFile({ kind: "voice", bytes });
      await until(() => scene.uploads().length === count);
    }
    const [first, second] = scene.uploads().map((upload) => upload.name);
    expect(second).toBe(first?.replace(".wav", " (2).wav"));
  });

  it("is a voice note that holds no sound, which is refused with the formats that work", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.sendFile({ kind: "voice", sizeBytes: 5_000 });
    await chat.nextBotMessage((message) => /mp4, mov, .*mp3, wav/.test(message.text), PATIENTLY);
    expect(scene.uploads()).toEqual([]);
  });

  it("is forwarded from another chat", async () => {
    await using scene = await startTelegramScene();
    const bytes = await clipBytes();
    const elsewhere = scene.telegram.group({ title: "Elsewhere" });
    const clip = elsewhere.sendFile({ kind: "video", bytes });
    const chat = scene.telegram.privateChat();
    chat.forward(clip);
    await chat.nextBotMessage((message) => message.text.includes("What should I do"), PATIENTLY);
    expect(scene.uploads().map((upload) => upload.sha256)).toEqual([sha256(bytes)]);
  });

  it("is a sticker, which is answered with how to send a file", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.sendOther({ sticker: { file_id: "CAACAgIAAxkB", file_unique_id: "AgAD", emoji: "👍" } });
    const answer = await chat.nextBotMessage();
    expect(answer.text).toContain("Send me a file, or a link to one.");
  });
});

describe.concurrent("the words beside media", () => {
  it("are the wish beside a voice note too", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.sendFile({ kind: "voice", bytes: await voiceNoteBytes(), caption: CAPTION });
    await chat.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    expect(scene.uploads().map((upload) => upload.name)).toEqual([expect.stringMatching(VOICE_NOTE)]);
    expect(scene.turns()).toEqual([CAPTION]);
  });

  it("are the wish when they are a caption", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.sendFile({ kind: "video", bytes: await clipBytes(), caption: CAPTION });
    await chat.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    expect(scene.uploads()).toHaveLength(1);
    expect(scene.turns()).toEqual([CAPTION]);
  });

  it("may come with a link to the file instead, which the backend fetches itself", async () => {
    await using scene = await startTelegramScene();
    const bytes = await clipBytes();
    const link = linkTo(scene.nemo, "take_1.mp4");
    const chat = scene.telegram.privateChat();
    chat.say(`${link} ${CAPTION}`);
    await chat.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    expect(scene.uploads()).toMatchObject([{ name: "take_1.mp4", sha256: sha256(bytes) }]);
    expect(scene.turns()).toEqual([CAPTION]);
    expect(scene.telegram.calls("getFile")).toEqual([]);
  });

  it("mean the clip they reply to, also one that the bot has not seen", async () => {
    await using scene = await startTelegramScene();
    const bytes = await clipBytes();
    const [anna, ben] = [scene.telegram.user({ first_name: "Anna" }), scene.telegram.user()];
    const group = scene.telegram.group({ members: [anna, ben] });
    const clip = group.sendFile({ kind: "video", bytes, from: ben });
    group.say("@nemobot trim this to 2 seconds", { from: anna, replyTo: clip.id });
    await group.nextBotMessage((message) => message.text.includes("I trimmed the video"), PATIENTLY);
    expect(scene.uploads().map((upload) => upload.sha256)).toEqual([sha256(bytes)]);
    expect(scene.turns()).toEqual(["trim this to 2 seconds"]);
  });

  it("do not upload the clip they reply to a second time", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    const clip = chat.sendFile({ kind: "video", bytes: await clipBytes() });
    await chat.nextBotMessage((message) => message.text.includes("What should I do"), PATIENTLY);
    chat.say("trim this to 2 seconds", { replyTo: clip.id });
    await chat.nextBotMessage((message) => message.text.includes("I trimmed the video"), PATIENTLY);
    expect(scene.uploads()).toHaveLength(1);
  });
});

describe.concurrent("an edited message", () => {
  it("takes the place of the one that still waits", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    scene.holdTurn("first");
    chat.say("make a video of the sea");
    await scene.nemo.scenario.held("first");
    const waiting = chat.say('add the title "Wrogn"');
    await chat.nextBotMessage((message) => message.text.includes("#1 in the queue"), PATIENTLY);
    chat.edit(waiting.id, 'add the title "Right"');
    await scene.telegram.allConfirmed();
    scene.nemo.scenario.release("first");
    await until(() => scene.turns().length === 2);
    expect(scene.turns()).toEqual(["make a video of the sea", 'add the title "Right"']);
  });

  it("changes nothing once it was worked on", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    const said = chat.say("make a video of the sea");
    await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    chat.edit(said.id, "make a video of the mountains");
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    expect(scene.turns()).toEqual(["make a video of the sea"]);
  });
});

describe.concurrent("an album", () => {
  it("is one message with its files in order", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    const files: UserFile[] = ["one", "two", "three"].map((name, index) => ({
      kind: "video",
      name: `${name}.mp4`,
      bytes: patternBytes(index, 2_000),
    }));
    chat.sendAlbum(files, { caption: CAPTION });
    await chat.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    expect(scene.uploads().map((upload) => upload.name)).toEqual(["one.mp4", "two.mp4", "three.mp4"]);
    expect(scene.turns()).toEqual([CAPTION]);
  });

  it("waits for its parts when they come one by one, the words last", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    const part = (name: string, caption = "") =>
      chat.sendFile({ kind: "video", name, sizeBytes: 2_000, mediaGroupId: "14000000000000001", caption });
    const polls = scene.telegram.calls("getUpdates").length;
    part("one.mp4");
    await scene.telegram.waitFor(() => scene.telegram.calls("getUpdates").length > polls);
    part("two.mp4", CAPTION);
    await chat.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    expect(scene.uploads().map((upload) => upload.name)).toEqual(["one.mp4", "two.mp4"]);
    expect(scene.turns()).toEqual([CAPTION]);
  });

  it("holds up nobody in other chats while it grows", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const [anna, ben] = [telegram.privateChat(), telegram.privateChat()];
    const part = (sizeBytes: number) =>
      anna.sendFile({ kind: "video", sizeBytes, mediaGroupId: "14000000000000001" });
    part(2_000);
    await telegram.waitFor(() =>
      JSON.stringify(telegram.calls("getUpdates").at(-1)?.result ?? "").includes("video"),
    );
    // Seen at the next look, so that the album is not whole before the one after it.
    part(2_001);
    ben.say("help");
    await ben.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    expect(anna.botMessages()).toEqual([]);
    await until(() => scene.uploads().length === 2);
  });
});

describe.concurrent("an update that comes again", () => {
  it("is left alone, before and after a restart", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("make a video of the sea");
    await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    const [update] = scene.telegram.updates();
    scene.telegram.redeliver(update?.update_id ?? 0);
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    await scene.restart();
    for (const { update_id: updateId } of scene.telegram.updates()) scene.telegram.redeliver(updateId);
    chat.say("status");
    await chat.nextBotMessage((message) => message.text.includes("Timeline ("), PATIENTLY);
    expect(scene.turns()).toEqual(["make a video of the sea"]);
    expect(chat.botMessages().filter((message) => message.text.includes("Commands"))).toHaveLength(1);
  });

  it("is not taken for a new message when it is a later part of an album", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.sendAlbum([
      { kind: "video", sizeBytes: 2_000 },
      { kind: "video", sizeBytes: 2_001 },
    ]);
    await chat.nextBotMessage((message) => message.text.includes("What should I do"), PATIENTLY);
    await scene.restart();
    const second = scene.telegram.updates().at(1);
    scene.telegram.redeliver(second?.update_id ?? 0);
    const polls = scene.telegram.calls("getUpdates").length;
    // Taken, settled, and asked for the next ones.
    await scene.telegram.waitFor(() => scene.telegram.calls("getUpdates").length > polls + 3, PATIENTLY);
    chat.say("status");
    await chat.nextBotMessage((message) => message.text.includes("Timeline ("), PATIENTLY);
    expect(scene.uploads()).toHaveLength(2);
  });
});
