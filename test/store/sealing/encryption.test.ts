import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createKeyring } from "../../../src/store/sealing/encryption.ts";

const ring = (...keys: Uint8Array[]) => createKeyring([keys[0] ?? randomBytes(32), ...keys.slice(1)]);

describe("a sealed text", () => {
  it.each(["", "a token", "标题 🎬", "x".repeat(10_000)])("opens with its key", (text) => {
    const keyring = ring();
    expect(keyring.unseal(keyring.seal(text, "a"), "a")).toBe(text);
  });

  it("looks different each time and shows nothing of the text", () => {
    const keyring = ring();
    const sealed = keyring.seal("a token", "a");
    expect(keyring.seal("a token", "a")).not.toBe(sealed);
    expect(Buffer.from(sealed.slice("sealed:1:00000000:".length), "base64").includes("token")).toBe(false);
  });

  it("does not open with another key, in another place, cut short, or changed in any byte", () => {
    const keyring = ring();
    const sealed = keyring.seal("a token", "a");
    expect(() => ring().unseal(sealed, "a")).toThrow(SyntaxError);
    expect(() => keyring.unseal(sealed, "b")).toThrow(SyntaxError);
    expect(() => keyring.unseal("a token", "a")).toThrow(SyntaxError);
    const lead = sealed.slice(0, sealed.lastIndexOf(":") + 1);
    const bytes = Buffer.from(sealed.slice(lead.length), "base64");
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => keyring.unseal(lead + changed.toString("base64"), "a"), `byte ${at}`).toThrow(SyntaxError);
      expect(() => keyring.unseal(lead + bytes.toString("base64", 0, at), "a"), `${at}`).toThrow(SyntaxError);
    }
  });

  it("opens with any of several keys, and is sealed with the first", () => {
    const [old, young] = [randomBytes(32), randomBytes(32)];
    const both = ring(young, old);
    expect(both.unseal(ring(old).seal("a token", "a"), "a")).toBe("a token");
    expect(ring(young).unseal(both.seal("a token", "a"), "a")).toBe("a token");
    expect(() => ring(old).unseal(both.seal("a token", "a"), "a")).toThrow(SyntaxError);
  });
});
