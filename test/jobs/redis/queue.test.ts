/** The queue on Redis: what every queue promises, and what several processes, their deaths and outages ask for. */
import { once } from "node:events";
import { type AddressInfo, connect as connectTo, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { createClient } from "@redis/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { StopError } from "../../../src/core/model/stop.ts";
import type { WorkItem } from "../../../src/core/model/work-item.ts";
import { StoreTroubleError } from "../../../src/core/ports/store.ts";
import { DEFAULT_REDIS_QUEUE_OPTIONS, type RedisQueueOptions } from "../../../src/jobs/redis/options.ts";
import { RedisQueue } from "../../../src/jobs/redis/queue.ts";
import { RedisConnection } from "../../../src/store/redis/connection.ts";
import { describeDurableWorkQueue } from "../../contracts/work-queue.ts";
import { startQueueWorker } from "../../support/queue-worker.ts";
import { HAS_REDIS, type RedisServer, startRedis } from "../../support/redis.ts";
import { connectRedis } from "../../support/redis-store.ts";
import { TEST_SEALING } from "../../support/sealing.ts";
import { TestLog } from "../../support/test-chat.ts";
import { item, startHands } from "../../support/work-items.ts";

/** Waits that a test can live with, in the proportions of the real ones. */
const FAST: Partial<RedisQueueOptions> = {
  heartbeatMs: 250,
  leaseMs: 1_500,
  pauseMs: 700,
  settleMs: 1_000,
  lookMs: 100,
  lostWakeUpMs: 300,
  retryMs: 50,
};
/** Longer than a lease, so that those of the living run out too. */
const OUTAGE_MS = 2_500;
/** For what needs a takeover or a new connection. */
const PATIENT = { timeout: 15_000, interval: 20 };

/** A queue as one process has it. */
async function connect(url: string, options: Partial<RedisQueueOptions> = {}) {
  const log = new TestLog();
  const connection = await connectRedis(url, log);
  const queue = new RedisQueue(connection, TEST_SEALING, log, { ...FAST, ...options });
  onTestFinished(() => queue.stop(new StopError("shutdown")));
  return { queue, log, connection };
}

/** One that works, each item until the test lets it go. */
async function startWorker(url: string, options: Partial<RedisQueueOptions> = {}) {
  const opened = await connect(url, options);
  const hands = await startHands(opened.queue);
  return { ...opened, hands, events: hands.events };
}

/** Delivered again while Redis does not answer, as intake does; the queue takes an item once. */
async function owned(queue: RedisQueue, one: WorkItem): Promise<void> {
  const push = () =>
    queue
      .push(one)
      .then(({ kind }) => kind)
      .catch(() => "in trouble");
  await expect.poll(push, PATIENT).toMatch(/accepted|known/);
}

/** A look into Redis itself. */
async function look(url: string) {
  const client = createClient({ url });
  client.on("error", () => {
    // Tests stop the server.
  });
  onTestFinished(() => client.destroy());
  return client.connect();
}

/** A process that takes the next wake-up and dies with it. */
async function stealWakeUp(redis: RedisServer): Promise<void> {
  const thief = await look(redis.url);
  await thief.blPop("nemobot:q:wake", 10);
}

/** Stands between a process and Redis, and can cut it off for good at one of its steps. */
async function startCutter(redisPort: number) {
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let mode = "";
  const cut = () => {
    left = 0;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connectTo(redisPort, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", cut).on("close", () => sockets.delete(socket));
    }
    near.on("data", (chunk) => {
      const isStep = chunk.includes("EVAL");
      if (isStep) left -= 1;
      if (left <= 0 && mode === "Redis never gets the step") return cut();
      far.write(chunk);
    });
    far.on("data", (chunk) => {
      if (left <= 0) return cut();
      near.write(chunk);
    });
    if (left <= 0) cut();
  });
  onTestFinished(() => {
    cut();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    // A TCP server's address is never a path.
    port: (server.address() as AddressInfo).port,
    /** `step`: 1 is the next. */
    cutAt(step: number, how: string): void {
      left = step;
      mode = how;
    },
    get isCut() {
      return left <= 0;
    },
  };
}

const OUTAGES = [
  { how: "gone", away: (redis: RedisServer) => redis.stop(), back: (redis: RedisServer) => redis.start() },
  {
    how: "frozen",
    away: async (redis: RedisServer) => redis.freeze(),
    back: async (redis: RedisServer) => redis.thaw(),
  },
];

describe.runIf(HAS_REDIS)("the work queue on Redis", () => {
  describeDurableWorkQueue("like any other", async () => {
    const redis = await startRedis();
    return {
      open: (options) => connect(redis.url, options),
      kill: async ({ connection }) => connection.close(),
      breakDown: () => redis.stop(),
      mend: () => redis.start(),
    };
  });

  describe("with several processes", () => {
    it("works on one item of a lane at a time, in the order of the pushes, whichever processes push and work", async () => {
      const redis = await startRedis();
      const lanes = Array.from({ length: 20 }, (_, n) => `test:${n}`);
      const running = new Map<string, string>();
      const done = new Map<string, string[]>(lanes.map((lane) => [lane, []]));
      const queues = [await connect(redis.url), await connect(redis.url), await connect(redis.url)];
      const [first, ...others] = queues.map(({ queue }) => queue);
      const work = async ({ id, lane }: WorkItem, signal: AbortSignal) => {
        expect(running.get(lane)).toBeUndefined();
        running.set(lane, id);
        await sleep(3, undefined, { signal }).finally(() => running.delete(lane));
        done.get(lane)?.push(id);
      };
      await first?.start(work);
      const pushing = lanes.map(async (lane, at) => {
        for (let n = 0; n < 15; n++) {
          const pushed = await queues[1 + ((n + at) % 2)]?.queue.push(item(`${lane} ${n}`, lane));
          expect(pushed?.kind).toBe("accepted");
        }
      });
      await expect.poll(() => [...done.values()].flat().length, { interval: 1 }).toBeGreaterThan(20);
      for (const queue of others) await queue.start(work);
      await first?.stop(new StopError("shutdown"));
      await Promise.all(pushing);
      await others[0]?.idle();
      for (const lane of lanes) {
        expect(done.get(lane)).toEqual(Array.from({ length: 15 }, (_, n) => `${lane} ${n}`));
      }
      for (const { log } of queues) expect(log.lines).toEqual([]);
    });

    it("leaves the work to those that were started", async () => {
      const redis = await startRedis();
      const ingress = await connect(redis.url);
      await ingress.queue.push(item("a"));
      expect(await ingress.queue.running("test:1")).toBeNull();
      const { hands, events } = await startWorker(redis.url);
      await expect.poll(() => events).toEqual(["a starts"]);
      expect(await ingress.queue.running("test:1")).toEqual(item("a"));
      expect(await ingress.queue.push(item("b"))).toEqual({ kind: "accepted", ahead: 1 });
      hands.finish("a", "b");
      await ingress.queue.idle();
      expect(events).toEqual(["a starts", "a ends", "b starts", "b ends"]);
    });

    it("cancels what another process runs, for the reason that was given, and nothing after it", async () => {
      const redis = await startRedis();
      const ingress = await connect(redis.url);
      const { hands, events } = await startWorker(redis.url);
      for (const id of ["a", "b", "c"]) await ingress.queue.push(item(id));
      await expect.poll(() => events).toEqual(["a starts"]);
      expect(await ingress.queue.cancel("test:1", new StopError("gone"))).toBe(true);
      await expect.poll(() => events).toContain("b starts");
      expect(hands.reasons.get("a")).toMatchObject({ name: "StopError", kind: "gone" });
      hands.finish("b", "c");
      await ingress.queue.idle();
      expect([...hands.reasons.keys()]).toEqual(["a"]);
      expect(await ingress.queue.cancel("test:1", new StopError("gone"))).toBe(false);
    });

    it("cancels also when the word gets lost on its way", async () => {
      const redis = await startRedis();
      const ingress = await connect(redis.url);
      const { hands, events } = await startWorker(redis.url);
      await ingress.queue.push(item("a"));
      await expect.poll(() => events).toEqual(["a starts"]);
      const client = await look(redis.url);
      const listener = (await client.clientList()).find(({ flags }) => flags.includes("b"));
      await client.clientKill({ filter: "ID", id: listener?.id ?? 0 });
      expect(await ingress.queue.cancel("test:1", new StopError("cancelled"))).toBe(true);
      await client.del(await client.keys("nemobot:q:inbox:*"));
      await ingress.queue.idle();
      expect(hands.reasons.get("a")).toMatchObject({ kind: "cancelled" });
    });

    it("knows an item also after its end: a redelivery may come late", async () => {
      const redis = await startRedis();
      const [ingress, { hands, events }] = [await connect(redis.url), await startWorker(redis.url)];
      await ingress.queue.push(item("a"));
      hands.finish("a");
      await ingress.queue.idle();
      expect(await ingress.queue.push(item("a"))).toEqual({ kind: "known" });
      expect(events).toEqual(["a starts", "a ends"]);
    });

    it("hands over at once what a stop cuts off", async () => {
      const redis = await startRedis();
      const first = await startWorker(redis.url);
      for (const id of ["a", "b"]) await first.queue.push(item(id));
      await expect.poll(() => first.events).toEqual(["a starts"]);
      const second = await startWorker(redis.url);
      await first.queue.stop(new StopError("shutdown"));
      // Within much less than a lease or a look for lost wake-ups takes.
      await expect.poll(() => second.events, { timeout: 500, interval: 10 }).toEqual(["a starts"]);
      second.hands.finish("a", "b");
      await second.queue.idle();
      expect(second.events).toEqual(["a starts", "a ends", "b starts", "b ends"]);
    });
  });

  describe("when a process dies", () => {
    it("gives its lanes to another one within seconds, the item that ran first", async () => {
      const redis = await startRedis();
      const ingress = await connect(redis.url);
      const doomed = await startQueueWorker(redis);
      for (const id of ["a", "b", "c"]) await ingress.queue.push(item(id));
      await expect.poll(() => doomed.events, PATIENT).toEqual(["a starts"]);
      doomed.finish("a");
      await expect.poll(() => doomed.events, PATIENT).toEqual(["a starts", "a ends", "b starts"]);
      // With the intervals of a real one.
      const { queue, hands, events } = await startWorker(redis.url, DEFAULT_REDIS_QUEUE_OPTIONS);
      doomed.signal("SIGKILL");
      await expect.poll(() => events, { timeout: 6_000, interval: 20 }).toEqual(["b starts"]);
      hands.finish("b", "c");
      await queue.idle();
      expect(events).toEqual(["b starts", "b ends", "c starts", "c ends"]);
    });

    it("stops the item that it ran when that was cancelled before another took it over", async () => {
      const redis = await startRedis();
      const ingress = await connect(redis.url);
      const doomed = await startQueueWorker(redis, FAST);
      for (const id of ["a", "b"]) await ingress.queue.push(item(id));
      await expect.poll(() => doomed.events, PATIENT).toEqual(["a starts"]);
      doomed.signal("SIGKILL");
      await doomed.ended;
      expect(await ingress.queue.cancel("test:1", new StopError("cancelled"))).toBe(true);
      const { hands, events } = await startWorker(redis.url);
      hands.finish("b");
      await ingress.queue.idle();
      expect(events).toEqual(["a starts", "a stops: the person cancelled", "b starts", "b ends"]);
    });

    it("stops one that was only taken for dead, and lets the other one go on", async () => {
      const redis = await startRedis();
      const ingress = await connect(redis.url);
      const sleeper = await startQueueWorker(redis, FAST);
      for (const id of ["a", "b"]) await ingress.queue.push(item(id));
      await expect.poll(() => sleeper.events, PATIENT).toEqual(["a starts"]);
      const { queue, hands, events } = await startWorker(redis.url);
      sleeper.signal("SIGSTOP");
      await expect.poll(() => events, PATIENT).toEqual(["a starts"]);
      sleeper.signal("SIGCONT");
      await expect
        .poll(() => sleeper.events, PATIENT)
        .toEqual(["a starts", "a stops: the process shuts down"]);
      expect(await queue.size("test:1")).toBe(2);
      hands.finish("a", "b");
      await queue.idle();
      expect(events).toEqual(["a starts", "a ends", "b starts", "b ends"]);
      expect(sleeper.events).toHaveLength(2);
    });

    it("finds an item whose wake-up died with the process that took it", async () => {
      const redis = await startRedis();
      const ingress = await connect(redis.url);
      await ingress.queue.push(item("a"));
      await stealWakeUp(redis);
      const { queue, hands, events } = await startWorker(redis.url);
      await expect.poll(() => events, PATIENT).toEqual(["a starts"]);
      hands.finish("a");
      await queue.idle();
    });

    it("wakes such an item at once when it is delivered again", async () => {
      const redis = await startRedis();
      const ingress = await connect(redis.url);
      await ingress.queue.push(item("a"));
      await stealWakeUp(redis);
      const { queue, hands, events } = await startWorker(redis.url, { lostWakeUpMs: 60_000 });
      expect(await queue.push(item("a"))).toEqual({ kind: "known" });
      await expect.poll(() => events).toEqual(["a starts"]);
      hands.finish("a");
      await queue.idle();
    });
  });

  describe("when a process dies between two of its steps", () => {
    /** Steps of a takeover: lanes of the dead are let go, claimed, and their items ended, one after another. */
    const STEPS = [1, 2, 3, 4, 5, 6, 7];

    it.each(["Redis never gets the step", "it never hears of its success"] as const)(
      "and %s: every lane goes on, and no item is lost",
      async (how) => {
        const redis = await startRedis();
        const deaths = STEPS.map(async (step) => {
          const url = `${redis.url}/${step}`;
          const gone = await startWorker(url);
          for (const id of ["a", "b"]) await owned(gone.queue, item(id));
          await owned(gone.queue, item("c", "test:2"));
          await expect.poll(() => gone.events, PATIENT).toHaveLength(2);
          const cutter = await startCutter(redis.port);
          const doomed = await startWorker(`redis://127.0.0.1:${cutter.port}/${step}`);
          doomed.hands.finish("a", "b", "c");
          gone.connection.close();
          const client = await look(url);
          await expect.poll(() => client.keys("nemobot:q:alive:*"), PATIENT).toHaveLength(1);
          cutter.cutAt(step, how);
          await expect.poll(() => cutter.isCut, PATIENT).toBe(true);

          const healthy = await startWorker(url);
          healthy.hands.finish("a", "b", "c", "d", "e");
          await owned(healthy.queue, item("d"));
          await owned(healthy.queue, item("e", "test:3"));
          await expect.poll(() => healthy.queue.depth().catch(() => null), PATIENT).toBe(0);
          const ends = (of: { events: string[] }) =>
            of.events.filter((event) => event.endsWith("ends")).map((event) => event[0]);
          expect([...new Set([...ends(doomed), ...ends(healthy)])].toSorted()).toEqual([..."abcde"]);
          for (const one of [doomed, healthy]) {
            const ofLane = ends(one).filter((id) => id && "abd".includes(id));
            expect(ofLane, `step ${step}`).toEqual([...new Set(ofLane)].toSorted());
          }
          const left = await client.keys("nemobot:q:{waiting,owners,items,lane:*}");
          expect(left, `step ${step}`).toEqual([]);
        });
        await Promise.all(deaths);
      },
    );
  });

  describe("when Redis is away", () => {
    it.each(OUTAGES)(
      "$how: what runs goes on where it is, and nothing is lost or done twice",
      async ({ away, back }) => {
        const redis = await startRedis();
        const [one, other] = [await startWorker(redis.url), await startWorker(redis.url)];
        const lanes = ["test:1", "test:2", "test:3", "test:4"];
        for (const lane of lanes) {
          await one.queue.push(item(`${lane} a`, lane));
          await other.queue.push(item(`${lane} b`, lane));
        }
        const events = () => [...one.events, ...other.events];
        await expect.poll(() => events().length).toBe(4);
        await away(redis);
        const awayAt = performance.now();
        await expect(one.queue.push(item("c"))).rejects.toBeInstanceOf(StoreTroubleError);
        await expect(one.queue.depth()).rejects.toBeInstanceOf(StoreTroubleError);
        expect(performance.now() - awayAt).toBeLessThan(5_000);
        // Two items end, which Redis cannot be told.
        for (const { hands } of [one, other]) hands.finish("test:1 a", "test:2 a");
        await expect.poll(() => events().filter((event) => event.endsWith("ends"))).toHaveLength(2);
        await expect.poll(() => performance.now() - awayAt, PATIENT).toBeGreaterThan(OUTAGE_MS);
        await back(redis);
        await expect
          .poll(() => one.queue.push(item("c", "test:9")).catch(() => null), PATIENT)
          .not.toBeNull();
        for (const { hands } of [one, other])
          hands.finish("c", ...lanes.flatMap((lane) => [`${lane} a`, `${lane} b`]));
        await one.queue.idle();
        const all = ["c", ...lanes.flatMap((lane) => [`${lane} a`, `${lane} b`])];
        expect(events().toSorted()).toEqual(all.flatMap((id) => [`${id} starts`, `${id} ends`]).toSorted());
        for (const { log } of [one, other]) {
          expect(log.lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
        }
      },
    );

    it.each(OUTAGES)(
      "$how: the lanes of a process that dies at that time are taken over, no others",
      async ({ away, back }) => {
        const redis = await startRedis();
        const doomed = await startQueueWorker(redis, FAST);
        const ingress = await connect(redis.url);
        await ingress.queue.push(item("a", "test:1"));
        await expect.poll(() => doomed.events, PATIENT).toEqual(["a starts"]);
        const living = [await startWorker(redis.url), await startWorker(redis.url)];
        const lanes = ["test:2", "test:3", "test:4", "test:5"];
        // The doomed process may take some of them as well.
        for (const lane of lanes) await ingress.queue.push(item(lane, lane));
        const events = () => living.flatMap((worker) => worker.events);
        await expect.poll(() => events().length + doomed.events.length).toBe(5);
        await away(redis);
        const awayAt = performance.now();
        doomed.signal("SIGKILL");
        await expect.poll(() => performance.now() - awayAt, PATIENT).toBeGreaterThan(OUTAGE_MS);
        await back(redis);
        await expect.poll(() => events().length, PATIENT).toBe(5);
        for (const { hands } of living) hands.finish("a", ...lanes);
        await expect.poll(() => ingress.queue.depth().catch(() => null), PATIENT).toBe(0);
        expect(events().toSorted()).toEqual(
          ["a", ...lanes].flatMap((id) => [`${id} starts`, `${id} ends`]).toSorted(),
        );
      },
    );

    it.each(OUTAGES)(
      "$how: a process that starts at that time works once it is back",
      async ({ away, back }) => {
        const redis = await startRedis();
        const [{ queue: ingress }, { queue }] = [await connect(redis.url), await connect(redis.url)];
        await ingress.push(item("a"));
        await away(redis);
        const { events } = await startHands(queue);
        await back(redis);
        await expect.poll(() => events, PATIENT).toEqual(["a starts"]);
      },
    );

    it.each(OUTAGES)("$how: a stop ends all the same, and the process with it", async ({ away }) => {
      const redis = await startRedis();
      const worker = await startQueueWorker(redis);
      const { queue } = await connect(redis.url);
      await queue.push(item("a"));
      await expect.poll(() => worker.events, PATIENT).toEqual(["a starts"]);
      await away(redis);
      const stoppedAt = performance.now();
      worker.stop();
      expect(await worker.ended).toBe(0);
      expect(performance.now() - stoppedAt).toBeLessThan(6_000);
      expect(worker.events).toEqual(["a starts", "a stops: the process shuts down"]);
    });
  });

  it("sets aside what cannot be read, says so, and goes on behind it", async () => {
    const redis = await startRedis();
    const client = await look(redis.url);
    const { queue, hands, events, log } = await startWorker(redis.url);
    await queue.push(item("a"));
    await expect.poll(() => events).toEqual(["a starts"]);
    await client.hSet("nemobot:q:items", "strange", '{"version":7}');
    await client.rPush(`nemobot:q:lane:${TEST_SEALING.name("test:1")}`, "strange");
    await queue.push(item("b"));
    expect(await queue.clear("test:1", () => false)).toEqual([]);
    hands.finish("a", "b");
    await queue.idle();
    expect(events).toEqual(["a starts", "a ends", "b starts", "b ends"]);
    expect(await client.lRange("nemobot:q:unreadable", 0, -1)).toEqual(['{"version":7}']);
    expect(log.lines).toEqual([expect.stringMatching(/^error an item of waiting work cannot be read/)]);
  });

  it("leaves nothing in Redis of work that has ended, but what it remembers for a while", async () => {
    const redis = await startRedis();
    const { queue, hands, events } = await startWorker(redis.url);
    for (const id of ["a", "b", "c", "d"]) await queue.push(item(id));
    await expect.poll(() => events).toEqual(["a starts"]);
    await queue.remove("test:1", "b", () => true);
    await queue.cancel("test:1", new StopError("cancelled"));
    hands.finish("c", "d");
    await queue.idle();
    await queue.stop(new StopError("shutdown"));
    const keys = await (await look(redis.url)).keys("nemobot:q:*");
    expect(keys.filter((key) => !key.startsWith("nemobot:q:ended:"))).toEqual(["nemobot:q:pulse"]);
  });

  it("says that it cannot connect, without the password", async () => {
    const redis = await startRedis();
    await (await look(redis.url)).configSet("requirepass", "sesame");
    const url = redis.url.replace("redis://", "redis://:open-barley@");
    const refused = await RedisConnection.connect(url, new TestLog()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StoreTroubleError);
    expect(inspect(refused, { depth: 10 })).toContain("WRONGPASS");
    expect(inspect(refused, { depth: 10 })).not.toContain("open-barley");
  });
});
