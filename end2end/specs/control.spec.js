import { expect, look, signIn, test } from "../fixtures.js";
import { invite, join, membership, person, redeem, room, token } from "../world.js";

// Not UTC, and not what it was in winter.
test.use({ timezoneId: "Europe/Berlin" });

/** A page in another browser, for somebody else. */
async function another({ scripted }, browser) {
  const context = await browser.newContext({ baseURL: process.env.SERVICE_URL, javaScriptEnabled: scripted });
  const page = await context.newPage();
  return Object.assign(page, { scripted, open: (path) => page.goto(path) });
}

test("an invite for two, until a day in May, paused in between", async ({ page, browser }) => {
  const [anna, ben, cleo] = [await person("Anna"), await person("Ben"), await person("Cleo")];
  await room(anna, "Workshop");
  await signIn(page, anna, "/new");
  await page.getByRole("checkbox", { name: "Workshop" }).check();
  await page.getByRole("radio", { name: "Other…" }).check();
  await page.getByLabel("How many people").fill("2");
  await page.getByText("More options").click();
  await page.getByLabel("Starts").fill("2030-05-04T10:00");
  await page.getByRole("radio", { name: "A date…" }).check();
  await page.getByLabel("Ends").fill("2030-05-03T14:05");
  await page.getByLabel("Welcome").fill("Boots on!\nWe start at ten.");
  await page.getByLabel("Custom code").fill(anna.username);
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("“Ends” must be later than the beginning.")).toBeVisible();
  await expect(page.getByLabel("Ends")).toHaveValue("2030-05-03T14:05");
  await page.getByLabel("Starts").fill("");
  await look(page, "new-limits");
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  await expect(page.getByText("2 of 2 places left")).toBeVisible();
  await expect(page.getByText(/Ends\s+3 May 2030, 14:05/)).toBeVisible();
  const code = anna.username;
  // Where a script knows the time zone, what is typed is in it; where there is none, the field says UTC.
  expect(new Date((await token(anna, code)).expires_at).toISOString()).toBe(`2030-05-03T${page.scripted ? 12 : 14}:05:00.000Z`);

  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByLabel("Ends")).toHaveValue("2030-05-03T14:05");
  await page.getByLabel("Private name").fill("Workshop in May");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Workshop in May" })).toBeVisible();
  await expect(page.getByText(/Ends\s+3 May 2030, 14:05/)).toBeVisible();

  const visitor = await another(page, browser);
  await visitor.goto(`/i/${code}`);
  await expect(visitor.getByText("Boots on!")).toBeVisible();
  await expect(visitor.getByText("until 3 May 2030")).toBeVisible();

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Paused", { exact: true })).toBeVisible();
  await look(page, "invite-paused");
  expect((await visitor.goto(`/i/${code}`)).status()).toBe(404);
  await expect(visitor.getByRole("heading", { name: "This invite isn’t available" })).toBeVisible();
  // Its owner still sees the page, and why others do not.
  await page.open(`/i/${code}`);
  await expect(page.getByText("to them the invite isn’t available")).toBeVisible();
  await look(page, "landing-own-paused");
  await page.getByRole("link", { name: "Manage invite" }).click();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();

  await redeem(ben, code);
  // The last place: whoever takes it sees that they are in, also when they come back.
  await visitor.goto(`/sign-in?to=${encodeURIComponent(`/i/${code}`)}`);
  await visitor.getByLabel("User name").fill(cleo.username);
  await visitor.getByLabel("Password").fill(cleo.password);
  await visitor.getByRole("button", { name: "Sign in", exact: true }).click();
  await visitor.getByRole("button", { name: "Join 1 room" }).click();
  await expect(visitor.getByRole("heading", { name: "You’re in, Cleo" })).toBeVisible();
  await visitor.goto(`/i/${code}`);
  await expect(visitor.getByRole("heading", { name: "You’re in, Cleo" })).toBeVisible();
  await visitor.context().close();
  await page.open(`/invites/${code}`);
  await expect(page.getByText("Full", { exact: true })).toBeVisible();
  await expect(page.getByText("0 of 2 places left")).toBeVisible();
  // Both on one day: nothing to draw yet.
  await expect(page.getByRole("img", { name: /^People who joined/ })).toHaveCount(0);
  await expect(page.getByRole("progressbar", { name: "2 of 2 places taken" })).toBeVisible();
  await look(page, "invite-used-up");
  await page.open("/invites?show=ended");
  await expect(page.getByText("Full", { exact: true })).toBeVisible();
});

