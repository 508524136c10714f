/** What every chat platform promises about who reads what, and who may do what. Source: the `ChatPlatform` port. */
import { describe, expect, it } from "vitest";
import type { OutgoingMessage, ReplyTarget } from "../../src/core/model/message.ts";
import type { ChatPlatform } from "../../src/core/ports/chat-platform.ts";

/** A platform with people on it. */
export interface LoneStage {
  platform: ChatPlatform;
  /** Where Anna is alone with the bot. */
  alone: ReplyTarget;
  /** As the core knows her. */
  anna: string;
  /** Everything that Anna can read, wherever it stands. */
  readByAnna(): string;
}

/** A platform where others read along. */
export interface GroupStage extends LoneStage {
  /** Where Anna has asked something. */
  group: ReplyTarget;
  others: { ben: string; admin: string };
  /** Everything that others can read: each version of each message, with its buttons and links. */
  readByOthers(): string;
  /** The bot cannot write to Anna alone, by no way. */
  shutAnna(): void;
  /** The platform does not say who may manage, for now. */
  failRights(): void;
}

const SECRET = "7 credits left";
const LINK = "https://nemo.example/register?bind=anon_7";
/** Parts of the secret: no version of a message may hold one of them. */
const SECRETS = ["7 credits", "bind=", "register"];

const PRIVATE: OutgoingMessage = {
  tone: "private",
  language: "en",
  text: [{ text: SECRET }, { text: "\n" }, { text: LINK, href: LINK }],
  inPublic: [{ text: "I couldn't finish that." }],
  buttons: [
    [{ kind: "link", label: "Sign up", href: LINK }],
    [{ kind: "action", label: "Try again", action: { kind: "retry", itemId: "1" } }],
  ],
  idempotencyKey: "item:private:0",
};

const PUBLIC: OutgoingMessage = {
  tone: "notice",
  language: "en",
  text: [{ text: "Connecting..." }],
  buttons: [],
};

/** What holds where a person is alone with the bot. `newStage` makes a fresh stage for each test. */
export function describeChatPlatform(name: string, newStage: () => Promise<LoneStage>): void {
  describe(name, () => {
    it("shows what is private in place where the person is alone", async () => {
      const { platform, alone, readByAnna } = await newStage();
      expect(platform.isShared(alone)).toBe(false);
      const sent = await platform.send(alone, PUBLIC);
      await platform.edit(sent, { ...PRIVATE, idempotencyKey: "item:private:1" });
      await platform.send(alone, PRIVATE);
      expect(readByAnna()).toContain(SECRET);
      expect(readByAnna()).toContain(LINK);
      expect(readByAnna()).not.toContain("privately");
    });

    it("lets the person manage where they are alone", async () => {
      const { platform, alone, anna } = await newStage();
      const signal = AbortSignal.timeout(10_000);
      expect(await platform.mayManage(alone, { id: anna }, signal)).toBe(true);
    });

    it("keeps nothing for a person who guesses a key", async () => {
      const { platform, anna } = await newStage();
      expect(await platform.keptMessage("AAAAAAAAAAAAAAAAAAAAAA", `${anna}0`)).toBeNull();
    });
  });
}

/** What holds where others read along, and what holds elsewhere. */
export function describeGroupPlatform(name: string, newStage: () => Promise<GroupStage>): void {
  /** Nothing of the secret has ever been readable for others. */
  const expectSecrecy = (stage: GroupStage) => {
    for (const part of SECRETS) expect(stage.readByOthers()).not.toContain(part);
  };

  describeChatPlatform(name, newStage);
  describe(`${name}, in a group,`, () => {
    it("shows what is private to no other person, and tells the rest that there was something", async () => {
      const stage = await newStage();
      const { group } = stage;
      expect(stage.platform.isShared(group)).toBe(true);
      await stage.platform.send(group, PRIVATE);
      expect(stage.readByAnna()).toContain(SECRET);
      expect(stage.readByAnna()).toContain(LINK);
      expectSecrecy(stage);
      expect(stage.readByOthers()).toContain("I couldn't finish that.");
    });

    it("edits a message that everybody sees into a private one without a word to others", async () => {
      const stage = await newStage();
      const { group } = stage;
      const sent = await stage.platform.send(group, PUBLIC);
      await stage.platform.edit(sent, PRIVATE);
      expect(stage.readByAnna()).toContain(SECRET);
      expectSecrecy(stage);
      expect(stage.readByOthers()).toContain("I couldn't finish that.");
    });

    it("says in place what the person can do when they cannot be told alone", async () => {
      const stage = await newStage();
      const { group } = stage;
      stage.shutAnna();
      const sent = await stage.platform.send(group, PUBLIC);
      await stage.platform.edit(sent, PRIVATE);
      await stage.platform.send(group, { ...PRIVATE, idempotencyKey: "item:private:1" });
      expectSecrecy(stage);
      expect(stage.readByAnna()).not.toContain(SECRET);
      expect(stage.readByOthers()).toContain("🔒");
    });

    it("leaves out what is dispensable when the person cannot be told alone", async () => {
      const stage = await newStage();
      const { group } = stage;
      await stage.platform.send(group, { ...PRIVATE, isDispensable: true });
      expect(stage.readByAnna()).toContain(SECRET);
      stage.shutAnna();
      await stage.platform.send(group, { ...PRIVATE, isDispensable: true, idempotencyKey: "item:private:1" });
      expectSecrecy(stage);
      expect(stage.readByOthers()).not.toContain("🔒");
    });

    it("sends a private message once, however often it is asked to", async () => {
      const stage = await newStage();
      const { group } = stage;
      for (let count = 0; count < 3; count++) await stage.platform.send(group, PRIVATE);
      expect(stage.readByAnna().split(SECRET)).toHaveLength(2);
      expect(stage.readByOthers().split("I couldn't finish that.")).toHaveLength(2);
    });

    it("tells admins from members, and says nothing when it does not know", async () => {
      const stage = await newStage();
      const { group } = stage;
      const { platform, others } = stage;
      const signal = AbortSignal.timeout(10_000);
      expect(await platform.mayManage(group, { id: others.ben }, signal)).toBe(false);
      stage.failRights();
      // Known for a moment.
      expect(await platform.mayManage(group, { id: others.ben }, signal)).toBe(false);
      await expect(platform.mayManage(group, { id: others.admin }, signal)).rejects.toThrow();
      expect(await platform.mayManage(group, { id: others.admin }, signal)).toBe(true);
    });
  });
}
