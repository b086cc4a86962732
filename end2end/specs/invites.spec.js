import { expect, look, signIn, test } from "../fixtures.js";
import { deleteInvite, invite, join, joinedRooms, membership, person, redeem, room, space } from "../world.js";

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
    await page.getByRole("button", { name: "All: Garden" }).click();
    await expect(page.getByText("Anyone with the link joins 2 rooms and 1 space, for 7 days. Unlimited places.")).toBeVisible();
    await expect(page.getByLabel("Seeds")).toBeChecked();
    await page.getByRole("button", { name: "None: Garden" }).click();
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
  const link = `${process.env.SERVICE_URL}/i/${anna.username}`;
  await expect(page.getByRole("link", { name: link })).toHaveAttribute("href", link);
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
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Autumn party" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "2 rooms and 1 space" })).toBeVisible();
  await expect(page.getByText("Cleo", { exact: true })).toBeVisible();
  expect(await joinedRooms(cleo)).toEqual(expect.arrayContaining([garden, general]));

  await page.getByRole("link", { name: "Delete" }).click();
  await expect(page.getByRole("heading", { name: "Delete “Autumn party”?" })).toBeVisible();
  await expect(page.getByText("The one person who joined stays in the rooms.")).toBeVisible();
  await look(page, "delete");
  await page.getByRole("button", { name: "Delete invite" }).click();
  await expect(page.getByRole("heading", { name: "No invites yet" })).toBeVisible();
  await expect(page).toHaveURL("/invites");
  await expect(page.getByText("Deleted. The link, the QR code and the code have stopped working.")).toBeVisible();
  await page.open("/invites");
  await expect(page.getByText("Deleted.")).toBeHidden();
  expect((await request.get(link)).status()).toBe(404);
});

const rowOf = (page, title) => page.getByRole("main").getByRole("listitem").filter({ has: page.getByRole("link", { name: title, exact: true }) });

/** Types into the search field and, where no script filters meanwhile, sends the form. */
async function filter(page, text) {
  await page.getByRole("searchbox", { name: "Filter by name, code or room" }).fill(text);
  if (!page.scripted) await page.getByRole("button", { name: "Filter" }).click();
}

async function order(page, name) {
  await page.getByRole("combobox", { name: "Order" }).selectOption(name);
  if (!page.scripted) await page.getByRole("button", { name: "Filter" }).click();
}

test("many invites: pages, search and order", async ({ page }) => {
  const anna = await person("Anna");
  const [kitchen, garden] = [await room(anna, "Kitchen and everything that has to do with cooking"), await room(anna, "Garden")];
  for (let number = 1; number <= 27; number++) {
    const rooms = number === 3 ? [garden, kitchen] : [kitchen];
    await invite(anna, rooms, { create_dm: true, token: `${anna.username}-${String(number).padStart(2, "0")}` });
  }
  await signIn(page, anna);
  const rows = page.getByRole("main").getByRole("listitem");
  await expect(rows).toHaveCount(25);
  await expect(page.getByText("1 to 25 of 27")).toBeVisible();
  await expect(page.getByRole("link", { name: "Active 27" })).toHaveAttribute("aria-current", "page");
  await look(page, "invites");
  await page.getByRole("link", { name: "Next" }).click();
  await expect(rows).toHaveCount(2);
  await filter(page, "garden");
  await expect(rows).toHaveCount(1);
  await expect(page.getByText("1 of 27 invites")).toBeVisible();
  await expect(rows.first()).toContainText(`${anna.username}-03`);
  await expect(page.getByRole("link", { name: "Garden + 1", exact: true })).toBeVisible();
  await page.goBack();
  await expect(rows).toHaveCount(2);
  // Without a script it is the browser that may remember what was typed.
  if (page.scripted) await expect(page.getByRole("searchbox")).toHaveValue("");
  await page.getByRole("link", { name: "Previous" }).click();
  await expect(rows).toHaveCount(25);
});

test("what was looked for is kept in another order, and gone after “Show all”", async ({ page }) => {
  const anna = await person("Anna");
  const kitchen = await room(anna, "Kitchen");
  for (const label of ["Apples", "Bread", "Apple pie"]) await invite(anna, [kitchen], { label });
  await signIn(page, anna);
  const rows = page.getByRole("main").getByRole("listitem");
  await expect(rows).toHaveCount(3);
  await filter(page, "apple");
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText("Apple pie");
  await order(page, "Last joined");
  await order(page, "By name");
  await expect(page).toHaveURL(/sort=name/);
  await expect(page.getByRole("searchbox")).toHaveValue("apple");
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText("Apple pie");
  await expect(rows.last()).toContainText("Apples");
  await filter(page, "100% <b>no such thing</b>");
  await expect(page.getByText("No invites match “100% <b>no such thing</b>”")).toBeVisible();
  await look(page, "invites-nothing-found");
  await page.getByRole("link", { name: "Show all" }).click();
  await expect(rows).toHaveCount(3);
  await expect(page.getByRole("searchbox")).toHaveValue("");
  await order(page, "Newest first");
  await expect(page).not.toHaveURL(/such/);
  await expect(rows).toHaveCount(3);
});

