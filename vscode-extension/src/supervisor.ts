/**
 * Keeps one server running: starts it, and again when it dies, but not for ever.
 *
 * It knows neither editor nor protocol; `Parts` brings both.
 */

import type { Server } from "./discovery";
import type { Health, Problem } from "./health";
import { crashed, failed } from "./problems";

/** A server that has shaken hands. */
export interface Session {
  readonly version: string;
  /** Resolves with the server's last words when it has ended. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Thrown where a server cannot be had. */
export class Unavailable extends Error {
  constructor(readonly problem: Problem) {
    super(problem.words);
  }
}

export interface Parts<S extends Session> {
  /** @throws Unavailable */
  find(): Promise<Server>;
  /** @throws Unavailable */
  open(server: Server): Promise<S>;
  show(health: Health): void;
  /** Milliseconds; only differences count. */
  now(): number;
}

/** So many ends within so long are too many. */
const MOST_ENDS = 3;
const WITHIN_MS = 180_000;

export class Supervisor<S extends Session> {
  #session: S | undefined;
  #ends: number[] = [];
  // Starts and stops happen one after the other.
  #work: Promise<void> = Promise.resolve();

  constructor(private readonly parts: Parts<S>) {}

  /** The server that runs now. */
  get session(): S | undefined {
    return this.#session;
  }

  /** Start a server, instead of the one that runs if there is one. */
  restart(): Promise<void> {
    this.#ends = [];
    return this.#then(async () => {
      await this.#stop();
      await this.#start();
    });
  }

  stop(): Promise<void> {
    return this.#then(async () => {
      await this.#stop();
      this.parts.show({ kind: "stopped" });
    });
  }

  #then(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined); // what has failed keeps nothing else from being done
    return done;
  }

  async #stop(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.stop();
  }

  async #start(): Promise<void> {
    this.parts.show({ kind: "starting" });
    try {
      const server = await this.parts.find();
      const session = await this.parts.open(server);
      this.#session = session;
      this.parts.show({ kind: "running", version: session.version, command: server.command });
      void session.ended.then((lastWords) => this.#then(() => this.#hasEnded(session, lastWords)));
    } catch (error) {
      this.parts.show({ kind: "broken", problem: error instanceof Unavailable ? error.problem : failed(error) });
    }
  }

  async #hasEnded(session: S, lastWords: string): Promise<void> {
    if (session !== this.#session) {
      return; // it was stopped
    }
    this.#session = undefined;
    const now = this.parts.now();
    this.#ends = [...this.#ends.filter((end) => now - end < WITHIN_MS), now];
    if (this.#ends.length < MOST_ENDS) {
      await this.#start();
    } else {
      this.parts.show({ kind: "broken", problem: crashed(lastWords, this.#ends.length) });
    }
  }
}
