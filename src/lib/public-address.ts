/**
 * Addresses that lead to the public internet, told from those of this machine and its networks: by their form,
 * by what their name stands for, and, where it counts, by what is dialled.
 * Source: IANA, "IPv4 Special-Purpose Address Registry", "IPv6 Special-Purpose Address Registry" and
 * "Special-Use Domain Names"; RFC 6890, RFC 6052 (NAT64), RFC 6761.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { within } from "./timeout.ts";

/** Every address of a name, as the system gives them. Rejects when it has none. */
export type ResolveHost = (hostname: string) => Promise<{ address: string; family: number }[]>;

/** What the system's resolver says, `/etc/hosts` included. */
export const systemResolve: ResolveHost = (hostname) => lookup(hostname, { all: true });

/** The address does not lead to the public internet. Its text names no address. */
class NotPublicError extends Error {
  constructor() {
    super("the address is not a public one");
    this.name = "NotPublicError";
  }
}

/** Blocks of IPv4 that no stranger's file lies in. */
const SPECIAL_IPV4: readonly [network: string, prefix: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Azure's own services for a machine, its metadata among them.
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  // The broadcast address with it.
  ["240.0.0.0", 4],
];

/** The same inside of what is given out as global IPv6. 6to4 (2002::/16) can hold any IPv4 address. */
const SPECIAL_IPV6: readonly [network: string, prefix: number][] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

/** IPv6 prefixes of 96 bits that an IPv4 address follows: IPv4-mapped, and NAT64. */
const EMBEDDING = ["::ffff:", "64:ff9b::"];

const SPECIAL = new BlockList();
for (const [network, prefix] of SPECIAL_IPV4) {
  SPECIAL.addSubnet(network, prefix, "ipv4");
  for (const before of EMBEDDING) SPECIAL.addSubnet(before + network, 96 + prefix, "ipv6");
}
for (const [network, prefix] of SPECIAL_IPV6) SPECIAL.addSubnet(network, prefix, "ipv6");

/** All that is global in IPv6: everything else is loopback, local, multicast or not given out. */
const GLOBAL_IPV6 = new BlockList();
GLOBAL_IPV6.addSubnet("2000::", 3, "ipv6");
for (const before of EMBEDDING) GLOBAL_IPV6.addSubnet(`${before}0.0.0.0`, 96, "ipv6");

/** True for an IP address of the public internet; false for any other text too. */
export function isPublicIp(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !SPECIAL.check(address, "ipv4");
    case 6:
      // A zone names an interface of this machine.
      return !address.includes("%") && GLOBAL_IPV6.check(address, "ipv6") && !SPECIAL.check(address, "ipv6");
    default:
      return false;
  }
}

/** Ends of names that mean something in one machine or network alone, `metadata.google.internal` among them. */
const LOCAL_NAME =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|svc)$/;

/**
 * True for a URL's host (`URL.hostname`, which has odd forms of IP addresses put right already) that can be
 * public: no special IP address, and no name that only means something in a network of one's own.
 */
function isPublicHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isIP(host) !== 0) return isPublicIp(host);
  // Machines of one's own network and containers have names without a dot.
  return host.includes(".") && !LOCAL_NAME.test(host.toLowerCase());
}

/** What an address has to be. */
export interface AddressRule {
  /** Such as `https:`. */
  schemes: readonly string[];
  /** Origins (`URL.origin`) that may be anywhere and need no https: the operator has named them. */
  trustedOrigins: readonly string[];
}

/** The address, when its form agrees with the rule: it names a public host and no user. Null for all others. */
export function readPublicUrl(address: string, rule: AddressRule): URL | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || url.username !== "" || url.password !== "") return null;
  if (isTrusted(url, rule)) return url;
  return rule.schemes.includes(url.protocol) && isPublicHost(url.hostname) ? url : null;
}

/** True for an address of an origin that the operator has named. */
export function isTrusted(url: URL, { trustedOrigins }: Pick<AddressRule, "trustedOrigins">): boolean {
  return /^https?:$/.test(url.protocol) && trustedOrigins.includes(url.origin);
}

/**
 * False when the host of a URL is, or stands for, an address that is not public: one such among several is
 * enough. A name that cannot be looked up within `timeoutMs` says nothing, which is true.
 */
export async function leadsOutside(url: URL, resolve: ResolveHost, timeoutMs: number): Promise<boolean> {
  if (!isPublicHost(url.hostname)) return false;
  if (isIP(url.hostname.replace(/^\[|\]$/g, "")) !== 0) return true;
  const found = await within(
    timeoutMs,
    resolve(url.hostname).catch(() => []),
    [],
  );
  return found.every(({ address }) => isPublicIp(address));
}

/**
 * A connector of undici that dials public addresses only. What is looked up is what is dialled, so that a name
 * cannot change its meaning in between; one address that is not public refuses the name. Fails with `NotPublicError`.
 */
export function publicConnector(
  options: buildConnector.BuildOptions,
  resolve: ResolveHost,
): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: publicLookup(resolve) });
  return (target, callback) => {
    // An IP address is dialled without a lookup.
    const host = target.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) === 0 || isPublicIp(host)) connect(target, callback);
    else process.nextTick(callback, new NotPublicError(), null);
  };
}

function publicLookup(resolve: ResolveHost): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => {
        const [first] = found;
        if (!first || found.some(({ address }) => !isPublicIp(address))) callback(new NotPublicError(), []);
        else if (options.all) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

/** True when a connection was refused because of where it would have led, however deep the error lies. */
export function isNotPublic(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof NotPublicError) return true;
  }
  return false;
}
