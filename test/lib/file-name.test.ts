import { describe, expect, it } from "vitest";
import { safeFileName } from "../../src/lib/file-name.ts";

describe("a file name", () => {
  it.each([
    ["clip.mp4", "clip.mp4"],
    ["My clip ü (1).mp4", "My clip ü (1).mp4"],
    ["没有.mp4", "没有.mp4"],
    ["🎬.mp4", "🎬.mp4"],
  ])("%s stays as it is", (name, safe) => {
    expect(safeFileName(name)).toBe(safe);
  });

  it.each([
    ["../../etc/passwd.mp4", "passwd.mp4"],
    ["..\\..\\windows\\win.mp4", "win.mp4"],
    ["/etc/passwd", "passwd"],
    ["C:\\clip.mp4", "clip.mp4"],
    ["C:clip.mp4", "C_clip.mp4"],
    ["..", "file"],
    ["../", "file"],
    ["", "file"],
    [".htaccess", "htaccess"],
    ["clip.mp4. . ", "clip.mp4"],
    ["gpj.\u202e4pm.exe", "gpj.4pm.exe"],
    ["a\u0000b\r\nc\u001b[31m.mp4", "abc[31m.mp4"],
    ["a\u2028b.mp4", "ab.mp4"],
    ['a"b<c>d|e?f*g.mp4', "a_b_c_d_e_f_g.mp4"],
    ["CON.mp4", "_CON.mp4"],
    ["nul", "_nul"],
    ["com1.tar.mp4", "_com1.tar.mp4"],
    ["console.mp4", "console.mp4"],
    ["\ud800clip.mp4", "\ufffdclip.mp4"],
  ])("%j is sent as %j", (name, safe) => {
    expect(safeFileName(name)).toBe(safe);
  });

  it.each(["x", "没", "🎬"])("of 5,000 × %s keeps its extension within 200 bytes", (letter) => {
    const safe = safeFileName(`${letter.repeat(5_000)}.mp4`);
    expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
    expect(safe).toMatch(/\.mp4$/);
    expect(safe.isWellFormed()).toBe(true);
  });
});
