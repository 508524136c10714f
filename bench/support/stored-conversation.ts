/** A conversation as it stands in the store after some work: 1.3 KB of JSON. */
import type { Conversation } from "../../src/core/model/conversation.ts";

export function storedConversation(person: number): Conversation {
  return {
    version: 2,
    skill: "film-maker",
    account: {
      owner: "free",
      clientId: "9b1c2f6e-6f2f-4f0e-9d53-3c1f6d9a1e70",
      token: `nmv_usr_${"k3J9".repeat(16)}${person}`,
      userId: `anon_${person}`,
      expiresAt: 1_795_203_029_468,
    },
    session: { sessionId: `5f2d9c1a-${person}`, taskId: `task-${person}`, userId: `anon_${person}` },
    files: Array.from({ length: 5 }, (_, file) => ({
      platform: "telegram",
      fileId: `BAACAgIAAxkBAAIB${"xZ7q".repeat(12)}${person}-${file}`,
      name: `holiday clip ${file}.mp4`,
      sizeBytes: 48_000_000 + file,
      mimeType: "video/mp4",
    })),
    inFlight: null,
    lastFailed: null,
    settled: null,
    render: null,
  };
}
