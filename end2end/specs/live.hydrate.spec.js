import { expect, look, ready, signIn, test } from "../fixtures.js";
import { between, invite, joinedRooms, person, room, signOutEverywhere } from "../world.js";

test("joining is shown room by room, and goes on when the page is closed", async ({ page, context }) => {
  const [anna, ben] = [await person("Anna"), await person("Ben")];
  const rooms = [];
  for (const name of ["One", "Two", "Three"]) rooms.push(await room(anna, name));
  const code = await invite(anna, rooms);
  await signIn(page, ben, `/i/${code}`);
  const last = rooms[2].slice(1).split(":")[0];
  await between("hold", `join.*${last}|${last}.*join`);
  try {
    await expect(page.locator(".door")).toHaveCount(3);
    await page.getByRole("button", { name: "Join 3 rooms" }).click();
    await expect(page.getByText("You’re joining")).toBeVisible();
    await expect(page.getByRole("status").filter({ hasText: "2 of 3 joined" })).toBeVisible();
    // The doors and the list say the same.
    const list = page.getByRole("list", { name: "Progress" }).getByRole("listitem");
    await expect(list.filter({ hasText: "Joined" })).toHaveCount(2);
    await expect(list.filter({ hasText: "Joining…" })).toHaveCount(1);
    await expect(page.locator(".door.joined")).toHaveCount(2);
    await expect(page.locator(".door.ajar")).toHaveCount(1);
    await expect(page.getByRole("main")).toBeFocused();
    await look(page, "joining");
    // Another tab shows the same, and goes on by itself after this one is closed.
    const other = await context.newPage();
    await other.goto(`/i/${code}`);
    await expect(other.getByText("2 of 3 joined")).toBeVisible();
    await page.goto("about:blank");
    await between("pass");
    await expect(other.getByRole("heading", { name: "You’re in, Ben" })).toBeVisible();
    await other.close();
  } finally {
    await between("pass");
  }
  await page.goto(`/i/${code}`);
  await expect(page.getByRole("heading", { name: "You’re in, Ben" })).toBeVisible();
  expect(await joinedRooms(ben)).toEqual(expect.arrayContaining(rooms));
});

test("progress is followed again after something else has answered for the service", async ({ page }) => {
  const [anna, ben] = [await person("Anna"), await person("Ben")];
  const rooms = [await room(anna, "One"), await room(anna, "Two")];
  const code = await invite(anna, rooms);
  await signIn(page, ben, `/i/${code}`);
  const last = rooms[1].slice(1).split(":")[0];
  // As a balancer may while an instance is replaced: a browser by itself would never ask again.
  let refused = 0;
  await page.route("**/_live/*", (route) => {
    refused += 1;
    return route.fulfill({ status: 204 });
  }, { times: 2 });
  await between("hold", `join.*${last}|${last}.*join`);
  try {
    await page.getByRole("button", { name: "Join 2 rooms" }).click();
    await expect(page.getByRole("status").filter({ hasText: "1 of 2 joined" })).toBeVisible();
    expect(refused).toBe(2);
  } finally {
    await between("pass");
  }
  await expect(page.getByRole("heading", { name: "You’re in, Ben" })).toBeVisible();
});

test("doors open one after the other, and not at all where movement is not wanted", async ({ browser }) => {
  const [anna, ben] = [await person("Anna"), await person("Ben")];
  const rooms = [await room(anna, "One"), await room(anna, "Two")];
  for (const [reducedMotion, moves] of [["no-preference", true], ["reduce", false]]) {
    const code = await invite(anna, rooms);
    const context = await browser.newContext({ baseURL: process.env.SERVICE_URL, reducedMotion });
    const page = Object.assign(await context.newPage(), { scripted: true });
    page.open = async (path) => {
      await page.goto(path);
      await ready(page);
    };
    await signIn(page, ben, `/i/${code}`);
    await ready(page);
    await page.evaluate(() => {
      window.moved = new Set();
      document.addEventListener("transitionrun", ({ target, propertyName }) => propertyName === "--open" && window.moved.add(target));
    });
    await page.getByRole("button", { name: "Join 2 rooms" }).click();
    const open = page.locator(".door.joined");
    await expect(open).toHaveCount(2);
    await expect.poll(() => page.evaluate(() => window.moved.size)).toBe(moves ? 2 : 0);
    if (moves) expect(await open.nth(1).evaluate((door) => getComputedStyle(door).transitionDelay)).toBe("0.14s");
    const leaves = page.locator(".door-leaf");
    await expect(leaves.first()).not.toHaveCSS("transform", "none");
    await context.close();
  }
});

