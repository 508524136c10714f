import { describe, expect, it } from "vitest";
import { decodeAction } from "../../src/adapters/shared/action-codes.ts";
import { formatOf, mimeTypeOf } from "../../src/core/model/file-formats.ts";
import { createLocales } from "../../src/core/model/locales.ts";
import { localized } from "../../src/core/model/skill.ts";
import { withDigits } from "../../src/sandbox/agent/word-times.ts";
import { createAdapterMemory } from "../../src/store/adapter-memory.ts";
import { openMemoryStorage } from "../../src/store/storage.ts";
import { understanding } from "../support/content.ts";

describe.each(["constructor", "__proto__", "toString", "valueOf", "hasOwnProperty"])(
  "a name that every object has: %s",
  (name) => {
    it("is no action of a button", async () => {
      const memory = createAdapterMemory(openMemoryStorage().records, "test");
      expect(await decodeAction(name, "test:1", memory)).toBeNull();
    });

    it("is no command", () => {
      expect(understanding.readIntent(name).kind).toBe("edit");
    });

    it("is no language", () => {
      expect(localized({ en: "Hello" }, name)).toBe("Hello");
      // One text is enough to see whose it is.
      const locales = createLocales({ en: { "export.started": "Rendering" } } as never);
      expect(locales.match(name)).toBeNull();
      expect(locales.plain(name, "export.started")).toBe("Rendering");
    });

    it("is no format of a file", () => {
      expect(formatOf({ name: "clip", mimeType: name })).toBeNull();
      expect(formatOf({ name: `clip.${name}` })).toBeNull();
      expect(mimeTypeOf({ name: "clip", mimeType: name })).toBe(name);
    });

    it("is a word like any other for the sandbox", () => {
      expect(withDigits(name)).toBe(name);
    });
  },
);
