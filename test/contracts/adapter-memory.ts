/** What every memory of an adapter promises, wherever its records are kept. Source: the `AdapterMemory` port. */
import { describe, expect, it } from "vitest";
import { StoreTroubleError } from "../../src/core/ports/store.ts";
import { createAdapterMemory } from "../../src/store/adapter-memory.ts";
import type { HomeKind } from "../support/storage-homes.ts";

/** For a Redis that comes back. */
const PATIENT = { timeout: 15_000 };

export function describeAdapterMemory({ where, isDurable, isShared, prepare }: HomeKind): void {
  let newHome: ReturnType<typeof prepare>;

  async function start() {
    const home = await newHome();
    const { records, log } = await home.open();
    /** The same memory as another process sees it, or one that comes later. */
    const another = async (name = "test") => createAdapterMemory((await home.open()).records, name);
    return { home, records, log, memory: createAdapterMemory(records, "test"), another };
  }

  async function startOutside() {
    const { home, ...scene } = await start();
    if (!home.outside) throw new Error("this home has no outside");
    return { ...scene, outside: home.outside };
  }

  const plusOne = (current: string | null) => String(Number(current ?? "0") + 1);

  describe(`the memory of an adapter ${where}`, () => {
    newHome = prepare();

    it("gives back what was set last, and null for what is not there", async () => {
      const { memory, another } = await start();
      expect(await memory.get("a")).toBeNull();
      await memory.set("a", "one");
      await memory.set("a", "two");
      expect(await memory.get("a")).toBe("two");
      expect(await (await another()).get("a")).toBe("two");
      await memory.delete("a");
      await memory.delete("never there");
      expect(await memory.get("a")).toBeNull();
    });

    it("takes any text as a key and as a value", async () => {
      const { memory } = await start();
      const odd = "key:'; DROP TABLE entries; -- * 标题 🎬\n\u0000";
      await memory.set(odd, odd);
      await memory.set("", "");
      expect(await memory.get(odd)).toBe(odd);
      expect(await memory.get("")).toBe("");
      expect(await memory.get("key")).toBeNull();
    });

    it("is one adapter's own", async () => {
      const { memory, another } = await start();
      await memory.set("a", "mine");
      const others = await another("other");
      expect(await others.get("a")).toBeNull();
      await others.delete("a");
      expect(await memory.get("a")).toBe("mine");
    });

    it("forgets what was kept for a while only; a later write decides again", async () => {
      const { memory } = await start();
      await memory.set("set", "1", 40);
      await memory.update("updated", () => "1", 40);
      await memory.set("kept", "1", 40);
      await memory.set("kept", "2");
      await memory.set("changed", "1", 40);
      await memory.update("changed", () => "2");
      await expect.poll(() => memory.get("set")).toBeNull();
      await expect.poll(() => memory.get("updated")).toBeNull();
      expect(await memory.update("set", (current) => current)).toBeNull();
      expect(await memory.get("kept")).toBe("2");
      expect(await memory.get("changed")).toBe("2");
    });

    it("changes in one step, from nothing and to nothing", async () => {
      const { memory } = await start();
      expect(await memory.update("a", plusOne)).toBe("1");
      expect(await memory.update("a", plusOne)).toBe("2");
      expect(await memory.update("a", () => null)).toBeNull();
      expect(await memory.get("a")).toBeNull();
      expect(await memory.update("a", () => null)).toBeNull();
    });

    it("loses none of many changes that come at once, and none to one that throws", async () => {
      const { memory } = await start();
      const thrown = memory.update("n", () => {
        throw new Error("no");
      });
      const changes = Array.from({ length: 50 }, () => memory.update("n", plusOne));
      await expect(thrown).rejects.toThrow("no");
      expect(new Set(await Promise.all(changes)).size).toBe(50);
      expect(await memory.get("n")).toBe("50");
    });

    if (isShared) {
      it("loses none of many changes that several processes make at once", async () => {
        const { memory, another } = await start();
        const processes = [memory, await another(), await another()];
        const changes = processes.flatMap((each) =>
          Array.from({ length: 40 }, () => each.update("n", plusOne)),
        );
        expect(new Set(await Promise.all(changes)).size).toBe(120);
        expect(await memory.get("n")).toBe("120");
      });
    }

    it("takes a value of another kind for absent", async () => {
      const { memory, records } = await start();
      await records.set("test:a", { no: "text" });
      expect(await memory.get("a")).toBeNull();
      expect(await memory.update("a", plusOne)).toBe("1");
    });

    if (!isDurable) return;
    describe("from outside", () => {
      it("can be read by no one without the keys", async () => {
        const { memory, outside } = await startOutside();
        await memory.set("chat:4711", "marzipan");
        await memory.update("chat:4712", () => "pomegranate");
        const entries = await outside.entries();
        expect(entries).toHaveLength(2);
        expect(JSON.stringify(entries)).not.toMatch(/471|chat:|marzipan|pomegranate/);
      });

      it.each([
        { what: "cut off", text: '{"value":"sealed:1:abc' },
        { what: "empty", text: "" },
        { what: "changed", text: '{"value":"sealed:1:00000000:AAAA"}' },
      ])("takes a text that is $what for absent, and says so once", async ({ text }) => {
        const { memory, outside, log } = await startOutside();
        await memory.set("a", "marzipan");
        const [entry] = await outside.entries();
        await outside.write(entry?.name ?? "", text);
        expect(await memory.get("a")).toBeNull();
        expect(await memory.update("a", plusOne)).toBe("1");
        await outside.write(entry?.name ?? "", text);
        expect(await memory.update("a", plusOne)).toBe("1");
        const line = expect.stringMatching(/^error a stored record cannot be read; it was set aside.*test:a/);
        expect(log.lines).toEqual([line, line]);
      });

      it("throws StoreTroubleError while nothing can be written, and goes on afterwards", async () => {
        const { memory, outside } = await startOutside();
        await memory.set("a", "1");
        await outside.breakDown();
        const trouble = { status: "rejected", reason: expect.any(StoreTroubleError) };
        const calls = [memory.set("a", "2"), memory.delete("a"), memory.update("a", plusOne)];
        expect(await Promise.allSettled(calls)).toEqual([trouble, trouble, trouble]);
        // What can still be read is read; otherwise the trouble is told, and nothing counts as absent.
        const [read] = await Promise.allSettled([memory.get("a")]);
        expect([{ status: "fulfilled", value: "1" }, trouble]).toContainEqual(read);
        await outside.mend();
        await expect.poll(() => memory.update("a", (now) => now), PATIENT).toBe("1");
        expect(await memory.update("a", plusOne)).toBe("2");
      });
    });
  });
}
