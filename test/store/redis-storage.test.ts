/** Records on Redis, shared by several processes, in good and bad times. */
import { describe, expect, it, onTestFinished } from "vitest";
import { StoreTroubleError } from "../../src/core/ports/store.ts";
import { createRecords } from "../../src/store/records.ts";
import { connectRedis } from "../../src/store/redis-storage.ts";
import { HAS_REDIS, type RedisServer, startRedis } from "../support/redis.ts";
import { TestLog } from "../support/test-chat.ts";

/** Records as one process sees them. */
async function connect(redis: RedisServer) {
  const log = new TestLog();
  const storage = await connectRedis(redis.url, log);
  onTestFinished(() => storage.close());
  return { records: createRecords(storage.keyv, storage.swap), storage, log };
}

const asNumber = (value: unknown) => (typeof value === "number" ? value : 0);

describe.runIf(HAS_REDIS)("records on Redis", () => {
  it("are the same for every process, and run out when they should", async () => {
    const redis = await startRedis();
    const [one, other] = [await connect(redis), await connect(redis)];
    await one.records.set("a", { n: 1 });
    await one.records.set("short", 1, 30);
    expect(await other.records.get("a")).toEqual({ n: 1 });
    await expect.poll(() => other.records.get("short")).toBeUndefined();
    await other.records.delete("a");
    expect(await one.records.get("a")).toBeUndefined();
  });

  it("lose no change that several processes make at once", async () => {
    const redis = await startRedis();
    const processes = [await connect(redis), await connect(redis), await connect(redis)];
    const changes = processes.flatMap(({ records }) =>
      Array.from({ length: 40 }, () => records.update("count", (value) => asNumber(value) + 1)),
    );
    await Promise.all(changes);
    expect(await processes[0]?.records.get("count")).toBe(120);
  });

  it("are removed by a change to nothing", async () => {
    const redis = await startRedis();
    const { records } = await connect(redis);
    await records.set("a", 1);
    expect(await records.update("a", () => undefined)).toBeUndefined();
    expect(await records.get("a")).toBeUndefined();
  });

  it.each([
    { how: "gone", away: (redis: RedisServer) => redis.stop(), back: (redis: RedisServer) => redis.start() },
    {
      how: "frozen",
      away: async (redis: RedisServer) => redis.freeze(),
      back: async (redis: RedisServer) => redis.thaw(),
    },
  ])("say so at once while Redis is $how, and work again when it is back", async ({ away, back }) => {
    const redis = await startRedis();
    const { records, storage, log } = await connect(redis);
    await records.set("a", 1);
    await away(redis);
    await expect(records.get("a")).rejects.toBeInstanceOf(StoreTroubleError);
    await expect(records.set("a", 2)).rejects.toBeInstanceOf(StoreTroubleError);
    await expect(records.update("b", () => 1)).rejects.toBeInstanceOf(StoreTroubleError);
    await expect(storage.check()).rejects.toBeInstanceOf(StoreTroubleError);
    await back(redis);
    await expect.poll(() => storage.check().then(() => "fine"), { timeout: 15_000 }).toBe("fine");
    await records.set("a", 3);
    expect(await records.get("a")).toBe(3);
    expect(log.lines.filter((line) => line.startsWith("error")).length).toBeLessThanOrEqual(1);
  });
});
