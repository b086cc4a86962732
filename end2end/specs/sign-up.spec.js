import { expect, look, ready, test } from "../fixtures.js";
import { between, deleteInvite, invite, person, room, roomsOf, space } from "../world.js";

const password = "courgette tram lantern";
const unique = (name) => `${name}${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;

/** Everybody comes from an address of their own: the homeserver limits how many accounts come from one. */
test.beforeEach(async ({ page }) => {
  const part = () => Math.floor(Math.random() * 250);
  await page.setExtraHTTPHeaders({ "X-Forwarded-For": `10.${part()}.${part()}.${part()}` });
});

async function fill(page, { name, displayName = "", password }) {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Display name").fill(displayName);
  await page.getByLabel("Password").fill(password);
}

const create = (page) => page.getByRole("button", { name: "Create account and join" });

test("from the link into every room, with no account before", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const rooms = [await room(anna, "General"), await room(anna, "Seeds"), await room(anna, "Market")];
  rooms.push(await space(anna, "Garden", rooms));
  const code = await invite(anna, rooms, { create_dm: true });
  await page.open(`/i/${code}`);
  await expect(page.getByText("It takes half a minute. No email address, no phone number.")).toBeVisible();
  await expect(page.getByText("Nothing. You need a user name and a password, that’s all.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Sign in to join" })).toBeVisible();
  const name = unique("ben");
  await fill(page, { name, displayName: "Ben Bakker", password });
  if (page.scripted) {
    await expect(page.getByText(`Not taken. You’ll be @${name}:test`)).toBeVisible();
    await expect(page.getByText("Strong enough")).toBeVisible();
  }
  await look(page, "landing-new");
  await create(page).click();
  await expect(page.getByRole("heading", { name: "You’re in, Ben" })).toBeVisible();
  await expect(page.getByText("You joined Garden, 3 rooms and a chat with Anna.")).toBeVisible();
  await expect(page.locator("code", { hasText: `@${name}:test` })).toBeVisible();
  await expect(page).toHaveURL(`/i/${code}`);
  expect(await roomsOf(`@${name}:test`)).toEqual(expect.arrayContaining(rooms));
  await ready(page);
  await look(page, "joined-new");
});

test("what is wrong is said at its field, and nothing typed is lost", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const code = await invite(anna, [await room(anna, "General")]);
  await page.open(`/i/${code}`);
  await fill(page, { name: anna.username, displayName: "بن", password: "password1" });
  if (page.scripted) {
    await expect(page.getByText("“User name” is taken: please choose another one.")).toBeVisible();
    await expect(page.getByText(/“Password” is easy to guess/)).toBeVisible();
    await look(page, "landing-new-wrong");
  }
  await create(page).click();
  const wrong = page.locator("[aria-invalid=true]");
  await expect(wrong).toHaveCount(1);
  await expect(page.getByLabel("Password")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Password")).toBeFocused();
  await expect(page.getByLabel("Display name")).toHaveValue("بن");
  await page.getByLabel("Password").fill(password);
  await create(page).click();
  await expect(page.getByLabel("User name")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText("“User name” is taken: please choose another one.")).toBeVisible();
  const name = unique("ben");
  await fill(page, { name, displayName: "بن", password });
  await create(page).click();
  await expect(page.getByRole("heading", { name: "You’re in, بن" })).toBeVisible();
});

test("an invite that ended meanwhile opens no account, and says so", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const code = await invite(anna, [await room(anna, "General")]);
  await page.open(`/i/${code}`);
  await deleteInvite(anna, code);
  await fill(page, { name: unique("ben"), password });
  await create(page).click();
  await expect(page.getByText(/There is no such invite|This invite isn’t available/).first()).toBeVisible();
});