test("the admin of a room keeps somebody’s invite out of it", async ({ page, browser }) => {
  const [anna, ben, cleo] = [await person("Anna"), await person("Ben"), await person("Cleo")];
  const kitchen = await room(anna, "Kitchen");
  await room(anna, "Cellar");
  await membership(anna, kitchen, "invite", ben);
  await join(ben, kitchen);
  await signIn(page, anna, "/my-rooms");
  await expect(page.getByText("The 2 rooms you manage have no invites.")).toBeVisible();
  await look(page, "my-rooms-none");
  const code = await invite(ben, [kitchen, await room(ben, "Hobby room")]);
  await redeem(cleo, code);
  // What somebody has made themselves is named, and leads to its page.
  const mine = await invite(anna, [kitchen], { label: "Cooks" });
  await page.open("/my-rooms");
  // The only room with invites is unfolded.
  await expect(page.getByText("2 invites", { exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "Cooks" })).toHaveAttribute("href", new RegExp(`invites/${mine}$`));
  const row = page.getByRole("row").filter({ hasText: "Ben" });
  await expect(row.locator("td.num")).toHaveText("1");
  expect(await page.content()).not.toContain(code);
  expect(await page.content()).not.toContain("Hobby room");
  await row.getByText("Block…").click();
  await page.getByLabel(/^Why invite \d+ of Ben is blocked$/).fill("Too many cooks.");
  await look(page, "my-rooms");
  await page.getByRole("button", { name: /^Block invite/ }).click();
  await expect(page.getByText("Blocked", { exact: true })).toBeVisible();
  await expect(page.getByText("2 invites, 1 blocked")).toBeVisible();
  await expect(row).toContainText("by Anna");
  await expect(row).toContainText("Too many cooks.");
  await look(page, "my-rooms-kept-out");
  await page.getByRole("searchbox", { name: "Room" }).fill("cellar");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.getByText("The room you’re looking for has no invites.")).toBeVisible();
  await page.goBack();

  const bens = await another(page, browser);
  await bens.goto(`/sign-in?to=${encodeURIComponent(`/invites/${code}`)}`);
  await bens.getByLabel("User name").fill(ben.username);
  await bens.getByLabel("Password").fill(ben.password);
  await bens.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(bens.getByText("People can’t join Kitchen. Anna blocked this invite there")).toContainText("Too many cooks.");
  await expect(bens.getByText("Everyone still joins the rest.")).toBeVisible();
  await bens.getByRole("link", { name: "Remove Kitchen from this invite" }).click();
  await expect(bens.getByRole("checkbox", { name: "Kitchen" })).not.toBeChecked();
  await expect(bens.getByRole("checkbox", { name: "Hobby room" })).toBeChecked();
  await bens.context().close();

  await page.getByRole("button", { name: /^Unblock/ }).click();
  await expect(page.getByText("Blocked", { exact: true })).toBeHidden();
  expect((await redeem(await person("Dora"), code)).failed).toEqual([]);
});

test("who manages no rooms is told what the page is for", async ({ page }) => {
  await signIn(page, await person("Nora"), "/my-rooms");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Rooms you manage");
  await expect(page.getByText("Once you’re an admin of a room")).toBeVisible();
  await look(page, "my-rooms-nobody");
  for (const path of ["/server", "/server/days", "/server/log"]) {
    await page.open(path);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("For server admins");
    await expect(page.getByRole("main").getByRole("link", { name: "Rooms you manage" })).toBeVisible();
  }
  await look(page, "server-nobody");
});

