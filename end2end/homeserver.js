// What the service takes for the homeserver: the real one, behind a door that can be held or shut. And a CAS server beside it, for
// signing in by somebody else: whoever comes is who they say.
import { createServer, request } from "node:http";

const listen = (server, port = 0) =>
  new Promise((resolve, reject) => {
    server.on("error", reject).listen(port, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`));
  });

/** Passes a request on to another server, and its answer back. */
export function forward(to, asked, answer) {
  const options = { method: asked.method, headers: asked.headers, agent: false };
  const passed = request(to + asked.url, options, (from) => {
    answer.writeHead(from.statusCode, from.headers);
    from.pipe(answer);
  });
  passed.on("error", () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()));
  asked.pipe(passed);
}

/** Passes everything on to `homeserver`; `POST /_test/{hold,refuse,pass}?match=…` says otherwise, for addresses that the expression fits. */
export async function door(homeserver) {
  let [how, match] = ["pass", ""];
  const held = [];
  const server = createServer((asked, answer) => {
    const { pathname, searchParams } = new URL(asked.url, "http://door");
    if (pathname.startsWith("/_test/")) {
      [how, match] = [pathname.slice("/_test/".length), searchParams.get("match")];
      held.splice(0).forEach((pass) => pass());
      answer.end();
      return;
    }
    const pass = () => forward(homeserver, asked, answer);
    const matches = new RegExp(match).test(asked.url);
    if (matches && how === "refuse") answer.writeHead(502).end();
    else if (matches && how === "hold") held.push(pass);
    else pass();
  });
  return { url: await listen(server), close: () => server.close() };
}

/** A CAS server (CAS Protocol 2.0): asks who somebody is, and believes it. */
export async function cas(port) {
  const server = createServer((asked, answer) => {
    const { pathname, searchParams } = new URL(asked.url, "http://cas");
    if (pathname === "/login") {
      const [user, service] = [searchParams.get("user"), searchParams.get("service")];
      if (user) {
        const back = new URL(service);
        back.searchParams.set("ticket", user);
        answer.writeHead(302, { Location: back.href }).end();
        return;
      }
      const hidden = service.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
      answer.setHeader("Content-Type", "text/html");
      answer.end(`<!DOCTYPE html><html lang="en"><title>Village account</title><form><label>Who are you? <input name="user"></label>
        <input type="hidden" name="service" value="${hidden}"><button>Go on</button></form>`);
    } else {
      const user = searchParams.get("ticket");
      answer.end(`<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess>
        <cas:user>${user}</cas:user></cas:authenticationSuccess></cas:serviceResponse>`);
    }
  });
  await listen(server, port);
  return { close: () => server.close() };
}