test("a program takes over: within it no page is loaded anew", async ({ page }) => {
  const anna = await person("Anna");
  await room(anna, "Kitchen");
  let documents = 0;
  await page.open("/sign-in");
  page.on("request", (request) => (documents += request.isNavigationRequest() ? 1 : 0));
  await page.getByLabel("User name").fill(anna.username);
  await page.getByLabel("Password").fill("a wrong one");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("Wrong user name or password");
  await page.getByLabel("Password").fill(anna.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL("/invites");
  expect(documents, "the members’ program takes over from the guests’").toBe(1);
  await ready(page);
  await page.getByRole("link", { name: "Create invite" }).click();
  await page.getByRole("checkbox", { name: "Kitchen" }).check();
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  await page.getByRole("link", { name: "My invites" }).first().click();
  await expect(page.getByText("1 invite", { exact: true })).toBeVisible();
  expect(documents).toBe(1);
});

test("the link is copied, and shared where the system can", async ({ page, context }) => {
  const anna = await person("Anna");
  const code = await invite(anna, [await room(anna, "Kitchen")]);
  const link = `${process.env.SERVICE_URL}/i/${code}`;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.addInitScript(() => {
    navigator.share = async (what) => (window.shared = what);
  });
  await signIn(page, anna);
  await page.open(`/invites/${code}`);
  const copy = page.locator(".copy").first();
  const size = () => copy.evaluate((button) => [button.offsetWidth, button.offsetHeight]);
  const before = await size();
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByRole("button", { name: "Copied ✓" })).toBeVisible();
  expect(await size()).toEqual(before);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  // It says so for a while.
  await expect(page.getByRole("button", { name: "Copy link" })).toBeVisible();
  await page.getByRole("button", { name: "Copy invitation text" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(`You’re invited\n\n${link}`);
  await page.getByRole("button", { name: "Share" }).click();
  expect(await page.evaluate(() => window.shared)).toEqual({ title: "You’re invited", url: link });
  await context.clearPermissions();
});

test("a QR code is read with the camera, where the browser can", async ({ page, context }) => {
  const anna = await person("Anna");
  const code = await invite(anna, [await room(anna, "Kitchen")]);
  await context.grantPermissions(["camera"]);
  await page.addInitScript((text) => {
    let looked = 0;
    window.BarcodeDetector = class {
      detect = async () => (++looked < 3 ? [] : [{ rawValue: text }]);
    };
  }, `${process.env.SERVICE_URL}/i/${code}`);
  await page.open("/join");
  await page.getByRole("button", { name: "Scan a QR code" }).click();
  await expect(page.getByRole("heading", { name: "Anna", exact: true })).toBeVisible();
  await expect(page).toHaveURL(`/i/${code}`);
});

test("without a detector there is no button for the camera", async ({ page }) => {
  await page.addInitScript(() => delete window.BarcodeDetector);
  await page.open("/join");
  await ready(page);
  await expect(page.getByRole("button", { name: "View invite" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Scan a QR code" })).toBeHidden();
});

test("a menu closes by itself, and a new page begins at its content", async ({ page }) => {
  const anna = await person("Anna");
  await signIn(page, anna);
  await expect(page.getByRole("link", { name: "Create invite" })).toBeVisible();
  const menu = page.getByLabel("Account", { exact: true });
  for (const close of [() => page.keyboard.press("Escape"), () => page.mouse.click(5, 500)]) {
    await menu.click();
    await expect(page.getByText(anna.id)).toBeVisible();
    await close();
    await expect(page.getByText(anna.id)).toBeHidden();
  }
  await page.getByRole("link", { name: "Create invite" }).click();
  await menu.click();
  await page.getByRole("link", { name: "My invites" }).last().click();
  await expect(page.getByRole("heading", { name: "No invites yet" })).toBeVisible();
  await expect(page.getByText(anna.id)).toBeHidden();
  await expect(page.getByRole("main")).toBeFocused();
});

test("what is pressed in a menu leaves it open", async ({ page }) => {
  const anna = await person("Anna");
  await invite(anna, [await room(anna, "Kitchen")]);
  await signIn(page, anna);
  await ready(page);
  await page.locator("summary", { hasText: "QR code and link of" }).click();
  const picture = page.getByAltText("QR code of the link");
  await expect(picture).toBeVisible();
  // A picture takes no focus: the page around it gets that.
  await picture.click();
  await expect(page.getByRole("main")).toBeFocused();
  await expect(picture).toBeVisible();
  await page.getByRole("heading", { level: 1 }).click();
  await expect(picture).toBeHidden();
});

test("what was typed outlives a session that has ended", async ({ page, context }) => {
  const anna = await person("Anna");
  await room(anna, "Kitchen");
  await signIn(page, anna, "/new");
  await page.getByRole("checkbox", { name: "Kitchen" }).check();
  await signOutEverywhere(anna);
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByRole("alert")).toContainText("You’ve been signed out.");
  const opened = context.waitForEvent("page");
  await page.getByRole("link", { name: "Sign in (new tab)" }).click();
  const tab = await opened;
  await tab.getByLabel("User name").fill(anna.username);
  await tab.getByLabel("Password").fill(anna.password);
  await tab.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(tab).toHaveURL("/invites");
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
});
