// The service with its pages, beside the homeserver that scripts/test has started.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const needed = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests with scripts/test`);
  return value;
};

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export default async function () {
  const folder = mkdtempSync(join(tmpdir(), "super-invites-pages-"));
  const listen = `127.0.0.1:${await freePort()}`;
  const service = spawn(needed("SUPER_INVITES_BINARY"), ["serve"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH,
      RUST_LOG: "warn",
      SUPER_INVITES_LISTEN: listen,
      SUPER_INVITES_HOMESERVER_URL: needed("TEST_SYNAPSE_URL"),
      SUPER_INVITES_SERVER_NAME: "test",
      SUPER_INVITES_AS_TOKEN: needed("TEST_AS_TOKEN"),
      SUPER_INVITES_SQL_URL: `sqlite:///${folder}/pages.db`,
      SUPER_INVITES_ENABLE_WEB: "true",
      SUPER_INVITES_SITE_DIR: needed("SUPER_INVITES_SITE_DIR"),
    },
  });
  process.env.SERVICE_URL = `http://${listen}`;
  for (;;) {
    if (service.exitCode !== null) throw new Error("the service ended before it answered");
    const answer = await fetch(process.env.SERVICE_URL).catch(() => null);
    if (answer?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return async () => {
    const ended = new Promise((resolve) => service.on("exit", resolve));
    service.kill();
    await ended;
    rmSync(folder, { recursive: true });
  };
}
