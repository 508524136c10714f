/** The ways to a Redis: TLS, Sentinels, a cluster; each with records and work, on real servers. */
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createClient } from "@redis/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { StopError } from "../../../src/core/model/stop.ts";
import { RedisQueue } from "../../../src/jobs/redis/queue.ts";
import { RedisConnection } from "../../../src/store/redis/connection.ts";
import { freePort, HAS_OPENSSL, HAS_REDIS, type RedisServer, startRedis } from "../../support/redis.ts";
import { openRecords } from "../../support/redis-store.ts";
import { TEST_SEALING } from "../../support/sealing.ts";
import { TestLog, temporaryFolder } from "../../support/test-chat.ts";
import { item, startHands } from "../../support/work-items.ts";

/** An election and a new connection take seconds. */
const PATIENT = { timeout: 30_000, interval: 50 };

/** What one process has at an address: records, and a queue on which it works. */
async function startProcess(url: string) {
  const log = new TestLog();
  const opened = await openRecords(url, log);
  const queue = new RedisQueue(opened.connection, TEST_SEALING, log);
  onTestFinished(() => queue.stop(new StopError("shutdown")));
  const hands = await startHands(queue);
  return { ...opened, queue, hands, events: hands.events, log };
}

/** Records and work go through. */
async function expectService(
  { records, queue, hands, events }: Awaited<ReturnType<typeof startProcess>>,
  id: string,
) {
  await records.set(id, { n: 1 }, 60_000);
  await records.update(id, () => ({ n: 2 }));
  expect(await records.get(id)).toEqual({ n: 2 });
  await records.delete(id);
  expect(await records.get(id)).toBeUndefined();
  hands.finish(id);
  expect(await queue.push(item(id, `test:${id}`))).toEqual({ kind: "accepted", ahead: 0 });
  await expect.poll(() => events).toContain(`${id} ends`);
  await queue.idle();
}

/** A command to a server itself. */
async function ask(server: RedisServer, ...command: string[]): Promise<unknown> {
  const client = await createClient({ url: server.url }).connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}

describe.runIf(HAS_REDIS && HAS_OPENSSL)("a Redis that speaks TLS alone", () => {
  it("serves records and work by rediss://, and is refused when its certificate is not known", async () => {
    const dir = await temporaryFolder();
    const [key, certificate] = [join(dir, "key.pem"), join(dir, "certificate.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", [...make, "-days", "2", "-keyout", key, "-out", certificate, ...subject], {
      stdio: "ignore",
    });
    const port = await freePort();
    const files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate];
    await startRedis(["--tls-port", String(port), "--tls-auth-clients", "no", ...files]);
    const url = `rediss://127.0.0.1:${port}`;
    await expect(RedisConnection.connect(url, new TestLog())).rejects.toMatchObject({
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
    const known = getCACertificates("default");
    setDefaultCACertificates([...known, await readFile(certificate, "utf8")]);
    onTestFinished(() => setDefaultCACertificates(known));
    await expectService(await startProcess(url), "a");
  });
});

describe.runIf(HAS_REDIS)("a Redis behind Sentinels", () => {
  async function startSentinel(master: RedisServer): Promise<RedisServer> {
    const file = join(await temporaryFolder(), "sentinel.conf");
    const settings = [
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      "sentinel down-after-milliseconds main 500",
      "sentinel failover-timeout main 2000",
    ];
    await writeFile(file, settings.join("\n"));
    return startRedis([file, "--sentinel"]);
  }

  it("is found by its name, and found again where it went when it failed over", async () => {
    const master = await startRedis();
    const replica = await startRedis(["--replicaof", "127.0.0.1", String(master.port)]);
    const sentinel = await startSentinel(master);
    await expect.poll(() => ask(replica, "INFO"), PATIENT).toContain("master_link_status:up");
    await expect.poll(() => ask(sentinel, "INFO"), PATIENT).toContain("slaves=1");
    // The first Sentinel of the two is down.
    const url = `redis+sentinel://127.0.0.1:1,127.0.0.1:${sentinel.port}/main`;
    const process = await startProcess(url);
    await expectService(process, "a");
    await process.records.set("kept", 1);
    await process.queue.push(item("b"));
    await expect.poll(() => process.events).toContain("b starts");
    await ask(master, "WAIT", "1", "1000");
    await master.stop();
    await expect.poll(() => process.records.get("kept").catch(() => null), PATIENT).toBe(1);
    process.hands.finish("b");
    await expect.poll(() => process.queue.depth(), PATIENT).toBe(0);
    await expectService(process, "c");
    expect(process.events.filter((event) => event.startsWith("b"))).toEqual(["b starts", "b ends"]);
    expect(await ask(replica, "ROLE")).toContain("master");
    expect(process.log.lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
  });

  it("that they do not know ends the start", async () => {
    const master = await startRedis();
    const sentinel = await startSentinel(master);
    const start = RedisConnection.connect(`redis+sentinel://127.0.0.1:${sentinel.port}/other`, new TestLog());
    await expect(start).rejects.toThrow("the Sentinels know no master of that name");
  });
});

describe.runIf(HAS_REDIS)("a Redis cluster", () => {
  const SLOTS = [
    ["0", "8191"],
    ["8192", "16383"],
  ] as const;

  /** Two nodes with half of the slots each. */
  async function startCluster() {
    const nodes = [];
    for (const [first, last] of SLOTS) {
      const busPort = await freePort();
      const node = await startRedis(["--cluster-enabled", "yes", "--cluster-port", String(busPort)]);
      await ask(node, "CLUSTER", "ADDSLOTSRANGE", first, last);
      nodes.push({ node, busPort, id: String(await ask(node, "CLUSTER", "MYID")) });
    }
    const [one, other] = nodes;
    if (!one || !other) throw new Error("there are two nodes");
    await ask(one.node, "CLUSTER", "MEET", "127.0.0.1", String(other.node.port), String(other.busPort));
    for (const { node } of nodes) {
      await expect.poll(() => ask(node, "CLUSTER", "INFO"), PATIENT).toContain("cluster_state:ok");
    }
    return { one, other };
  }

  it("gets all that is ours on one node, which is found from any, also when the slot moves", async () => {
    const { one, other } = await startCluster();
    const slot = String(await ask(one.node, "CLUSTER", "KEYSLOT", "{nemobot}:q:items"));
    expect(await ask(one.node, "CLUSTER", "KEYSLOT", "{nemobot}::conversation:1")).toBe(Number(slot));
    const process = await startProcess(one.node.url);
    await expectService(process, "a");
    await process.records.set("kept", 1);
    await process.queue.push(item("b"));
    await expect.poll(() => process.events).toContain("b starts");
    expect(await ask(one.node, "DBSIZE")).toBe(0);
    const names = [];
    for await (const name of process.keys()) names.push(name);
    expect(names).toEqual(["kept"]);
    expect(process.log.lines).toEqual([]);

    // The node gives the slot away; what stood in it is gone with it here, as after a failover that lost the last writes.
    await ask(other.node, "FLUSHALL");
    for (const { node } of [other, one]) await ask(node, "CLUSTER", "SETSLOT", slot, "NODE", one.id);
    await expect
      .poll(
        () =>
          process.records.set("kept", 2).then(
            () => "set",
            () => null,
          ),
        PATIENT,
      )
      .toBe("set");
    expect(Number(await ask(one.node, "DBSIZE"))).toBeGreaterThan(0);
    process.hands.finish("b");
    await expectService(process, "c");
  });
});
