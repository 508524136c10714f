/** What one process has on a Redis, closed when the test ends. */
import { onTestFinished } from "vitest";
import { createRecords, type Records } from "../../src/store/records.ts";
import { RedisConnection } from "../../src/store/redis/connection.ts";
import { openRedisStorage, type RedisStorage } from "../../src/store/redis/storage.ts";
import { TestLog } from "./test-chat.ts";

export async function connectRedis(url: string, log: TestLog = new TestLog()): Promise<RedisConnection> {
  const connection = await RedisConnection.connect(url, log);
  onTestFinished(() => connection.close());
  return connection;
}

/** Records as one process sees them. */
export async function openRecords(
  url: string,
  log: TestLog = new TestLog(),
): Promise<RedisStorage & { records: Records; connection: RedisConnection }> {
  const connection = await connectRedis(url, log);
  const storage = openRedisStorage(connection);
  return { ...storage, records: createRecords(storage.keyv, storage.swap), connection };
}
