import { expect, look, ready, signIn, test } from "../fixtures.js";
import { between, invite, person, room, sessions, signOutEverywhere } from "../world.js";

test("signing in by password leads to where one wanted to go, and signing out ends the session", async ({ page }) => {
  const anna = await person("Anna");
  const before = await sessions(anna);
  const answer = await page.open("/new");
  expect(answer.status()).toBe(200);
  await expect(page).toHaveURL("/sign-in?to=%2Fnew");
  await look(page, "sign-in");
  await page.getByLabel("User name").fill(anna.username);
  await page.getByLabel("Password").fill(anna.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("heading", { name: "New invite" })).toBeVisible();
  await expect(page).toHaveURL("/new");
  expect(await sessions(anna)).toBe(before + 1);

  await page.getByLabel("Account", { exact: true }).click();
  await expect(page.getByText(anna.id)).toBeVisible();
  await look(page, "account");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("link", { name: "Sign in", exact: true })).toBeVisible();
  expect(await sessions(anna)).toBe(before);
  await page.goto("/invites");
  await expect(page).toHaveURL("/sign-in?to=%2Finvites");
});

test("a session that cannot be ended now is said to last, and can be ended later", async ({ page }) => {
  const anna = await person("Anna");
  const before = await sessions(anna);
  await signIn(page, anna);
  await between("refuse", "logout");
  try {
    await page.getByLabel("Account", { exact: true }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("alert")).toContainText("you are still signed in. Please try again");
    await look(page, "still-signed-in");
  } finally {
    await between("pass");
  }
  expect(await sessions(anna)).toBe(before + 1);
  await page.open("/invites");
  await page.getByLabel("Account", { exact: true }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("link", { name: "Sign in", exact: true })).toBeVisible();
  expect(await sessions(anna)).toBe(before);
});

test("a wrong password is said, and what was typed stays", async ({ page }) => {
  const anna = await person("Anna");
  await page.open("/sign-in?to=/join");
  await page.getByLabel("User name").fill(anna.username);
  await page.getByLabel("Password").fill("a wrong one");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("Wrong user name or password");
  await expect(page.getByLabel("User name")).toHaveValue(anna.username);
  await ready(page);
  await look(page, "sign-in-refused");
  await page.getByLabel("Password").fill(anna.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Enter a code" })).toBeVisible();
  await expect(page).toHaveURL("/join");
});

test("signing in leads to the same address, also where a percent sign is in it", async ({ page }) => {
  const anna = await person("Anna");
  await invite(anna, [await room(anna, "Kitchen")]);
  await signIn(page, anna, "/i/a%20b");
  await expect(page.getByRole("heading", { name: "This invite isn’t available" })).toBeVisible();
  await expect(page).toHaveURL("/i/a%20b");
  await page.context().clearCookies();
  await signIn(page, anna, "/invites?q=100%2541");
  await expect(page.getByRole("searchbox")).toHaveValue("100%41");
  await expect(page.getByText("No invites match “100%41”")).toBeVisible();
  await page.open("/invites?q=100%2541");
  await expect(page.getByRole("searchbox")).toHaveValue("100%41");
});

for (const base of ["", "/_synapse/client/super_invites"]) {
  test(`signing in by somebody else comes back to the same place ${base && "below the homeserver’s address"}`, async ({ page }) => {
    const anna = await person("Anna", "Anna Ahlgren");
    const code = await invite(anna, [await room(anna, "Kitchen")]);
    await page.open(`${base}/i/${code}`);
    await page.getByRole("link", { name: "Sign in to join" }).click();
    await page.getByRole("link", { name: "Continue with Village" }).click();
    const name = `guest-${code.toLowerCase().slice(0, 8)}-${Math.random().toString(36).slice(2)}`;
    await page.getByLabel("Who are you?").fill(name);
    await page.getByRole("button", { name: "Go on" }).click();
    await expect(page).toHaveURL(`${base}/i/${code}`);
    await expect(page.getByRole("strong").filter({ hasText: `@${name}:test` })).toBeVisible();
    await expect(page.getByRole("button", { name: "Join 1 room" })).toBeVisible();
  });
}

test("a session that the homeserver has ended leads to signing in, and back to the same page", async ({ page }) => {
  const anna = await person("Anna");
  const code = await invite(anna, [await room(anna, "Kitchen")], { token: anna.username });
  await signIn(page, anna);
  const card = page.getByRole("main").getByRole("link", { name: "Kitchen", exact: true });
  await expect(card).toBeVisible();
  await signOutEverywhere(anna);
  await card.click();
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
  // Nothing on the page says otherwise.
  await expect(page.getByRole("link", { name: "Sign in", exact: true })).toBeVisible();
  await page.getByLabel("User name").fill(anna.username);
  await page.getByLabel("Password").fill(anna.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Kitchen" })).toBeVisible();
  await expect(page).toHaveURL(`/invites/${code}`);
});
