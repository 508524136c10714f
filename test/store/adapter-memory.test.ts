import { describeAdapterMemory } from "../contracts/adapter-memory.ts";
import { HOME_KINDS } from "../support/storage-homes.ts";

for (const kind of HOME_KINDS) describeAdapterMemory(kind);
