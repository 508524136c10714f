/** A log for what is measured without one. */
import type { Log } from "../../src/core/ports/runtime.ts";

const quiet = () => {};

export const quietLog: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
