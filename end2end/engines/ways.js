// The newcomer's and the owner's way in the engines that Playwright's Chromium does not speak for: WebKit, which every iPhone has, and
// Firefox. `scripts/test` runs it, or `scripts/test --engines webkit firefox`; which ones is in ENGINES.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import serve from "../service.js";
import { between, invite, joinedRooms, needed, person, room, roomsOf, space } from "../world.js";
import { Page } from "./page.js";
import { Driver, until } from "./webdriver.js";

const password = "courgette tram lantern";

/** Three rooms of a space. */
async function garden(owner) {
  const rooms = [await room(owner, "General"), await room(owner, "Seeds"), await room(owner, "Market")];
  return { rooms, all: [...rooms, await space(owner, "Garden Collective", rooms)] };
}

const ways = {
  async "somebody without an account opens the link, and is in"(page) {
    const anna = await person("Anna", "Anna Ahlgren");
    const { rooms } = await garden(anna);
    const code = await invite(anna, rooms);
    const name = `ben${Date.now().toString(36)}`;
    await page.goto(`/i/${code}`);
    await page.find("heading", "Anna Ahlgren");
    assert.deepEqual(await page.run(() => [document.documentElement.lang, getComputedStyle(document.body).direction]), ["en", "ltr"]);
    assert.ok(await page.run(() => innerWidth < 640), "the window is like a phone’s");
    assert.ok(await page.run(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the window");
    await page.fill("User name", name);
    await page.fill("Password", password);
    // What the server says while somebody types.
    await page.sees(`Not taken. You’ll be @${name}:test`);
    await page.sees("Strong enough");
    await between("hold", "/join\\?");
    try {
      await page.press("button", "Create account and join");
      await page.sees("0 of 3 joined");
    } finally {
      await between("pass");
    }
    await page.find("heading", `You’re in, ${name}`);
    await until("all doors to be open", () => page.run(() => document.querySelectorAll(".door.joined").length === 3));
    const joined = await roomsOf(`@${name}:test`);
    assert.ok(rooms.every((id) => joined.includes(id)));
  },

  async "somebody signs in at the link, and is in"(page) {
    const [anna, ben] = [await person("Anna", "Anna Ahlgren"), await person("Ben", "Ben Bakker")];
    const { rooms } = await garden(anna);
    const code = await invite(anna, rooms, { create_dm: true });
    await page.goto(`/i/${code}`);
    await page.press("link", "Sign in to join");
    await page.find("heading", "Sign in");
    await page.signIn(ben);
    await page.arrive(`/i/${code}`);
    await page.press("button", "Join 3 rooms");
    await page.find("heading", "You’re in, Ben");
    await page.find("link", "Chat with Anna");
    const joined = await joinedRooms(ben);
    assert.ok(rooms.every((id) => joined.includes(id)));
    // It is the same page for whoever comes back.
    await page.goto(`/i/${code}`);
    await page.find("heading", "You’re in, Ben");
  },

  async "a member makes an invite, shares it, changes, pauses and deletes it"(page) {
    const anna = await person("Anna", "Anna Ahlgren");
    await garden(anna);
    await page.goto("/sign-in");
    await page.signIn(anna);
    await page.arrive("/invites");
    await page.press("link", "Create invite");
    await page.arrive("/new");
    for (const name of ["General", "Seeds", "Market"]) await page.tick(name);
    await page.sees("Anyone with the link joins 3 rooms");
    await page.press("button", "Create invite");

    await page.sees("Your invite is ready.");
    await page.find("heading", "3 rooms");
    const own = await page.run(() => location.pathname);
    const code = own.split("/").pop();
    await page.find("link", `${process.env.SERVICE_URL}/i/${code}`);
    await until("the QR code", () => page.run(() => document.querySelector('img[alt="QR code of the link"]')?.naturalWidth > 20));
    await page.press("button", "Copy link");
    await page.sees("Copied");

    await page.press("link", "Edit");
    await page.arrive(`${own}/edit`);
    await page.fill("Private name", "Autumn party");
    await page.press("button", "Save");
    await page.find("heading", "Autumn party");
    await page.press("button", "Pause");
    await page.find("button", "Resume");
    await page.sees("Paused");

    await page.press("link", "Delete");
    await page.press("button", "Delete invite");
    await page.find("heading", "No invites yet");
    await page.arrive("/invites");
    assert.equal((await fetch(`${process.env.SERVICE_URL}/i/${code}`)).status, 404);
  },

  async "what is pressed in a menu does not close it, what is pressed beside it does"(page) {
    const anna = await person("Anna", "Anna Ahlgren");
    const code = await invite(anna, [await room(anna, "General")]);
    const isOpen = () => page.run(() => document.querySelector("main details.dropdown").open);
    await page.goto("/sign-in");
    await page.signIn(anna);
    await page.arrive("/invites");
    await page.press("button", "QR code and link of");
    await page.session.press(await page.run(() => document.querySelector("main details.dropdown img")));
    assert.ok(await isOpen());
    // Text, which takes no focus and is nothing to press.
    await page.session.press(await page.run(() => document.querySelector("h1")));
    await until("the menu to close", async () => !(await isOpen()));
    await page.press("button", "QR code and link of");
    await page.press("link", "Print cards");
    await until("the cards", () => page.run((path) => location.pathname === path, `/invites/${code}/print`));
  },
};

mkdirSync(new URL("../screenshots/", import.meta.url), { recursive: true });
let stop;
before(async () => (stop = await serve()));
after(() => stop?.());

for (const engine of needed("ENGINES").split(" ")) {
  describe(engine, () => {
    let driver;
    before(async () => (driver = await Driver.start(engine)));
    // If it did not come to the last test.
    after(() => driver?.stop());
    for (const [name, way] of Object.entries(ways)) {
      test(name, async () => {
        const page = await Page.open(driver);
        try {
          await way(page);
        } catch (error) {
          await page.picture(`${engine}-failed`).catch(() => {});
          throw error;
        } finally {
          await page.close().catch(() => {});
        }
      });
    }
    test("the console is silent", async () => {
      assert.deepEqual(await driver.stop(), []);
    });
  });
}
