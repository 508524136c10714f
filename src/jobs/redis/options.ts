/** The limits and intervals of the queue on Redis. Times in ms. */
export interface RedisQueueOptions {
  /** Most items that may wait in one lane, the running one not counted. */
  maxWaiting: number;
  /** Between two renewals of a process's lease on its lanes. */
  heartbeatMs: number;
  /** A process that has not renewed for so long counts as dead. */
  leaseMs: number;
  /**
   * When nobody has renewed for so long, Redis was away, and the leases of the living may have run out too.
   * Less than `leaseMs` by two heartbeats and more, so that a shorter pause costs no living process its lease.
   */
  pauseMs: number;
  /** After such a pause the living have so long to come back before any lane is taken over. */
  settleMs: number;
  /** Between two looks for lanes of the dead and for lost wake-ups. */
  lookMs: number;
  /** A lane that nobody has come for in so long has lost its wake-up. */
  lostWakeUpMs: number;
  /** Redis answers within a millisecond; one that takes longer than this is away. */
  answerMs: number;
  /** Wait before the end of an item is reported again. */
  retryMs: number;
  /** `stop` waits no longer for Redis, once what ran has ended. */
  farewellMs: number;
  /** An item that has ended is known for so long: it may be pushed again by somebody who got no answer. */
  rememberMs: number;
  /** Lanes claimed at the same time; how many run has no limit. */
  concurrency: number;
}

/** A lane of a dead process is taken over after `leaseMs`, less one heartbeat, and a look: 3.5 to 4.5 s. */
export const DEFAULT_REDIS_QUEUE_OPTIONS: RedisQueueOptions = {
  maxWaiting: 20,
  heartbeatMs: 500,
  leaseMs: 4_000,
  pauseMs: 2_000,
  settleMs: 3_500,
  lookMs: 500,
  lostWakeUpMs: 3_000,
  answerMs: 2_000,
  retryMs: 250,
  farewellMs: 1_000,
  rememberMs: 3_600_000,
  concurrency: 50,
};
