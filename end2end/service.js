// The service with its pages, beside the homeserver that scripts/test has started.
import { spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cas, door, forward } from "./homeserver.js";
import { needed, promoteSender } from "./world.js";

export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts the service with a database of its own, and what stands between it and the homeserver; with pages below `path`, and more variables. */
async function start(path = "", more = {}) {
  const folder = mkdtempSync(join(tmpdir(), "super-invites-pages-"));
  const log = join(folder, "service.log");
  const listen = `127.0.0.1:${await freePort()}`;
  const between = await door(needed("TEST_SYNAPSE_URL"));
  const service = spawn(needed("SUPER_INVITES_BINARY"), ["serve"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env.PATH,
      RUST_LOG: "warn",
      SUPER_INVITES_LISTEN: listen,
      SUPER_INVITES_INTERNAL_LISTEN: "null",
      SUPER_INVITES_HOMESERVER_URL: between.url,
      SUPER_INVITES_HOMESERVER_PUBLIC_URL: needed("TEST_SYNAPSE_URL"),
      SUPER_INVITES_SERVER_NAME: "test",
      // A session that has ended has ended at once.
      SUPER_INVITES_TOKEN_CACHE_SECONDS: "0",
      SUPER_INVITES_AS_TOKEN: needed("TEST_AS_TOKEN"),
      SUPER_INVITES_SQL_URL: `sqlite:///${folder}/pages.db`,
      SUPER_INVITES_ENABLE_WEB: "true",
      SUPER_INVITES_GENERATE_REGISTRATION_TOKEN: "true",
      // Everybody comes from one address here, so only people are limited.
      SUPER_INVITES_FAILED_LOOKUPS: "{per_user: 5, per_address: null, in_all: null}",
      SUPER_INVITES_ELEMENT_WEB_URL: "https://app.element.io",
      ...more,
    },
  });
  service.stderr.pipe(createWriteStream(log));
  const url = `http://${listen}`;
  for (;;) {
    if (service.exitCode !== null) throw new Error(`the service ended before it answered: ${readFileSync(log)}`);
    const answer = await fetch(`${url}${path}/`).catch(() => null);
    if (answer?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const stop = async () => {
    const ended = new Promise((resolve) => service.on("exit", resolve));
    service.kill();
    await ended;
    between.close();
    const said = readFileSync(log, "utf8");
    rmSync(folder, { recursive: true });
    if (/panicked| ERROR /.test(said)) throw new Error(`the service was not well:\n${said}`);
  };
  return { url, between: between.url, stop };
}

/** A service with its pages below a path, and a reverse proxy that leads nothing else to it: `elsewhere` is what was asked for besides. */
export async function below(path) {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const service = await start(path, { SUPER_INVITES_PUBLIC_URL: `${address}${path}` });
  const elsewhere = [];
  const proxy = createHttpServer((asked, answer) => {
    if (asked.url.startsWith(`${path}/`)) return forward(service.url, asked, answer);
    elsewhere.push(asked.url);
    return answer.writeHead(404).end();
  });
  await new Promise((resolve, reject) => proxy.on("error", reject).listen(port, "127.0.0.1", resolve));
  const stop = async () => {
    await service.stop();
    proxy.closeAllConnections();
    proxy.close();
  };
  return { url: `${address}${path}`, elsewhere, stop };
}

/** One service for each worker: what one of them pauses or holds is nothing to the others. */
export default async function (config) {
  await promoteSender();
  const elsewhere = await cas(Number(needed("TEST_CAS_PORT")));
  const services = [];
  for (let number = 0; number < (config?.workers ?? 1); number += 1) services.push(await start());
  process.env.SERVICES = JSON.stringify(services.map(({ url, between }) => ({ SERVICE_URL: url, BETWEEN_URL: between })));
  use(0);
  return async () => {
    await Promise.all(services.map(({ stop }) => stop()));
    elsewhere.close();
  };
}

/** Makes one of the services the one that is tested in this process. */
export const use = (number) => Object.assign(process.env, JSON.parse(process.env.SERVICES)[number]);
