import { expect, look, signIn, test } from "../fixtures.js";
import { invite, join, joinedRooms, membership, person, room, space } from "../world.js";

test("making an invite: choose rooms, share it, change it, delete it", async ({ page, request }) => {
  const [anna, cleo] = [await person("Anna"), await person("Cleo")];
  const [general, seeds] = [await room(anna, "General"), await room(anna, "Seeds")];
  await room(anna, "Kitchen");
  const garden = await space(anna, "Garden", [general, seeds]);
  const club = await room(cleo, "Reading club", { power_level_content_override: { invite: 50 } });
  await membership(cleo, club, "invite", anna);
  await join(anna, club);

  await signIn(page, anna);
  await expect(page.getByRole("heading", { name: "No invites yet" })).toBeVisible();
  await look(page, "invites-none");
  await page.getByRole("link", { name: "Create invite" }).click();

  await expect(page.getByLabel("Reading club")).toBeDisabled();
  await expect(page.getByText("You can’t invite people here.")).toBeVisible();
  if (page.scripted) {
    await page.getByRole("searchbox", { name: "Search rooms" }).fill("kit");
    await expect(page.getByText("General")).toBeHidden();
    await page.getByRole("searchbox", { name: "Search rooms" }).fill("");
    await page.getByRole("button", { name: /^All: / }).first().click();
    await expect(page.getByText("Anyone with the link joins 2 rooms and 1 space, for 7 days. Unlimited places.")).toBeVisible();
    await expect(page.getByLabel("Seeds")).toBeChecked();
    await page.getByRole("button", { name: /^None: / }).first().click();
    await expect(page.getByText("No rooms selected.")).toBeVisible();
  }
  await look(page, "new");
  for (const name of ["Garden", "General"]) await page.getByRole("checkbox", { name }).first().check();
  await page.getByText("More options").click();
  await page.getByLabel("A direct chat with you").check();
  await page.getByLabel("Private name").fill("Summer party");
  await page.getByLabel("Custom code").fill("not a code");
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("“Custom code” must be 1 to 64 characters")).toBeVisible();
  await expect(page.getByLabel("Private name")).toHaveValue("Summer party");
  await expect(page.getByRole("checkbox", { name: "General" }).first()).toBeChecked();
  await look(page, "new-refused");
  await page.getByLabel("Custom code").fill(anna.username);
  await page.getByRole("button", { name: "Create invite" }).click();

  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Summer party" })).toBeVisible();
  const link = await page.getByLabel("Link").inputValue();
  expect(link).toBe(`${process.env.SERVICE_URL}/i/${anna.username}`);
  await expect(page.getByRole("heading", { name: "1 room and 1 space" })).toBeVisible();
  await expect(page.getByText("Nobody yet.")).toBeVisible();
  const picture = page.getByAltText("QR code of the link");
  expect(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth))).toBeGreaterThan(20);
  for (const kind of ["PNG", "SVG"]) {
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: kind }).click();
    expect((await download).suggestedFilename()).toBe(`invite-qr.${kind.toLowerCase()}`);
  }
  await look(page, "invite-new");

  // Cleo comes; then Anna changes what the invite is.
  const redeemed = await request.post(`/_synapse/client/super_invites/redeem?token=${anna.username}`, {
    headers: { Authorization: `Bearer ${cleo.token}` },
  });
  expect(redeemed.status()).toBe(200);
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByText("One person joined with this invite already.")).toBeVisible();
  await expect(page.getByRole("checkbox", { name: "General" }).first()).toBeChecked();
  await expect(page.getByLabel("A direct chat with you")).toBeChecked();
  await look(page, "edit");
  await page.getByRole("checkbox", { name: "Kitchen" }).check();
  await page.getByLabel("Private name").fill("Autumn party");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Autumn party" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "2 rooms and 1 space" })).toBeVisible();
  await expect(page.getByText(/Joined all|Joined some/)).toBeVisible();
  expect(await joinedRooms(cleo)).toEqual(expect.arrayContaining([garden, general]));

  await page.getByRole("link", { name: "Delete" }).click();
  await expect(page.getByRole("heading", { name: "Delete “Autumn party”?" })).toBeVisible();
  await expect(page.getByText("The one person who joined stays in the rooms.")).toBeVisible();
  await look(page, "delete");
  await page.getByRole("button", { name: "Delete invite" }).click();
  await expect(page.getByRole("heading", { name: "No invites yet" })).toBeVisible();
  await expect(page).toHaveURL("/invites");
  expect((await request.get(link)).status()).toBe(404);
});

test("many invites: pages, search and order", async ({ page }) => {
  const anna = await person("Anna");
  const [kitchen, garden] = [await room(anna, "Kitchen and everything that has to do with cooking"), await room(anna, "Garden")];
  const cleo = await person("Cleo");
  for (let number = 1; number <= 22; number++) {
    const rooms = number === 3 ? [garden, kitchen] : [kitchen];
    await invite(anna, rooms, { create_dm: true, token: `${anna.username}-${String(number).padStart(2, "0")}` });
  }
  await membership(anna, garden, "invite", cleo);
  await signIn(page, anna);
  const cards = page.getByRole("main").getByRole("listitem");
  await expect(cards).toHaveCount(20);
  await expect(page.getByText("Page 1 of 2")).toBeVisible();
  await look(page, "invites");
  await page.getByRole("link", { name: "Next" }).click();
  await expect(cards).toHaveCount(2);
  await page.getByRole("searchbox", { name: "Search" }).fill("garden");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(cards).toHaveCount(1);
  await expect(page.getByText("1 of 22 invites")).toBeVisible();
  await expect(cards.first()).toContainText(`${anna.username}-03`);
  await page.goBack();
  await expect(cards).toHaveCount(2);
  await page.getByRole("searchbox", { name: "Search" }).fill("no such thing");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("No invites found.")).toBeVisible();
  await look(page, "invites-nothing-found");
});

test("an invite is its owner’s, and to others as one that never was", async ({ page }) => {
  const [anna, cleo] = [await person("Anna"), await person("Cleo")];
  const code = await invite(anna, [await room(anna, "Kitchen")]);
  await signIn(page, cleo);
  for (const path of [`/invites/${code}`, `/invites/${code}/edit`, "/invites/never-there"]) {
    const answer = await page.goto(path);
    expect(answer.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "There is no such invite" })).toBeVisible();
  }
  await look(page, "failure");
});
