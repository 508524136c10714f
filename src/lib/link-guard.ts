/**
 * Which links of people are handed on: those of the public web. A server that fetches whatever it is told would
 * otherwise reach for us what lies in its own network. Source: OWASP, "Server-Side Request Forgery Prevention".
 */
import { createKeyedQueue } from "./keyed-queue.ts";
import {
  type AddressRule,
  isTrusted,
  leadsOutside,
  type ResolveHost,
  readPublicUrl,
} from "./public-address.ts";

/** A name that cannot be looked up so soon is let through: the server that fetches it looks it up as well. */
const LOOKUP_TIMEOUT_MS = 2_000;

export class LinkGuard {
  readonly #rule: AddressRule;
  readonly #resolve: ResolveHost;
  /** The system looks few names up at a time: slow ones that people think of must not hold up our own. */
  readonly #oneByOne = createKeyedQueue();

  /** `trustedOrigins` may be anywhere: the operator has named them. */
  constructor(trustedOrigins: readonly string[], resolve: ResolveHost) {
    this.#rule = { schemes: ["http:", "https:"], trustedOrigins };
    this.#resolve = resolve;
  }

  /** By its form: http(s), no user in it, and no host that is known to be private. */
  isAllowed(link: string): boolean {
    return readPublicUrl(link, this.#rule) !== null;
  }

  /** False when the link is not allowed, or the name of its host stands for a private address. */
  async leadsOutside(link: string): Promise<boolean> {
    const url = readPublicUrl(link, this.#rule);
    if (url === null) return false;
    if (isTrusted(url, this.#rule)) return true;
    const late = AbortSignal.timeout(LOOKUP_TIMEOUT_MS);
    const resolve: ResolveHost = (host) =>
      this.#oneByOne("lookup", async () => {
        late.throwIfAborted();
        return this.#resolve(host);
      });
    return leadsOutside(url, resolve, LOOKUP_TIMEOUT_MS);
  }
}
