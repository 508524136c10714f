/** What `OutgoingMessage.idempotencyKey` promises on every platform that keeps `SentMarks`. */
import { describe, expect, it } from "vitest";
import type { OutgoingMessage, ReplyTarget, SentMessage } from "../../src/core/model/message.ts";
import type { ByteSource, ChatPlatform } from "../../src/core/ports/chat-platform.ts";

/** A chat, and processes of one bot that share a store. */
export interface SentMarksStage {
  /** One more process of the bot. */
  start(): Promise<ChatPlatform>;
  /** Where a person is alone with the bot. */
  target: ReplyTarget;
  /** What the person reads, in order. */
  read(): { text: string; hasFile: boolean }[];
  /** Leaves the mark of a message as the version before this module wrote it. */
  markAsBefore(idempotencyKey: string, sent: SentMessage): Promise<void>;
  /** The platform refuses the next file. */
  refuseFile(): void;
  /** The store is away until it is set to false. */
  setStoreAway(isAway: boolean): void;
}

const message = (text: string, rest: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  tone: "reply",
  language: "en",
  text: [{ text }],
  buttons: [],
  ...rest,
});

const FILM = message("Your video is ready.", {
  idempotencyKey: "export-1:video",
  video: { name: "film.mp4", sizeBytes: 5, durationS: 1, width: 640, height: 360 },
});

async function openFilm(): Promise<ByteSource> {
  async function* bytes() {
    yield Buffer.from("movie");
  }
  return { stream: bytes(), sizeBytes: 5 };
}

/** `newStage` makes a fresh stage for each test. */
export function describeSentMarks(name: string, newStage: () => Promise<SentMarksStage>): void {
  const deliver = (platform: ChatPlatform, target: ReplyTarget) =>
    platform.deliverVideo(target, FILM, openFilm, new AbortController().signal);

  describe(`${name}, a message with an idempotency key`, () => {
    it("is sent once, by whichever process, and each can edit it", async () => {
      const { start, target, read } = await newStage();
      const [first, second] = [await start(), await start()];
      const answer = message("All done.", { idempotencyKey: "turn-1:end" });
      const sent = await first.send(target, answer);
      expect(await first.send(target, answer)).toEqual(sent);
      expect(await second.send(target, answer)).toEqual(sent);
      await second.edit(sent, message("All done!"));
      expect(read()).toEqual([{ text: "All done!", hasFile: false }]);
    });

    it("is another one than the same words with another key, or with none", async () => {
      const { start, target, read } = await newStage();
      const platform = await start();
      for (const idempotencyKey of ["turn-1:end", "turn-2:end"])
        await platform.send(target, message("All done.", { idempotencyKey }));
      await platform.send(target, message("All done."));
      expect(read()).toHaveLength(3);
    });

    it("is known by the mark of the version before: an upgrade sends nothing twice", async () => {
      const { start, target, read, markAsBefore } = await newStage();
      const sent = await (await start()).send(target, message("All done."));
      await markAsBefore("turn-1:end", sent);
      const again = await (await start()).send(
        target,
        message("All done.", { idempotencyKey: "turn-1:end" }),
      );
      expect(again).toEqual(sent);
      expect(read()).toHaveLength(1);
    });

    it("brings its video once", async () => {
      const { start, target, read } = await newStage();
      const [first, second] = [await start(), await start()];
      for (const platform of [first, second, first])
        expect(await deliver(platform, target)).toEqual({ isFileSent: true });
      expect(read().map(({ hasFile }) => hasFile)).toEqual([true]);
    });

    it("whose file was refused stays the link it became", async () => {
      const { start, target, read, refuseFile } = await newStage();
      refuseFile();
      for (const platform of [await start(), await start()])
        expect(await deliver(platform, target)).toEqual({ isFileSent: false });
      expect(read()).toEqual([{ text: "Your video is ready.", hasFile: false }]);
    });

    it("goes out while the store is away when no person is owed it", async () => {
      const { start, target, read, setStoreAway } = await newStage();
      const platform = await start();
      setStoreAway(true);
      await platform.send(target, message("Working", { tone: "notice", idempotencyKey: "turn-1:start" }));
      setStoreAway(false);
      expect(read()).toEqual([{ text: "Working", hasFile: false }]);
    });
  });
}
