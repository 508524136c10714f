/** Where Redis is, as an operator may write it. */
import { describe, expect, it } from "vitest";
import { parseRedisAddress } from "../../../src/store/redis/address.ts";

const PLAIN = {
  isTls: false,
  username: undefined,
  password: undefined,
  hosts: [{ host: "localhost", port: 6379 }],
  masterName: null,
  database: 0,
};

describe("an address of Redis", () => {
  it.each([
    ["redis://localhost", {}],
    ["redis://localhost:6380/", { hosts: [{ host: "localhost", port: 6380 }] }],
    ["redis://localhost/5?timeout=5", { database: 5 }],
    ["rediss://bot:secret@localhost", { isTls: true, username: "bot", password: "secret" }],
    ["redis://:p%40ss%2Fword@localhost", { password: "p@ss/word" }],
    ["redis://bot:50%@localhost", { username: "bot", password: "50%" }],
    ["redis://:a@b@localhost", { password: "a@b" }],
    ["redis://[::1]:7000", { hosts: [{ host: "::1", port: 7000 }] }],
    [
      "redis://one:7000,two",
      {
        hosts: [
          { host: "one", port: 7000 },
          { host: "two", port: 6379 },
        ],
      },
    ],
    [
      "redis+sentinel://one,two:7000/main",
      {
        hosts: [
          { host: "one", port: 26379 },
          { host: "two", port: 7000 },
        ],
        masterName: "main",
      },
    ],
    [
      "rediss+sentinel://bot:secret@one/my%20main/3",
      {
        isTls: true,
        username: "bot",
        password: "secret",
        hosts: [{ host: "one", port: 26379 }],
        masterName: "my main",
        database: 3,
      },
    ],
  ])("%s is read", (text, address) => {
    expect(parseRedisAddress(text)).toEqual({ ...PLAIN, ...address });
  });

  it.each([
    "",
    "localhost:6379",
    "http://localhost",
    "redis://",
    "redis://:secret@",
    "redis://local host",
    "redis://localhost:port",
    "redis://localhost:65536",
    "redis://one,,two",
    "redis://localhost/main",
    "redis://localhost/0/1",
    "redis+sentinel://one",
    "redis+sentinel://one/main/zero",
  ])("%s is none", (text) => {
    expect(parseRedisAddress(text)).toBeNull();
  });
});
