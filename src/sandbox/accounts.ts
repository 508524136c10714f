/**
 * Accounts, their tokens and their credits. Source: nemo-api.md, the rows "Free token" and "Credits".
 * Decided here, where the documents are silent: asking again while a token is valid is refused (429); after
 * it ran out the same client id gets a new token for the same user, and full credits again.
 */
import { randomBytes } from "node:crypto";
import { Refusal } from "./answers.ts";

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
const MAX_CLIENT_ID_LENGTH = 64;
/** Oldest accounts go first beyond this. */
const MAX_ACCOUNTS = 100_000;

/** Whose credits pay. */
export interface Account {
  userId: string;
  /** `null` for registered accounts. */
  clientId: string | null;
  /** Credits left, those reserved included. */
  total: number;
  /** Reserved by running work. */
  frozen: number;
  /** A request came without attribution headers: exports fail with 402. */
  isUnattributed: boolean;
}

/** A token as the free-token call gives it. */
export interface IssuedToken {
  token: string;
  account: Account;
  expiresAt: number;
}

/** Accounts in a file: tokens name theirs. */
export interface KeptAccounts {
  accounts: Account[];
  tokens: { token: string; userId: string; expiresAt: number }[];
}

/** All accounts of a sandbox. */
export class Accounts {
  #now: () => number;
  #credits: number;
  #ipLimitPerHour: number;
  #byToken = new Map<string, { account: Account; expiresAt: number }>();
  #byClient = new Map<string, IssuedToken>();
  #issuedByIp = new Map<string, number[]>();

  constructor(options: {
    now: () => number;
    credits: number;
    ipLimitPerHour: number;
    registeredTokens: readonly string[];
  }) {
    this.#now = options.now;
    this.#credits = options.credits;
    this.#ipLimitPerHour = options.ipLimitPerHour;
    for (const [index, token] of options.registeredTokens.entries()) {
      const account: Account = {
        userId: `user_${index + 1}`,
        clientId: null,
        total: options.credits,
        frozen: 0,
        isUnattributed: false,
      };
      this.#byToken.set(token, { account, expiresAt: Number.POSITIVE_INFINITY });
    }
  }

  /** What another sandbox needs to go on with the free ones. */
  kept(): KeptAccounts {
    const issued = [...this.#byClient.values()];
    return {
      accounts: issued.map(({ account }) => account),
      tokens: issued.map(({ token, account }) => {
        const expiresAt = this.#byToken.get(token)?.expiresAt ?? 0;
        return { token, userId: account.userId, expiresAt };
      }),
    };
  }

  /** Goes on with those of a sandbox that has ended; returns them by user id. Nothing they had reserved is under way. */
  restore(kept: KeptAccounts): Map<string, Account> {
    const byUser = new Map(kept.accounts.map((account) => [account.userId, { ...account, frozen: 0 }]));
    for (const { token, userId, expiresAt } of kept.tokens) {
      const account = byUser.get(userId);
      if (!account || account.clientId === null) continue;
      this.#byToken.set(token, { account, expiresAt });
      this.#byClient.set(account.clientId, { token, account, expiresAt });
    }
    return byUser;
  }

  /** Checks a free-token request; throws a `Refusal` with 400 or 429. */
  check(clientId: string | undefined, ip: string): string {
    if (clientId === undefined || clientId.trim() === "")
      throw new Refusal(400, "Missing X-Client-Id header");
    if (clientId.length > MAX_CLIENT_ID_LENGTH) throw new Refusal(400, "X-Client-Id is too long");
    const earlier = this.#byClient.get(clientId);
    if (earlier !== undefined && this.#isValid(earlier.token)) {
      throw new Refusal(429, "One token per client per 7 days");
    }
    const recent = (this.#issuedByIp.get(ip) ?? []).filter((at) => at > this.#now() - HOUR_MS);
    this.#issuedByIp.set(ip, recent);
    if (recent.length >= this.#ipLimitPerHour) throw new Refusal(429, "Too many tokens for this address");
    return clientId;
  }

  /** A new token for a client id that `check` passed. */
  issue(clientId: string, ip: string): IssuedToken {
    this.#issuedByIp.get(ip)?.push(this.#now());
    const earlier = this.#byClient.get(clientId);
    const account: Account = earlier?.account ?? {
      userId: `anon_${randomBytes(9).toString("hex")}`,
      clientId,
      total: 0,
      frozen: 0,
      isUnattributed: false,
    };
    account.total = this.#credits + account.frozen;
    account.isUnattributed = false;
    if (earlier !== undefined) this.#byToken.delete(earlier.token);
    const issued: IssuedToken = {
      token: `nmv_usr_${randomBytes(24).toString("base64url")}`,
      account,
      expiresAt: this.#now() + WEEK_MS,
    };
    this.#byToken.set(issued.token, { account, expiresAt: issued.expiresAt });
    this.#byClient.set(clientId, issued);
    this.#forgetOldest();
    return issued;
  }

  /** The account of an `Authorization` header; throws 1001. */
  authenticate(header: string | undefined): Account {
    const token = /^Bearer (\S+)$/.exec(header ?? "")?.[1];
    const entry = token === undefined ? undefined : this.#byToken.get(token);
    if (token === undefined || entry === undefined || !this.#isValid(token)) {
      throw new Refusal(1001, "Invalid or expired token");
    }
    return entry.account;
  }

  /** Ends every free token; registered ones stay. */
  expireAll(): void {
    for (const entry of this.#byToken.values()) {
      if (entry.account.clientId !== null) entry.expiresAt = 0;
    }
  }

  /** Sets the credits of every account, and of those to come. */
  setCredits(credits: number): void {
    this.#credits = credits;
    for (const { account } of this.#byToken.values()) account.total = credits + account.frozen;
  }

  /** Full credits for one user, as registering would bring; false when the user is unknown. */
  topUp(userId: string): boolean {
    for (const { account } of this.#byToken.values()) {
      if (account.userId !== userId) continue;
      account.total = this.#credits + account.frozen;
      return true;
    }
    return false;
  }

  #isValid(token: string): boolean {
    const entry = this.#byToken.get(token);
    return entry !== undefined && entry.expiresAt > this.#now();
  }

  #forgetOldest(): void {
    if (this.#byClient.size <= MAX_ACCOUNTS) return;
    const oldest = this.#byClient.entries().next().value;
    if (oldest === undefined) return;
    this.#byClient.delete(oldest[0]);
    this.#byToken.delete(oldest[1].token);
  }
}
