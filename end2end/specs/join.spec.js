import { expect, look, ready, signIn, test } from "../fixtures.js";
import { deleteInvite, invite, joinedRooms, membership, person, room, space } from "../world.js";

test("from the link into all rooms, with nothing but the link", async ({ page }) => {
  const [anna, ben] = [await person("Anna", "Anna Ahlgren"), await person("Ben", "Ben Bakker")];
  const rooms = [await room(anna, "General"), await room(anna, "Seeds")];
  rooms.push(await space(anna, "Garden", rooms));
  const code = await invite(anna, rooms, { create_dm: true });

  const answer = await page.open(`/i/${code}`);
  expect(answer.status()).toBe(200);
  await expect(page.getByRole("heading", { name: "Anna Ahlgren invites you" })).toBeVisible();
  await expect(page.getByText(anna.id)).toBeVisible();
  await expect(page.getByText("to 2 rooms, 1 space and a direct chat.")).toBeVisible();
  await expect(page.getByText("Seeds")).toBeHidden();
  await look(page, "landing");
  await page.getByRole("link", { name: "Sign in to join" }).click();
  await expect(page.getByText("Then you come back to the invite.")).toBeVisible();
  await page.getByLabel("User name").fill(ben.username);
  await page.getByLabel("Password").fill(ben.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(`/i/${code}`);

  const accept = page.getByRole("button", { name: "Accept Anna Ahlgren’s invitation" });
  await expect(accept).toBeVisible();
  await expect(page.getByText(ben.id).last()).toBeVisible();
  await look(page, "landing-signed-in");
  // To look is not to redeem.
  expect(await joinedRooms(ben)).toEqual([]);
  await accept.click();
  await expect(page.getByRole("heading", { name: "You are in!" })).toBeVisible();
  for (const name of ["General", "Seeds", "Garden"]) await expect(page.getByText(name, { exact: true })).toBeVisible();
  expect(await joinedRooms(ben)).toEqual(expect.arrayContaining(rooms));
  const way = page.getByRole("link", { name: "Open General in your app" });
  expect(await way.getAttribute("href")).toContain(`matrix:roomid/${rooms[0].slice(1)}`);
  await page.getByLabel("Other ways to open General").click();
  await expect(page.getByRole("link", { name: "Open General in matrix.to" })).toHaveAttribute("href", /^https:\/\/matrix\.to\/#\//);
  await expect(page.getByRole("link", { name: "Open General in Acter" })).toHaveAttribute("href", /^acter:roomid\//);
  await expect(page.getByRole("link", { name: "Open General in Element" })).toHaveAttribute("href", /^https:\/\/app\.element\.io\/#\/room\//);
  await look(page, "joined");
  await page.open(`/i/${code}`);
  await expect(page.getByRole("heading", { name: "You are in!" })).toBeVisible();
});

test("what failed is said, and trying again does only that", async ({ page, browser, javaScriptEnabled }) => {
  const [anna, ben] = [await person("Anna"), await person("Ben", "Ben Bakker")];
  const [general, market] = [await room(anna, "General"), await room(anna, "Market")];
  const code = await invite(anna, [general, market]);
  await membership(anna, market, "ban", ben);
  await signIn(page, ben, `/i/${code}`);
  await page.getByRole("button", { name: "Accept Anna’s invitation" }).click();
  await expect(page.getByRole("heading", { name: "Not everything worked." })).toBeVisible();
  await expect(page.getByText("You are in 1 of 2.")).toBeVisible();
  await expect(page.getByText(/banned/)).toBeVisible();
  await ready(page);
  await look(page, "joined-partly");

  // The owner sees who came, and why it was not all.
  const context = await browser.newContext({ baseURL: process.env.SERVICE_URL, javaScriptEnabled, reducedMotion: "reduce" });
  const owners = Object.assign(await context.newPage(), { scripted: page.scripted });
  owners.open = (path) => owners.goto(path);
  await owners.goto("/sign-in");
  await signIn(owners, anna);
  await owners.goto(`/invites/${code}`);
  await owners.getByText("Ben Bakker").click();
  await expect(owners.getByText("Partly in")).toBeVisible();
  await expect(owners.getByText(/banned/)).toBeVisible();
  await look(owners, "invite-with-guests");
  await context.close();

  await page.open(`/i/${code}`);
  await expect(page.getByRole("heading", { name: "Not everything worked." })).toBeVisible();
  await membership(anna, market, "unban", ben);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "You are in!" })).toBeVisible();
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
    await expect(page.getByRole("heading", { name: "This invite does not work." })).toBeVisible();
  }
  await look(page, "landing-ended");
  await page.open(`/i/${chat}`);
  await expect(page.getByText("to a direct chat.")).toBeVisible();

  await signIn(page, anna, `/i/${open}`);
  await expect(page.getByText("This is your own invite.")).toBeVisible();
  await look(page, "landing-own");
  await page.getByRole("link", { name: "Look after it" }).click();
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Show the names of the rooms").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Shows the rooms’ names")).toBeVisible();
  await page.getByLabel("Account", { exact: true }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("link", { name: "Sign in", exact: true })).toBeVisible();
  await page.open(`/i/${open}`);
  await expect(page.getByText("General")).toBeVisible();
  await expect(page.getByText("Seeds")).toBeVisible();
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
    await page.getByRole("button", { name: "Look at the invite" }).click();
    await expect(page.getByRole("heading", { name: "Anna invites you" })).toBeVisible();
    await expect(page).toHaveURL(`/i/${code}`);
  }
  await page.open("/join");
  await page.getByLabel("Code or link").fill("no code at all");
  await page.getByRole("button", { name: "Look at the invite" }).click();
  await expect(page.getByRole("alert")).not.toBeEmpty();
  await expect(page.getByLabel("Code or link")).toHaveValue("no code at all");
});
