import { describeConversationStore } from "../contracts/conversation-store.ts";
import { HOME_KINDS } from "../support/storage-homes.ts";

for (const kind of HOME_KINDS) describeConversationStore(kind);
