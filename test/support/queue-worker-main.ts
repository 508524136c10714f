/** A process that works on a queue on Redis until its parent tells it to stop. See `queue-worker.ts`. */
import { StopError } from "../../src/core/model/stop.ts";
import { RedisQueue } from "../../src/jobs/redis/queue.ts";
import { RedisConnection } from "../../src/store/redis/connection.ts";
import { TEST_SEALING } from "./sealing.ts";
import { Hands } from "./work-items.ts";

/** What the parent may say: an item may end, or the process. */
type Word = { finish: string } | "stop";

const [url = "", options = "{}"] = process.argv.slice(2);
// What the queue logs is tested where it runs in the test's own process.
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const redis = await RedisConnection.connect(url, log);
const queue = new RedisQueue(redis, TEST_SEALING, log, JSON.parse(options));
const hands = new Hands((event) => process.send?.(event));
process.on("message", (word: Word) => {
  if (word !== "stop") hands.finish(word.finish);
  // Without its parent's channel only what was forgotten keeps the process alive.
  else
    void queue.stop(new StopError("shutdown")).then(() => {
      redis.close();
      process.disconnect();
    });
});
await queue.start(hands.work);
process.send?.("ready");
