/** Records on a Redis that does not answer; what else they promise is in test/contracts. */
import { expect, it } from "vitest";
import { StoreTroubleError } from "../../../src/core/ports/store.ts";
import { HAS_REDIS, startRedis } from "../../support/redis.ts";
import { openRecords } from "../../support/redis-store.ts";
import { TestLog } from "../../support/test-chat.ts";

it.runIf(HAS_REDIS)(
  "a Redis that is frozen is told of in time, once, and works again when it is back",
  async () => {
    const redis = await startRedis();
    const log = new TestLog();
    const { records, connection } = await openRecords(redis.url, log);
    const check = () => connection.call((client) => client.ping());
    await records.set("a", 1);
    redis.freeze();
    const calls = [records.get("a"), records.set("a", 2), records.update("b", () => 1), check()];
    const trouble = { status: "rejected", reason: expect.any(StoreTroubleError) };
    expect(await Promise.allSettled(calls)).toEqual([trouble, trouble, trouble, trouble]);
    redis.thaw();
    await expect.poll(() => check().catch(() => null), { timeout: 15_000 }).toBe("PONG");
    await records.set("a", 3);
    expect(await records.get("a")).toBe(3);
    const told = log.lines.filter((line) => line.startsWith("error"));
    expect(told).toEqual([expect.stringContaining("Redis cannot be reached; trying again until it can")]);
    expect(log.lines).toContainEqual(expect.stringContaining("Redis can be reached again"));
  },
);
