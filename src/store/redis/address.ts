/**
 * Where Redis is: `redis://user:password@host:port/database`, `rediss://` for TLS, several hosts with commas between
 * them, and `redis+sentinel://host:port,host:port/name/database` for the Sentinels that know the master of that name.
 */

export interface RedisHost {
  host: string;
  port: number;
}

export interface RedisAddress {
  isTls: boolean;
  username: string | undefined;
  password: string | undefined;
  /** Of Redis or, with `masterName`, of its Sentinels; tried in turn. */
  hosts: RedisHost[];
  /** What the Sentinels call it; null where Redis is addressed itself. */
  masterName: string | null;
  database: number;
}

const ADDRESS = /^(rediss?)(\+sentinel)?:\/\/(?:([^:@]*)(?::(.*))?@)?([^@/?#]+)((?:\/[^/?#]*)*)(?:[?#].*)?$/;
const HOST = /^(?:\[([0-9a-f:.]+)\]|([^[\]:\s]+))(?::(\d{1,5}))?$/i;

/** Null when it is no such address. */
export function parseRedisAddress(text: string): RedisAddress | null {
  const [, scheme, sentinel, username, password, list = "", path = ""] = ADDRESS.exec(text.trim()) ?? [];
  if (scheme === undefined) return null;
  const hosts = list.split(",").map((one) => readHost(one, sentinel ? 26_379 : 6_379));
  const names = path.split("/").filter((name) => name !== "");
  const masterName = sentinel ? names.shift() : null;
  const [database = "0", ...more] = names;
  if (masterName === undefined || more.length > 0 || !/^\d{1,5}$/.test(database)) return null;
  if (!hosts.every((host) => host !== null)) return null;
  return {
    isTls: scheme === "rediss",
    username: username ? decoded(username) : undefined,
    password: password ? decoded(password) : undefined,
    hosts,
    masterName: masterName && decoded(masterName),
    database: Number(database),
  };
}

function readHost(text: string, defaultPort: number): RedisHost | null {
  const [, v6, name, port = String(defaultPort)] = HOST.exec(text) ?? [];
  const host = v6 ?? name;
  return host === undefined || Number(port) > 65_535 ? null : { host, port: Number(port) };
}

/** A percent sign may stand for nothing but itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Used as it is.
    return text;
  }
}
