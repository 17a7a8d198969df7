import assert from "node:assert/strict";
import { test } from "node:test";
import type { Health } from "../src/health";
import { missing } from "../src/problems";
import { type Session, Supervisor, Unavailable } from "../src/supervisor";

/** A world with servers that end when they are told to. */
class World {
  readonly shown: Health[] = [];
  readonly ends: ((lastWords: string) => void)[] = [];
  stopped = 0;
  time = 0;
  installed = true;
  error: Error | undefined;

  readonly supervisor = new Supervisor<Session>({
    find: () =>
      this.installed ? Promise.resolve({ command: "verifill", origin: "here" }) : Promise.reject(new Unavailable(missing(""))),
    open: () => (this.error === undefined ? Promise.resolve(this.session()) : Promise.reject(this.error)),
    show: (health) => this.shown.push(health),
    now: () => this.time,
  });

  get kinds(): string[] {
    return this.shown.map(({ kind }) => kind);
  }

  /** End the newest server, and wait until that has had its effect. */
  async end(lastWords = ""): Promise<void> {
    this.ends.at(-1)?.(lastWords);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  private session(): Session {
    const ended = new Promise<string>((resolve) => this.ends.push(resolve));
    const stop = (): Promise<void> => {
      this.stopped += 1;
      return Promise.resolve();
    };
    return { version: "1.0", ended, stop };
  }
}

test("a server that ends is started again, but not a third time within three minutes", async () => {
  const world = new World();
  await world.supervisor.restart();
  await world.end();
  await world.end();
  assert.equal(world.kinds.at(-1), "running");
  await world.end("out of luck");
  const last = world.shown.at(-1);
  assert.ok(last?.kind === "broken" && last.problem.code === "crashed");
  assert.match(last.problem.words, /3 times.*out of luck/);
});

test("ends that lie far apart are forgiven", async () => {
  const world = new World();
  await world.supervisor.restart();
  for (let i = 0; i < 5; i++) {
    world.time += 200_000;
    await world.end();
  }
  assert.equal(world.kinds.at(-1), "running");
});

test("a server that is stopped is not missed", async () => {
  const world = new World();
  await world.supervisor.restart();
  await world.supervisor.stop();
  await world.end();
  assert.deepEqual(world.kinds, ["starting", "running", "stopped"]);
  assert.equal(world.stopped, 1);
});

test("restarting stops the old server first, and forgets its ends", async () => {
  const world = new World();
  await world.supervisor.restart();
  await world.end();
  await world.end();
  await Promise.all([world.supervisor.restart(), world.supervisor.restart()]);
  assert.equal(world.stopped, 2);
  await world.end();
  assert.equal(world.kinds.at(-1), "running");
});

test("where there is no server the problem is shown, and a restart tries again", async () => {
  const world = new World();
  world.installed = false;
  await world.supervisor.restart();
  assert.equal(world.kinds.at(-1), "broken");
  world.installed = true;
  await world.supervisor.restart();
  assert.equal(world.kinds.at(-1), "running");
});

test("whatever goes wrong is shown, and a restart tries again", async () => {
  const world = new World();
  world.error = new TypeError("the argument must be a string");
  await world.supervisor.restart();
  const last = world.shown.at(-1);
  assert.ok(last?.kind === "broken");
  assert.match(last.problem.words, /could not be started: TypeError: the argument must be a string/);
  world.error = undefined;
  await world.supervisor.restart();
  assert.equal(world.kinds.at(-1), "running");
});

test("a server that cannot be stopped keeps no other from being started", async () => {
  let stops = 0;
  const stop = (): Promise<void> => {
    stops += 1;
    return stops === 1 ? Promise.reject(new Error("stuck")) : Promise.resolve();
  };
  const shown: Health[] = [];
  const supervisor = new Supervisor<Session>({
    find: () => Promise.resolve({ command: "verifill", origin: "here" }),
    open: () => Promise.resolve({ version: "1.0", ended: new Promise<string>(() => undefined), stop }),
    show: (health) => shown.push(health),
    now: () => 0,
  });
  await supervisor.restart();
  await assert.rejects(supervisor.restart(), /stuck/);
  await supervisor.restart();
  assert.equal(shown.at(-1)?.kind, "running");
});
