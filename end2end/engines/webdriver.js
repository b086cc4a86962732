// Browsers that Playwright does not drive as people have them, by W3C WebDriver, for which `fetch` is enough. What is here is what
// ways.js needs of it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../service.js";

/** How long anything may take: the homeserver works on the same two cores. */
const PATIENCE = 60_000;

const ENGINES = {
  webkit: {
    command: (port) => ["WebKitWebDriver", `--port=${port}`],
    capabilities: {
      "webkitgtk:browserOptions": { args: ["--automation", "--enable-write-console-messages-to-stdout=true"] },
    },
    // Statuses are looked at by the other specs.
    isComplaint: (line) => /CONSOLE (\S+ )?ERROR/.test(line) && !line.includes("Failed to load resource"),
    needsDisplay: true,
  },
  firefox: {
    command: (port) => ["geckodriver", `--port=${port}`],
    capabilities: {
      "moz:firefoxOptions": {
        args: ["-headless"],
        prefs: {
          "browser.dom.window.dump.enabled": true,
          "devtools.console.stdout.chrome": false,
          "devtools.console.stdout.content": true,
          "intl.accept_languages": "en",
        },
      },
    },
    isComplaint: (line) => /JavaScript error: http|^console\.error:/.test(line),
  },
};

/** Tries until `attempt` gives something, and for how long at most. What a page that is about to change refuses is tried again. */
export async function until(what, attempt) {
  const end = Date.now() + PATIENCE;
  let last;
  while (Date.now() < end) {
    try {
      const result = await attempt();
      if (result) return result;
    } catch (error) {
      last = error;
    }
    await pause(100);
  }
  throw new Error(`waited in vain for ${what}`, { cause: last });
}

async function ask(method, url, body) {
  const answer = await fetch(url, {
    method,
    body: body && JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
    signal: AbortSignal.timeout(PATIENCE),
  });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

/** The driver of an engine, and the display that it needs. */
export class Driver {
  static async start(name) {
    const driver = Object.assign(new Driver(), { engine: ENGINES[name], processes: [], said: "" });
    // A time zone in which no time reads as in UTC, and no language but English.
    const env = { ...process.env, TZ: "Asia/Kolkata", LC_ALL: "C.UTF-8", LANGUAGE: "en" };
    try {
      if (driver.engine.needsDisplay) env.DISPLAY = await driver.display();
      const port = await freePort();
      driver.url = `http://127.0.0.1:${port}`;
      const [command, ...args] = driver.engine.command(port);
      driver.process = driver.spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
      // What the browser writes arrives here too.
      for (const stream of [driver.process.stdout, driver.process.stderr]) {
        stream.setEncoding("utf8").on("data", (text) => (driver.said += text));
      }
      await until(`${command} to listen`, async () => (await ask("GET", `${driver.url}/status`)).ready);
    } catch (error) {
      await driver.stop();
      throw error;
    }
    return driver;
  }

  spawn(command, args, options) {
    const started = spawn(command, args, options);
    // That a program is missing shows when it is waited for.
    started.on("error", (error) => (this.said += `${error}\n`));
    this.processes.push(started);
    return started;
  }

  /** Starts an X server, which chooses its own number and tells it. */
  async display() {
    const args = ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
    const server = this.spawn("Xvfb", args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    let number = "";
    server.stdio[3].setEncoding("utf8").on("data", (text) => (number += text));
    return until("Xvfb to listen", () => number.endsWith("\n") && `:${number.trim()}`);
  }

  /** A new browser, with no cookies, in a window like a phone. */
  async open() {
    const { sessionId } = await ask("POST", `${this.url}/session`, { capabilities: { alwaysMatch: this.engine.capabilities } });
    const session = new Session(`${this.url}/session/${sessionId}`);
    await session.ask("POST", "/window/rect", { x: 0, y: 0, width: 390, height: 844 });
    return session;
  }

  /** Ends it all, and returns what there was to complain of in the console. */
  stop() {
    return (this.complaints ??= this.end());
  }

  async end() {
    const ended = this.process && once(this.process, "close");
    for (const started of this.processes.reverse()) started.kill();
    // Closed are its outputs once the last of the browser's processes has gone as well; no longer than that is waited for.
    await Promise.race([ended, pause(10_000, null, { ref: false })]);
    return this.said.split("\n").filter(this.engine.isComplaint);
  }
}

/** One browser, with one page. */
class Session {
  constructor(url) {
    this.url = url;
  }

  ask(method, path, body) {
    return ask(method, this.url + path, body);
  }

  goto(url) {
    return this.ask("POST", "/url", { url });
  }

  /** Runs a function in the page. Elements may be given to it and returned by it. */
  run(script, ...args) {
    return this.ask("POST", "/execute/sync", { script: `return (${script}).apply(null, arguments)`, args });
  }

  /** Presses an element as a finger would: it has to be there, and nothing in front of it. */
  async press(element) {
    // Away from the bars that stick to the edges.
    await this.run((it) => it.scrollIntoView({ block: "center", behavior: "instant" }), element);
    await this.ask("POST", `/element/${idOf(element)}/click`, {});
  }

  async fill(element, text) {
    await this.ask("POST", `/element/${idOf(element)}/clear`, {});
    await this.ask("POST", `/element/${idOf(element)}/value`, { text });
  }

  async screenshot() {
    return Buffer.from(await this.ask("GET", "/screenshot"), "base64");
  }

  close() {
    return this.ask("DELETE", "");
  }
}

/** The only value is its id (WebDriver, "Elements"). */
const idOf = (element) => Object.values(element)[0];
