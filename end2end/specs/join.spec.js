import { expect, look, ready, signIn, test } from "../fixtures.js";
import { deleteInvite, invite, joinedRooms, membership, person, room, space } from "../world.js";

/** What the doors on the page are called. */
const doors = (page) => page.locator(".door-name").allInnerTexts();

test("from the link into all rooms, with nothing but the link", async ({ page }) => {
  const [anna, ben] = [await person("Anna", "Anna Ahlgren"), await person("Ben", "Ben Bakker")];
  const rooms = [await room(anna, "General"), await room(anna, "Seeds")];
  rooms.push(await space(anna, "Garden", rooms));
  const code = await invite(anna, rooms, { create_dm: true });

  const answer = await page.open(`/i/${code}`);
  expect(answer.status()).toBe(200);
  // The names of the rooms are not for strangers: whose invite it is, is its title, and the doors are plain.
  await expect(page.getByRole("heading", { name: "Anna Ahlgren" })).toBeVisible();
  await expect(page.getByText(anna.id)).toBeVisible();
  await expect(page.getByText("invites you to 2 rooms, 1 space and a chat with Anna", { exact: true })).toBeVisible();
  await expect(page.getByText("Seeds")).toBeHidden();
  expect(await doors(page)).toEqual(["", "", "", "Chat with Anna"]);
  for (const title of ["What happens next", "Create your account"]) {
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
  }
  for (const question of ["What is this?", "What does it cost?", "Who sees me?"]) {
    await expect(page.getByText(question)).toBeVisible();
  }
  await look(page, "landing");
  await page.getByRole("link", { name: "Sign in to join" }).click();
  await expect(page.getByText(/We’ll bring you back to your invite/)).toBeVisible();
  await page.getByLabel("User name").fill(ben.username);
  await page.getByLabel("Password").fill(ben.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(`/i/${code}`);

  const accept = page.getByRole("button", { name: "Join 2 rooms, 1 space and a chat with Anna" });
  await expect(accept).toBeVisible();
  await expect(page.getByRole("strong").filter({ hasText: ben.id })).toBeVisible();
  await look(page, "landing-signed-in");
  // To look is not to redeem.
  expect(await joinedRooms(ben)).toEqual([]);
  await accept.click();
  await expect(page.getByRole("heading", { name: "You’re in, Ben" })).toBeVisible();
  await expect(page.getByText("You joined Garden, 2 rooms and a chat with Anna.")).toBeVisible();
  expect(await joinedRooms(ben)).toEqual(expect.arrayContaining(rooms));
  await ready(page);
  // The space is the house; its rooms and the chat are doors, all of them open.
  expect(await doors(page)).toEqual(["General", "Seeds", "Chat with Anna"]);
  await expect(page.locator(".door.joined")).toHaveCount(3);
  // One button is the one to press, and it leads to where every browser can go.
  await expect(page.locator("main .btn-primary")).toHaveText("Open Garden");
  await expect(page.getByRole("link", { name: "Open Garden", exact: true })).toHaveAttribute("href", /^https:\/\/app\.element\.io\/#\/room\//);
  await expect(page.getByRole("link", { name: "Chat with Anna", exact: true })).toBeVisible();
  await expect(page.getByText("Your address", { exact: true })).toBeVisible();
  const way = page.getByRole("link", { name: "Open General in your app" });
  await expect(way).toBeHidden();
  await page.getByText("All 2 rooms").click();
  await expect(way).toBeVisible();
  expect(await way.getAttribute("href")).toContain(`matrix:roomid/${rooms[0].slice(1)}`);
  await expect(page.getByRole("link", { name: "Open General in matrix.to" })).toHaveAttribute("href", /^https:\/\/matrix\.to\/#\//);
  await expect(page.getByRole("link", { name: "Open General in Acter" })).toHaveAttribute("href", /^acter:roomid\//);
  await expect(page.getByRole("link", { name: "Open General in Element" })).toHaveAttribute("href", /^https:\/\/app\.element\.io\/#\/room\//);
  await look(page, "joined");
  await page.open(`/i/${code}`);
  await expect(page.getByRole("heading", { name: "You’re in, Ben" })).toBeVisible();
});

test("what failed is said, and trying again does only that", async ({ page, browser, javaScriptEnabled }) => {
  const [anna, ben] = [await person("Anna"), await person("Ben", "Ben Bakker")];
  const [general, market] = [await room(anna, "General"), await room(anna, "Market")];
  const code = await invite(anna, [general, market]);
  await membership(anna, market, "ban", ben);
  await signIn(page, ben, `/i/${code}`);
  await page.getByRole("button", { name: "Join 2 rooms" }).click();
  await expect(page.getByRole("heading", { name: "You’re in 1 of 2" })).toBeVisible();
  await expect(page.getByText("You joined everything but Room 2.")).toBeVisible();
  await expect(page.getByText(/banned/)).toBeVisible();
  await ready(page);
  await expect(page.locator("main .btn-primary")).toHaveText("Open General");
  await expect(page.locator(".door.joined")).toHaveCount(1);
  await expect(page.locator(".door.failed")).toHaveCount(1);
  // Trying at once is no use: somebody has to lift the ban first.
  await expect(page.getByRole("button", { name: "Try again" })).toHaveCount(0);
  await look(page, "joined-partly");

  // The owner sees who came, and why it was not all.
  const context = await browser.newContext({ baseURL: process.env.SERVICE_URL, javaScriptEnabled, reducedMotion: "reduce" });
  const owners = Object.assign(await context.newPage(), { scripted: page.scripted });
  owners.open = (path) => owners.goto(path);
  await owners.goto("/sign-in");
  await signIn(owners, anna);
  await owners.goto(`/invites/${code}`);
  await expect(owners.getByText("Joined 1 of 2")).toBeVisible();
  await owners.getByText("What is missing").click();
  await expect(owners.getByText(/banned/)).toBeVisible();
  await look(owners, "invite-with-guests");
  await context.close();

  await page.open(`/i/${code}`);
  await expect(page.getByRole("heading", { name: "You’re in 1 of 2" })).toBeVisible();
  await membership(anna, market, "unban", ben);
  await page.getByRole("button", { name: "Check again" }).click();
  await expect(page.getByRole("heading", { name: "You’re in, Ben" })).toBeVisible();
  expect(await joinedRooms(ben)).toEqual(expect.arrayContaining([general, market]));
});

test("every kind of invite has its landing page", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const rooms = [await room(anna, "General"), await room(anna, "Seeds")];
  const [open, gone, chat] = [await invite(anna, rooms), await invite(anna, rooms), await invite(anna, [], { create_dm: true })];
  await deleteInvite(anna, gone);

  for (const [code, status] of [["never-there", 404], [gone, 404]]) {
    const answer = await page.open(`/i/${code}`);
    expect(answer.status()).toBe(status);
    await expect(page.getByRole("heading", { name: "This invite isn’t available" })).toBeVisible();
  }
  await look(page, "landing-ended");
  await page.open(`/i/${chat}`);
  await expect(page.getByText("invites you to a chat with Anna")).toBeVisible();

  await signIn(page, anna, `/i/${open}`);
  await expect(page.getByText("This is your own invite.")).toBeVisible();
  await look(page, "landing-own");
  await page.getByRole("link", { name: "Manage invite" }).click();
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Show the names of the rooms").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Shows the rooms’ names")).toBeVisible();
  await page.getByLabel("Account", { exact: true }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("link", { name: "Sign in", exact: true })).toBeVisible();
  await page.open(`/i/${open}`);
  await expect(page.getByRole("heading", { name: /^(General and Seeds|Seeds and General)$/ })).toBeVisible();
  await expect(page.getByRole("list", { name: "Where this invite leads" }).getByRole("listitem")).toHaveText([/General|Seeds/, /General|Seeds/]);
  await look(page, "landing-with-names");
});

test("a code is typed, or its link pasted", async ({ page }) => {
  const anna = await person("Anna");
  const code = await invite(anna, [await room(anna, "General")]);
  await page.open("/join");
  await look(page, "join");
  for (const text of [code, `  ${process.env.SERVICE_URL}/i/${code} `, `acter:i/${code}`]) {
    await page.open("/join");
    await page.getByLabel("Code or link").fill(text);
    await page.getByRole("button", { name: "View invite" }).click();
    await expect(page.getByRole("heading", { name: "Anna", exact: true })).toBeVisible();
    await expect(page).toHaveURL(`/i/${code}`);
  }
  await page.open("/join");
  await page.getByLabel("Code or link").fill("no code at all");
  await page.getByRole("button", { name: "View invite" }).click();
  await expect(page.getByRole("alert")).not.toBeEmpty();
  await expect(page.getByLabel("Code or link")).toHaveValue("no code at all");
});

test("a space is the title, and doors that do not fit stand behind one", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const names = ["General", "Compost", "Seeds", "Market", "Tools", "Kitchen", "Bees", "Paths"];
  const rooms = [];
  for (const name of names) rooms.push(await room(anna, name));
  // Sixty characters, right to left, and no space in it to break at.
  const odd = await space(anna, "مجتمعالحديقةوالبذوروالأدواتالمشتركةفيالحيالقديمبجانبالنهر", rooms);
  const code = await invite(anna, [odd, ...rooms], { create_dm: true });
  await signIn(page, anna, `/invites/${code}/edit`);
  await page.getByLabel("Show the names of the rooms").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Shows the rooms’ names")).toBeVisible();
  await page.context().clearCookies();

  await page.open(`/i/${code}`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("مجتمع");
  await expect(page.getByText("8 rooms and a chat with Anna", { exact: true })).toBeVisible();
  const shown = page.getByRole("list", { name: "Where this invite leads" }).getByRole("listitem");
  const phone = page.viewportSize().width < 640;
  await expect(shown).toHaveCount(phone ? 5 : 7);
  await expect(shown.last()).toContainText(phone ? "5 more" : "3 more");
  await look(page, "landing-many");
  for (const width of [320, 640, 900]) {
    await page.setViewportSize({ width, height: 700 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
});

test("whoever signs out at an invite has it still", async ({ page }) => {
  const [anna, ben] = [await person("Anna"), await person("Ben")];
  const code = await invite(anna, [await room(anna, "General")]);
  await signIn(page, ben, `/i/${code}`);
  await page.getByRole("button", { name: "Sign out" }).last().click();
  await expect(page.getByRole("link", { name: "Sign in to join" })).toBeVisible();
  await expect(page).toHaveURL(`/i/${code}`);
});
