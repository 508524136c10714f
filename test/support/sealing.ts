import { createKeyring } from "../../src/store/sealing/encryption.ts";
import { createSealing } from "../../src/store/sealing/sealing.ts";

/** The sealing of tests that look at a storage from inside: all their processes have the same keys. */
export const TEST_SEALING = createSealing(
  createKeyring([new Uint8Array(32).fill(3)]),
  new Uint8Array(32).fill(4),
);
