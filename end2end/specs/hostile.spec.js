// Text that somebody else wrote is text, on every page, whoever renders it: the server, or the script when one page leads to another.
import { expect, signIn, test } from "../fixtures.js";
import { invite, membership, join, person, redeem, room, setName, token } from "../world.js";

const hostile = [
  `</title><meta http-equiv="refresh" content="0;url=/evil"><form class=evil method=post><button>Free rooms!</button></form>`,
  `"><img class=evil src=x onerror="location='/evil'"><script class=evil>location='/evil'</script>`,
  `</textarea></script><!--<base class=evil href="//evil.example">\u202e&lt;b class=evil&gt;`,
];

/** The page holds one title and nothing that is not ours, and has led nowhere else. */
async function harmless(page, path) {
  expect(new URL(page.url()).pathname, path).toBe(new URL(path, page.url()).pathname);
  const found = await page.evaluate(() => ({
    // A drawing has titles of its own.
    titles: document.querySelectorAll("title:not(svg title)").length,
    evil: document.querySelectorAll(".evil, base, meta[http-equiv], form:not([method=post], [method=get])").length,
    // Where a script may be: those of ours have a nonce, which the browser hides from others.
    strange: [...document.scripts].filter((script) => !script.nonce && script.type !== "speculationrules").length,
    handlers: [...document.querySelectorAll("*")].filter((element) => [...element.attributes].some(({ name }) => name.startsWith("on"))).length,
    head: [...document.head.children].map(({ tagName }) => tagName).filter((tag) => !["META", "LINK", "SCRIPT", "TITLE"].includes(tag)),
  }));
  expect(found, path).toEqual({ titles: 1, evil: 0, strange: 0, handlers: 0, head: [] });
}

/** Looks at a page as the server renders it and, with a script, as another page leads to it. */
async function look(page, path, shows) {
  await page.open(path);
  const seen = async () => {
    for (const text of shows) await expect(page.getByRole("main").getByText(text).filter({ visible: true }).first()).toBeVisible();
    await harmless(page, path);
  };
  await seen();
  if (!page.scripted) return;
  await page.open("/join");
  await page.evaluate((path) => {
    const link = document.createElement("a");
    link.href = path;
    document.querySelector("main").append(link);
    link.click();
  }, path);
  await page.waitForURL((url) => url.pathname === new URL(path, page.url()).pathname);
  await seen();
}

for (const [number, text] of hostile.entries()) {
  test(`nobody’s text is markup anywhere (${number + 1})`, async ({ page }) => {
    test.setTimeout(120_000);
    const [mallory, ben, ada] = [await person("Mallory"), await person("Ben"), await person("Ada", "Ada", true)];
    for (const somebody of [mallory, ben]) await setName(somebody, text);
    const kitchen = await room(mallory, text);
    await membership(mallory, kitchen, "invite", ben);
    await join(ben, kitchen);
    const label = text.slice(0, 80);
    const code = await invite(mallory, [kitchen], { label, welcome: text });
    await redeem(await person("Cleo"), code);

    await look(page, `/i/${code}`, [text, "invites you to 1 room", "Sign in to join"]);
    expect(await page.title()).toBe(`${text} invites you · Super Invites`);

    await signIn(page, ben, `/i/${code}`);
    await look(page, `/i/${code}`, ["Join 1 room"]);
    await page.getByRole("button", { name: "Join 1 room" }).click();
    await expect(page.getByRole("heading", { name: "You’re in, " })).toBeVisible();
    await look(page, `/i/${code}`, ["You’re in, ", `Open ${text}`]);

    // The owner, with everything they have typed, found and are told.
    await page.context().clearCookies();
    await signIn(page, mallory);
    await look(page, "/invites", [label]);
    await look(page, `/invites?q=${encodeURIComponent(text)}`, []);
    await look(page, `/invites/${code}`, [label, text]);
    await look(page, `/invites/${code}/delete`, [`Delete “${label}”?`]);
    await look(page, "/new", [text]);
    await look(page, `/invites/${code}/edit`, [text]);
    await expect(page.getByLabel("Welcome")).toHaveValue(text);
    await expect(page.getByLabel("Private name")).toHaveValue(label);
    // Saved as it was read, and refused as it was typed.
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page).toHaveURL(`/invites/${code}`);
    expect(await token(mallory, code)).toMatchObject({ label: label.trim(), welcome: text });
    await page.open(`/invites/${code}/edit`);
    await page.getByLabel("Welcome").fill(`\n&lt;${text}`);
    await page.getByRole("radio", { name: "A date…" }).check();
    await page.getByLabel("Ends").fill("2001-01-01T00:00");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("lies in the past")).toBeVisible();
    await expect(page.getByLabel("Welcome")).toHaveValue(`\n&lt;${text}`);
    await harmless(page, `/invites/${code}/edit`);

    // The admins of rooms and of the server.
    await page.open("/my-rooms");
    await page.getByText("Block…", { exact: true }).first().click();
    await page.getByLabel(/^Why .* is blocked$/).first().fill(text);
    await page.getByRole("button", { name: /^Block / }).first().click();
    await expect(page.getByText("Blocked", { exact: true })).toBeVisible();
    await look(page, "/my-rooms", [text]);
    await look(page, `/invites/${code}`, [`“${text}”`]);
    await page.context().clearCookies();
    await signIn(page, ada);
    await look(page, `/server?q=${encodeURIComponent(mallory.username)}`, [text]);
    await look(page, `/server?q=${encodeURIComponent(text)}`, ["No invites found."]);
    await look(page, `/server/log?q=${encodeURIComponent(text)}`, ["No entries."]);
    await look(page, `/server/log?q=${encodeURIComponent(mallory.username)}`, [mallory.id]);

    // What stands in an address.
    await look(page, `/i/${encodeURIComponent(text)}`, ["This invite isn’t available"]);
    await look(page, `/invites/${encodeURIComponent(text)}`, ["There is no such invite"]);
    await look(page, `/sign-in?to=${encodeURIComponent(text)}&problem=${encodeURIComponent(text)}`, ["Signing in did not work"]);
    await page.open("/join");
    await page.getByLabel("Code or link").fill(text);
    await page.getByRole("button", { name: "View invite" }).click();
    await expect(page.getByRole("alert")).toContainText("There is no such invite.");
    await harmless(page, "/join");
  });
}

test("a form that somebody smuggled into a page does nothing, in whoever’s browser", async ({ page }) => {
  const [ada, anna] = [await person("Ada", "Ada", true), await person("Anna")];
  const code = await invite(anna, [await room(anna, "Kitchen")]);
  await signIn(page, ada);
  for (const action of ["", "/_synapse/client/super_invites/_rpc/pause_all"]) {
    await page.open(`/i/${code}`);
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    const loaded = page.waitForEvent("load");
    await page.evaluate((action) => {
      const form = document.createElement("form");
      form.method = "post";
      form.action = action;
      form.innerHTML = '<input name="_function" value="pause_all"><input name="paused" value="true">';
      document.querySelector("main").append(form);
      form.submit();
    }, action);
    expect([400, 403]).toContain((await answered).status());
    await loaded;
  }
  await redeem(await person("Ben"), code);
});