test("a row says how full an invite is, and passes it on", async ({ page, context }) => {
  const [anna, ben] = [await person("Anna"), await person("Ben")];
  const [general, seeds] = [await room(anna, "General"), await room(anna, "Seeds")];
  const garden = await space(anna, "Garden Collective", [general, seeds]);
  const code = await invite(anna, [garden, general, seeds], { create_dm: true, label: "New gardeners", max_uses: 4 });
  await invite(anna, [general, garden]);
  const full = await invite(anna, [seeds], { label: "Full house", max_uses: 1 });
  for (const taken of [code, full]) await redeem(ben, taken);
  await signIn(page, anna);
  const row = rowOf(page, "New gardeners");
  await expect(row).toContainText("1 of 4 joined");
  await expect(row).toContainText("no end");
  await expect(row).toContainText("Garden Collective + 2, chat with you");
  await expect(row.locator("progress")).toHaveAttribute("value", "1");
  await expect(rowOf(page, "Garden Collective + 1")).toContainText("0 joined");
  // Everything as it should be has no badge.
  await expect(row.locator(".badge")).toHaveCount(0);

  const link = `${process.env.SERVICE_URL}/i/${code}`;
  await row.locator("summary").click();
  await expect(row.getByText(link, { exact: true })).toBeVisible();
  const picture = row.getByAltText("QR code of the link");
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth))).toBeGreaterThan(20);
  await look(page, "invites-qr");
  if (page.scripted) {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.keyboard.press("Escape");
    await expect(picture).toBeHidden();
    await row.getByRole("button", { name: "Copy the link of New gardeners" }).click();
    await expect(row.getByText("Copied ✓")).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
    await expect(row.getByText("Copied ✓")).toBeHidden();
    await context.clearPermissions();
  } else {
    await expect(row.getByRole("button", { name: "Copy the link of New gardeners" })).toBeHidden();
  }

  await page.getByRole("link", { name: "Ended 1" }).click();
  await expect(rowOf(page, "Full house")).toContainText("Full");
  await expect(rowOf(page, "New gardeners")).toHaveCount(0);
  await filter(page, "gardeners");
  await page.getByRole("link", { name: "1 in “Active”" }).click();
  await expect(rowOf(page, "New gardeners")).toBeVisible();
});

test("several invites are paused, resumed and deleted together", async ({ page, request }) => {
  const anna = await person("Anna");
  const kitchen = await room(anna, "Kitchen");
  const labels = ["One", "Two", "Three"];
  const codes = [];
  for (const label of labels) codes.push(await invite(anna, [kitchen], { label }));
  await signIn(page, anna);
  const bar = page.getByRole("group", { name: "Selected invites" });
  const choose = async (...titles) => {
    for (const title of titles) await page.getByRole("checkbox", { name: `Select ${title}`, exact: true }).check();
  };
  await expect(page.getByRole("checkbox", { name: "Select One" })).toBeVisible();
  await expect(bar).toBeHidden();
  await choose("One", "Three");
  await expect(bar).toBeVisible();
  await look(page, "invites-chosen");
  // Enter in a box is no press of a button.
  await page.getByRole("checkbox", { name: "Select One" }).press("Enter");
  await bar.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("2 invites paused.")).toBeVisible();
  await expect(page.getByText("Paused", { exact: true })).toHaveCount(2);
  expect((await request.get(`/i/${codes[0]}`)).status()).toBe(404);
  await page.reload();
  await expect(page.getByText("Paused", { exact: true })).toHaveCount(2);
  await expect(page.getByText("2 invites paused.")).toBeHidden();

  await choose("One", "Two");
  await bar.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByText("2 invites resumed.")).toBeVisible();
  await expect(page.getByText("Paused", { exact: true })).toHaveCount(1);

  await page.open("/invites");
  await choose("Two", "Three");
  await bar.getByRole("button", { name: "Delete…" }).click();
  await expect(page.getByRole("heading", { name: "Delete 2 invites?" })).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "Two" })).toBeVisible();
  await expect(page.getByText("One", { exact: true })).toHaveCount(0);
  await look(page, "delete-several");
  // Somebody was faster with one of them.
  await deleteInvite(anna, codes[2]);
  await page.getByRole("button", { name: "Delete 2 invites" }).click();
  await expect(page.getByText("1 invite deleted, 1 could not be.")).toBeVisible();
  await expect(page).toHaveURL("/invites");
  await expect(page.getByRole("main").getByRole("listitem")).toHaveCount(1);
  await expect(rowOf(page, "One")).toBeVisible();
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
