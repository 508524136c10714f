/** The limits and intervals of the queue on Redis. Times in ms. */
export interface RedisQueueOptions {
  /** Most items that may wait in one lane, the running one not counted. */
  maxWaiting: number;
  /** Between two renewals of a process's lease on its lanes. */
  heartbeatMs: number;
  /** A process that has not renewed for so long counts as dead. */
  leaseMs: number;
  /**
   * When no process has renewed for so long, Redis was away, and the leases of the living may have run out too.
   * Less than `leaseMs` by two heartbeats and more, so that a shorter pause costs no living process its lease.
   */
  pauseMs: number;
  /** After such a pause the living have so long to come back before any lane is taken over. */
  settleMs: number;
  /** Between two looks for lanes of dead processes and for lost wake-ups. */
  lookMs: number;
  /** A lane that has waited for so long has lost its wake-up. */
  lostWakeUpMs: number;
  /** Wait before the end of an item is reported again, and before Redis is listened to again. */
  retryMs: number;
  /** `stop` waits no longer for Redis, once what ran has ended. */
  farewellMs: number;
  /** An item that has ended is known for so long: a sender that got no answer may push it again. */
  rememberMs: number;
}

/** A lane of a dead process is taken over after `leaseMs`, less up to one heartbeat, and a look: 2.5 to 3.5 s. */
export const DEFAULT_REDIS_QUEUE_OPTIONS: RedisQueueOptions = {
  maxWaiting: 20,
  heartbeatMs: 500,
  leaseMs: 3_000,
  pauseMs: 1_500,
  settleMs: 3_000,
  lookMs: 500,
  lostWakeUpMs: 500,
  retryMs: 250,
  farewellMs: 1_000,
  rememberMs: 3_600_000,
};