test("a server admin finds, pauses and revokes any invite", async ({ page, browser }) => {
  const [ada, anna] = [await person("Ada", "Ada Admin", true), await person("Anna")];
  const code = await invite(anna, [await room(anna, "Kitchen")]);
  const annas = await another(page, browser);
  await signIn(annas, anna);
  await annas.goto("/server");
  await expect(annas.getByText("Only server admins may do this.")).toBeVisible();
  await expect(annas.getByRole("heading", { level: 1 })).toHaveCount(1);

  await signIn(page, ada);
  await page.getByLabel("Account").click();
  await page.getByRole("link", { name: "All invites" }).click();
  await expect(page.getByRole("heading", { name: "All invites of this server" })).toBeVisible();
  await page.getByPlaceholder("User name, number, or a whole code, link or room id").fill(`${process.env.SERVICE_URL}/i/${code}`);
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.getByText("Pause…", { exact: true })).toHaveCount(1);
  await expect(page.getByText(anna.id)).toBeVisible();
  await page.getByText("Pause…", { exact: true }).click();
  await page.getByLabel(/^Why invite \d+ of Anna is paused$/).fill("Please ask me first.");
  await page.getByRole("button", { name: /^Pause invite/ }).click();
  await expect(page.getByRole("listitem").getByText("Paused by a server admin")).toBeVisible();
  await look(page, "server");
  await annas.goto(`/invites/${code}`);
  await expect(annas.getByText("Only they can resume it.")).toContainText("“Please ask me first.”");
  await expect(annas.getByRole("button", { name: "Resume" })).toBeHidden();
  await page.getByRole("button", { name: /^Resume invite/ }).click();
  await expect(page.getByText("Pause…", { exact: true })).toBeVisible();
  await redeem(await person("Ben"), code);

  // What is asked for stands in the address, and in the file.
  await page.open(`/server?owner=${encodeURIComponent(anna.id)}&state=open`);
  await expect(page.getByText(anna.id)).toBeVisible();
  await expect(page.getByLabel("State")).toHaveValue("open");
  await look(page, "server-filtered");
  const file = await page.request.get(await page.getByRole("link", { name: "Download as CSV" }).evaluate((link) => link.href));
  expect(file.headers()["content-type"]).toBe("text/csv; charset=utf-8");
  expect(await file.text()).toContain(anna.id);
  expect(await file.text()).not.toContain(ada.id);
  await page.getByLabel("State").selectOption("Paused");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.getByText("No invites found.")).toBeVisible();
  await expect(page).toHaveURL(/state=paused/);
  await page.getByRole("link", { name: "Overview" }).last().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  await expect(page.getByRole("row").filter({ hasText: "People joined" }).first()).toBeVisible();
  await look(page, "server-days");

  await page.open(`/server?q=${code}`);
  await page.getByText("Revoke…", { exact: true }).click();
  await page.getByRole("button", { name: /^Revoke invite/ }).click();
  await expect(page.getByText("No invites found.")).toBeVisible();
  expect((await annas.goto(`/invites/${code}`)).status()).toBe(404);
  await annas.context().close();

  await page.open(`/server/log?q=${encodeURIComponent(anna.username)}`);
  for (const did of [/created invite \d+/, /paused invite \d+/, /resumed invite \d+/, /deleted invite \d+/, /joined with invite \d+/]) {
    await expect(page.getByRole("listitem").filter({ hasText: did }).first()).toBeVisible();
  }
  expect(await page.getByRole("main").innerText()).not.toContain(code);
  await look(page, "server-log");
  await page.getByText("Filters", { exact: true }).click();
  await page.getByLabel("Action").selectOption("Created");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page).toHaveURL(/action=created/);
  await expect(page.getByRole("listitem").filter({ hasText: /created invite \d+/ }).first()).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: /paused invite \d+/ })).toHaveCount(0);
});

test("a server admin stops all invites, and lets them go on", async ({ page, browser }) => {
  const [ada, anna] = [await person("Ada", "Ada Admin", true), await person("Anna")];
  const code = await invite(anna, [await room(anna, "Kitchen")]);
  const annas = await another(page, browser);
  await signIn(annas, anna);
  await signIn(page, ada);
  await page.open("/server");
  await page.getByText("Pause all…").click();
  await expect(page.getByText(/^This stops .* Whoever joined stays\./)).toBeVisible();
  await page.getByLabel("Why all invites are paused").fill("We move house.");
  await look(page, "server-pause-all");
  await page.getByRole("button", { name: "Pause all invites of this server" }).click();
  try {
    await expect(page.getByText("All invites of this server are paused by a server admin.")).toBeVisible();
    await look(page, "server-all-paused");
    await annas.goto("/invites");
    await expect(annas.getByText("All invites of this server are paused by a server admin.")).toContainText("“We move house.”");
    await expect(annas.getByText("All invites are paused", { exact: true })).toBeVisible();
    await annas.goto(`/i/${code}`);
    await expect(annas.getByText("We move house.")).toBeHidden();
    await expect(redeem(await person("Ben"), code)).rejects.toThrow("404");
  } finally {
    await page.getByRole("button", { name: "Resume all" }).click();
  }
  await expect(page.getByText("Pause all…")).toBeVisible();
  await redeem(await person("Ben"), code);
  await annas.context().close();
});

test("who guesses codes has to wait", async ({ page }) => {
  const eve = await person("Eve");
  await signIn(page, eve, "/join");
  const [field, button] = [page.getByLabel("Code"), page.getByRole("button", { name: "View invite" })];
  for (let guess = 0; guess < 6; guess += 1) {
    await field.fill(`guess-${guess}`);
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    await button.click();
    await answered;
    // The form takes nothing before it has its answer; without a script the answer is a new page, which holds what was typed.
    if (page.scripted) await expect(button).not.toHaveAttribute("aria-disabled");
    else await expect(field).toHaveAttribute("value", `guess-${guess}`);
  }
  await expect(page.getByRole("alert")).toContainText("Too many attempts. Please try again in");
  await look(page, "too-often");
});
